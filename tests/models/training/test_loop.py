"""The loop: it learns, goes on where it was broken off as if nothing had been, and refuses other files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from toy_maker import SIDE, ToyMaker

from models.errors import ModelError
from models.nano import Nano, NanoNet, fold
from models.training.loop import Plan, train
from models.training.sample import Sample

CPU = torch.device("cpu")
PLAN = Plan(steps=30, batch=8, warm=3, averaging=0.8, workers=0, save_every=5)
SHORT = replace(PLAN, steps=8, save_every=3)

pytestmark = [
    pytest.mark.timeout(240),
    # Python 3.12 warns of every fork beside threads; the workers start no thread and touch none.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)


class Broken(Exception):
    """Somebody has stopped the training."""


def run(
    checkpoint: Path, plan: Plan = SHORT, seed: int = 0, stop_after: int | None = None
) -> tuple[NanoNet, list[str]]:
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if stop_after is not None and text.startswith(f"step {stop_after}:"):
            raise Broken

    return train(ToyMaker(), plan, seed, checkpoint, say, CPU), said


def same_weights(first: NanoNet, second: NanoNet) -> bool:
    ours, theirs = first.state_dict(), second.state_dict()
    return ours.keys() == theirs.keys() and all(
        torch.equal(value, theirs[name]) for name, value in ours.items()
    )


def test_it_learns(tmp_path: Path) -> None:
    network, said = run(tmp_path / "toy.pt", PLAN)
    lines = [re.fullmatch(r"step (\d+): heat (.*), box (.*), (\d+) ms a step", s) for s in said[1:]]
    assert [int(line[1]) for line in lines if line] == [5, 10, 15, 20, 25, 30]
    first, last = (float(lines[i][2]) for i in (0, -1))  # type: ignore[index]
    assert last < first / 2
    first, last = (float(lines[i][3]) for i in (0, -1))  # type: ignore[index]
    assert last < first

    detector = Nano("toy", ToyMaker.class_names, fold(network))
    hits = 0
    for i in range(20):
        sample = ToyMaker().make(np.random.default_rng((99, i)))
        with torch.no_grad():
            frames = torch.from_numpy(sample.pixels).permute(2, 0, 1)[None] / 255
            logits = detector.forward(frames.contiguous()).logits[0]
        hits += int(logits.max(0).values.argmax()) == int(sample.labels[0])
    assert hits >= 18, "bright or dark"


@pytest.mark.parametrize("workers", [0, 1])
def test_a_run_that_was_broken_off_ends_as_an_unbroken_one(tmp_path: Path, workers: int) -> None:
    plan = replace(SHORT, workers=workers)
    whole, said = run(tmp_path / "whole.pt", plan)
    assert said[0].startswith("step 0 of 8, ")
    with pytest.raises(Broken):
        run(tmp_path / "broken.pt", plan, stop_after=3)
    resumed, said = run(tmp_path / "broken.pt", plan)
    assert said[0].startswith("step 3 of 8, ")
    assert same_weights(resumed, whole)
    contents = [
        torch.load(tmp_path / name, weights_only=True) for name in ("whole.pt", "broken.pt")
    ]
    for name, value in contents[0]["network"].items():
        assert torch.equal(contents[1]["network"][name], value)


def test_pictures_made_beside_it_are_those_made_by_itself(tmp_path: Path) -> None:
    alone, _ = run(tmp_path / "alone.pt")
    helped, _ = run(tmp_path / "helped.pt", replace(SHORT, workers=2))
    assert same_weights(alone, helped)


def test_between_two_checkpoints_it_goes_back_to_the_first(tmp_path: Path) -> None:
    class Interrupted(ToyMaker):
        """Stopped while the pictures of step 5 are made."""

        made = 0

        def make(self, rng: np.random.Generator) -> Sample:
            self.made += 1
            if self.made > 4 * SHORT.batch + 2:
                raise KeyboardInterrupt
            return super().make(rng)

    whole, _ = run(tmp_path / "whole.pt")
    with pytest.raises(KeyboardInterrupt):
        train(Interrupted(), SHORT, 0, tmp_path / "broken.pt", lambda _: None, CPU)
    resumed, said = run(tmp_path / "broken.pt")
    assert said[0].startswith("step 3 of 8, ")
    assert same_weights(resumed, whole)


def test_a_finished_run_is_only_read(tmp_path: Path) -> None:
    first, _ = run(tmp_path / "toy.pt")
    before = (tmp_path / "toy.pt").read_bytes()
    again, said = run(tmp_path / "toy.pt")
    assert said == [said[0]]
    assert same_weights(again, first)
    assert (tmp_path / "toy.pt").read_bytes() == before


def test_another_seed_makes_another_network(tmp_path: Path) -> None:
    plan = replace(SHORT, steps=2)
    assert not same_weights(run(tmp_path / "a.pt", plan, 0)[0], run(tmp_path / "b.pt", plan, 1)[0])


def test_the_last_figures_are_of_the_steps_since_the_ones_before(tmp_path: Path) -> None:
    # 8 steps, told every 3: the last line stands on two.
    _, said = run(tmp_path / "toy.pt")
    assert [text.partition(":")[0] for text in said[1:]] == ["step 3", "step 6", "step 8"]
    heats = [float(text.split("heat ")[1].split(",")[0]) for text in said[1:]]
    assert heats[2] > 0.4 * heats[1]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "toy.pt"
    run(path, replace(SHORT, steps=1))
    return path


def refusal(checkpoint: Path, plan: Plan = SHORT, seed: int = 0) -> str:
    before = checkpoint.read_bytes()
    with pytest.raises(ModelError) as caught:
        run(checkpoint, plan, seed)
    assert checkpoint.read_bytes() == before
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{checkpoint}: ")
    assert "--work folder" in text
    return text


def test_a_checkpoint_of_another_seed_is_refused(checkpoint: Path) -> None:
    assert "(seed 0, 2 classes, batches of 8; this one: seed 7," in refusal(checkpoint, seed=7)


def test_a_checkpoint_of_other_batches_is_refused(checkpoint: Path) -> None:
    assert "batches of 4" in refusal(checkpoint, replace(SHORT, batch=4))


def test_a_checkpoint_of_other_classes_is_refused(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ToyMaker, "class_names", ("one", "two", "three"))
    assert "this one: seed 0, 3 classes" in refusal(checkpoint)


def test_a_checkpoint_of_more_steps_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "toy.pt")
    assert "already at step 8, and 5 are asked for" in refusal(
        tmp_path / "toy.pt", replace(SHORT, steps=5)
    )


@pytest.mark.parametrize("content", [b"", b"no checkpoint", None])
def test_a_damaged_checkpoint_is_refused(checkpoint: Path, content: bytes | None) -> None:
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[: len(whole) // 2] if content is None else content)
    assert "not a checkpoint" in refusal(checkpoint)


def test_something_else_that_torch_can_read_is_refused(checkpoint: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, checkpoint)
    assert "not a checkpoint" in refusal(checkpoint)
    torch.save([1, 2, 3], checkpoint)
    assert "not a checkpoint" in refusal(checkpoint)


def test_a_checkpoint_of_another_network_is_refused(checkpoint: Path) -> None:
    content = torch.load(checkpoint, weights_only=True)
    del content["network"]["mix.convolution.weight"]
    torch.save(content, checkpoint)
    assert "another network" in refusal(checkpoint)


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(content: object, path: Path) -> None:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    before = checkpoint.read_bytes()
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        run(checkpoint)
    assert checkpoint.read_bytes() == before


def test_the_step_size_rises_stays_and_falls() -> None:
    plan = Plan(steps=1000, warm=100, cooling=0.4, rate=1.0)
    rates = np.array([plan.rate_at(step) for step in range(1000)])
    assert rates[0] == pytest.approx(0.01)
    assert (np.diff(rates[:100]) > 0).all()
    assert (rates[100:601] == 1).all()
    assert (np.diff(rates[601:]) < 0).all()
    assert 0.01 <= rates[-1] < 0.011


def test_pictures_are_functions_of_seed_and_number() -> None:
    from models.training.loop import _Pictures

    pictures = _Pictures(ToyMaker(), seed=3, first=0, count=10)
    later = _Pictures(ToyMaker(), seed=3, first=4, count=6)
    other = _Pictures(ToyMaker(), seed=4, first=0, count=10)
    for part, same in zip(pictures[6], later[2], strict=True):
        assert torch.equal(part, same)
    assert not torch.equal(pictures[6][0], other[6][0])
    assert not torch.equal(pictures[6][0], pictures[7][0])
    assert pictures[0][0].shape == (SIDE, SIDE, 3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, and there is none")
def test_it_runs_on_a_gpu_and_its_checkpoint_is_read_without_one(tmp_path: Path) -> None:
    said: list[str] = []
    gpu = torch.device("cuda")
    network = train(ToyMaker(), PLAN, 0, tmp_path / "toy.pt", said.append, gpu)
    assert next(network.parameters()).is_cuda
    first, last = (float(said[i].split("heat ")[1].split(",")[0]) for i in (1, -1))
    assert last < first / 2
    read, _ = run(tmp_path / "toy.pt", PLAN)
    assert same_weights(read, network.cpu())
