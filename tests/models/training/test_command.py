"""`python -m models.training`: a toy is trained and written; what the user can mend is one line."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from toy_maker import ToyMaker

from models.training import __main__ as command
from models.training.maker import Maker, Material
from models.weights import classes_in, load_nano

ROOT = Path(__file__).parents[3]

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    threads = torch.get_num_threads()
    monkeypatch.setitem(command.MAKERS, "toy", ToyMaker)
    monkeypatch.chdir(tmp_path)
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    try:
        code = command.main(list(words))
    except SystemExit as leaving:
        code = leaving.code  # type: ignore[assignment]
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def test_a_model_is_trained_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["toy", "--steps", "2", "--workers", "0"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("step 0 of 2, ")
    path = Path("training") / "toy.safetensors"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert out[-1] == f"{path}: sha256 {digest}"
    assert classes_in(path.read_bytes()) == ToyMaker.class_names
    assert load_nano("toy", ToyMaker.class_names, digest, path).name == "toy"
    assert (tmp_path / "training" / "toy.pt").is_file()


def test_it_goes_on_and_writes_where_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["toy", "--workers", "0", "--work", "w", "--out", "made/new.safetensors", "--seed", "3"]
    assert command.main([*words, "--steps", "1"]) == 0
    assert command.main([*words, "--steps", "2"]) == 0
    assert "step 1 of 2, " in capsys.readouterr().out
    assert Path("made/new.safetensors").is_file()
    assert not Path("w/toy.safetensors").exists()


def test_ctrl_c_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "train", stopped)
    assert command.main(["toy"]) == 130
    out, err = capsys.readouterr()
    assert (out, err) == ("", "stopped; the same command goes on from the last checkpoint\n")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["cars"], "invalid choice: 'cars'"),
        ([], "model"),
        (["toy", "--steps", "0"], "--steps: '0' is no whole number from 1 on"),
        (["toy", "--steps", "many"], "--steps: 'many'"),
        (["toy", "--workers", "-1"], "--workers"),
        (["toy", "--seed", "1.5"], "--seed: '1.5'"),
        (["toy", "--colour", "red"], "--colour"),
    ],
)
def test_wrong_words_are_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], part: str
) -> None:
    err = refusal(capsys, *words)
    assert part in err
    assert "--help" in err


def test_signs_without_sprites_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "give --sprites" in refusal(capsys, "signs")


def test_a_wrong_folder_of_sprites_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("resvg_py", reason="needs resvg-py, of the extra `train`")
    assert "no sprites in" in refusal(capsys, "signs", "--sprites", str(tmp_path))


def test_a_wrong_folder_of_data_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.training.balls._BALLS", 1)
    monkeypatch.setattr("models.training.balls._OTHERS", 1)
    err = refusal(capsys, "ball", "--data", "nowhere")
    assert err.startswith("nowhere/background/")
    assert "no picture there; see models/training/README.md" in err


def test_a_file_that_is_missing_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unfinished(material: Material) -> Maker:
        (material.data / "labels.txt").read_text()
        raise AssertionError

    monkeypatch.setitem(command.MAKERS, "toy", unfinished)
    err = refusal(capsys, "toy", "--data", "nowhere")
    assert "No such file or directory: 'nowhere/labels.txt'; check the folders" in err


def test_a_work_folder_that_cannot_be_made_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file")
    code = command.main(["toy", "--steps", "1", "--workers", "0", "--work", "taken/w"])
    err = capsys.readouterr().err
    assert code == 2
    assert err.startswith("the system refused: ")
    assert err.count("\n") == 1


def test_a_checkpoint_of_another_seed_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["toy", "--steps", "1", "--workers", "0"]) == 0
    capsys.readouterr()
    assert "another training" in refusal(capsys, "toy", "--seed", "1", "--workers", "0")


_TOY = (
    "import functools, sys; from models.training import __main__ as command; "
    "from toy_maker import ToyMaker; command.MAKERS['toy'] = ToyMaker; "
    "command.Plan = functools.partial(command.Plan, batch=4, save_every=5); sys.exit(command.main())"
)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_real_ctrl_c_ends_it_with_its_workers(tmp_path: Path) -> None:
    words = [sys.executable, "-c", _TOY, "toy", "--steps", "100000", "--workers", "1"]
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    process = subprocess.Popen(
        words,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # the terminal's Ctrl-C reaches the workers as well
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("step 0 of 100000")
        assert process.stdout.readline().startswith("step 5:")
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert process.returncode == 130
    assert err == "stopped; the same command goes on from the last checkpoint\n"
    assert (tmp_path / "training" / "toy.pt").is_file()
