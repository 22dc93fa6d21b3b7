"""Evaluation with the real face detector on a real photograph: files in, run folders out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest
import torch

from models.centerface import CenterFace
from models.detector import Candidates
from models.errors import ModelOutputError, UnknownModel
from monitor.config import Settings
from monitor.errors import ConfigError, RunError
from monitor.evaluate import EvaluateProgress, evaluate
from monitor.runs import Run
from streams.errors import SourceNotFound, SourceTruncated, SourceUnreadable

Pixels = npt.NDArray[np.uint8]
SIZE = (160, 128)


def write_clip(path: Path, pictures: list[Pixels]) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, SIZE)
    assert writer.isOpened()
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, photograph: Pixels) -> Path:
    """Twelve frames of a camera that pans over a face."""
    views = [photograph[10:210, 20 + 3 * i : 270 + 3 * i] for i in range(12)]
    pictures = [
        cv2.resize(view, SIZE, interpolation=cv2.INTER_AREA).astype(np.uint8) for view in views
    ]
    return write_clip(tmp_path_factory.mktemp("clip") / "pan.avi", pictures)


@pytest.fixture(autouse=True)
def _one_detector(monkeypatch: pytest.MonkeyPatch, faces: CenterFace) -> None:
    """Spare loading the weights for every run; the name must be the right one all the same."""

    def load(name: str, options: object) -> CenterFace:
        if name != "faces":
            raise UnknownModel(f"model {name!r}")
        return faces

    monkeypatch.setattr("monitor.assembly.load_model", load)


def settings_in(folder: Path, **words: object) -> Settings:
    small = {"runs": str(folder / "runs"), "width": 160, "part_frames": 4, "attack": "fgsm"}
    return Settings().changed({**small, **words})


def only_partial(folder: Path) -> Path:
    (partial,) = (folder / "runs").iterdir()
    assert partial.name.endswith(".partial")
    assert not [path for path in partial.rglob("*") if "tmp" in path.name]
    return partial


def whole_frames(partial: Path) -> int:
    return sum(pq.read_table(part).num_rows for part in (partial / "frames").glob("part-*"))


def test_fgsm_makes_faces_vanish_where_noise_does_not(tmp_path: Path, clip: Path) -> None:
    fgsm = Run.open(evaluate(str(clip), settings_in(tmp_path))).summary
    noise = Run.open(evaluate(str(clip), settings_in(tmp_path, attack="noise"))).summary
    none = Run.open(evaluate(str(clip), settings_in(tmp_path, attack="none"))).summary
    assert fgsm["counts"]["clean_objects"] >= 12  # type: ignore[index]
    assert fgsm["counts"]["clean_objects"] == noise["counts"]["clean_objects"]  # type: ignore[index]
    assert fgsm["miss_rate"] >= 0.5  # type: ignore[operator]
    assert noise["miss_rate"] <= 0.1  # type: ignore[operator]
    assert fgsm["score_drop"] > noise["score_drop"] > none["score_drop"] == 0  # type: ignore[operator]
    assert fgsm["linf_max"] == noise["linf_max"] == 4 / 255
    assert none["linf_max"] == none["miss_rate"] == none["fabrications_per_frame"] == 0
    assert none["attack_success_rate"] is None


def test_the_folder_is_finished_and_holds_a_report(tmp_path: Path, clip: Path) -> None:
    command = ["camdrift", "evaluate", str(clip), "--attack", "fgsm"]
    folder = evaluate(str(clip), settings_in(tmp_path), command=command)
    assert list((tmp_path / "runs").iterdir()) == [folder]
    run = Run.open(folder)
    assert run.manifest["command"] == command
    assert run.manifest["frames"] == 12
    assert run.frames()["index"].to_pylist() == list(range(12))
    assert all(row > 0 for row in run.timings()["attack_ms"].to_pylist())
    assert (folder / "report.html").stat().st_size > 10_000


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path, clip: Path) -> None:
    words = {"attack": "pgd", "steps": 2, "frames": 6, "early_stop": False}
    one, two, other = (
        evaluate(str(clip), settings_in(tmp_path, seed=seed, **words)) for seed in (1, 1, 2)
    )
    parts = [*one.glob("frames/*"), *one.glob("objects/*"), *one.glob("tracks/*")]
    tables = [path.relative_to(one) for path in parts]
    assert len(tables) == 5
    for name in [*tables, Path("summary.json")]:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    assert any((one / name).read_bytes() != (other / name).read_bytes() for name in tables)


def test_progress_counts_every_frame(tmp_path: Path, clip: Path) -> None:
    told: list[EvaluateProgress] = []
    evaluate(str(clip), settings_in(tmp_path, frames=5), progress=told.append)
    assert [(p.frames, p.total) for p in told] == [(i, 5) for i in range(1, 6)]
    assert told[0].fps == 0
    assert all(p.fps > 0 for p in told[1:])
    assert told[-1].elapsed_s >= told[0].elapsed_s > 0


def test_a_scene_runs_for_as_many_frames_as_asked_for(tmp_path: Path) -> None:
    run = Run.open(evaluate("scene:portrait", settings_in(tmp_path, frames=3)))
    assert run.frames().num_rows == 3
    assert run.manifest["input"] is None
    assert run.name.endswith("-scene-portrait")


def test_a_scene_with_a_length_needs_no_bound(tmp_path: Path) -> None:
    told: list[EvaluateProgress] = []
    spec = "scene:portrait?frames=2&width=160&height=120"
    run = Run.open(evaluate(spec, settings_in(tmp_path), progress=told.append))
    assert run.frames().num_rows == 2
    assert [p.total for p in told] == [2, 2]


def test_a_photo_is_hashed_and_its_frames_are_bounded(tmp_path: Path) -> None:
    photo = tmp_path / "grey.png"
    cv2.imwrite(str(photo), np.full((120, 160, 3), 90, np.uint8))
    run = Run.open(evaluate(f"photo:{photo}?width=160", settings_in(tmp_path, frames=2)))
    assert run.frames().num_rows == 2
    assert run.manifest["input"]["sha256"] == hashlib.sha256(photo.read_bytes()).hexdigest()
    with pytest.raises(ConfigError, match="a photo has no end; say how many frames"):
        evaluate(f"photo:{photo}", settings_in(tmp_path))


# What is refused, before a folder is made.


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("path", "words", "kind", "message"),
    [
        ("0", {}, ConfigError, "a camera cannot be evaluated"),
        ("auto", {}, ConfigError, "a camera cannot be evaluated"),
        ("/dev/video0", {}, ConfigError, "a camera cannot be evaluated"),
        ("scene:portrait", {}, ConfigError, "a scene has no end; say how many frames"),
        ("scene:moon", {"frames": 3}, SourceNotFound, "there is no such scene"),
        ("gone.avi", {}, SourceNotFound, "there is no such file"),
        ("gone.avi", {"attack": "fgms"}, ConfigError, "nearest is fgsm"),
        ("scene:portrait", {"frames": 3, "model": "cats"}, UnknownModel, "cats"),
    ],
)
def test_what_cannot_be_evaluated(
    tmp_path: Path, path: str, words: dict[str, object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=rf"^[^\n]*{message}[^\n]*$"):
        evaluate(path, settings_in(tmp_path, **words))
    assert not (tmp_path / "runs").exists()


@pytest.mark.timeout(30)
def test_a_file_that_is_no_video(tmp_path: Path) -> None:
    text = tmp_path / "notes.avi"
    text.write_text("not a video" * 100)
    with pytest.raises(SourceUnreadable):
        evaluate(str(text), settings_in(tmp_path))
    assert not (tmp_path / "runs").exists()


@pytest.mark.timeout(30)
def test_a_source_without_a_single_frame(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.source.VideoSource.read", lambda *_: None)
    with pytest.raises(
        SourceUnreadable, match=r"pan.avi: holds no frame; check that the file plays"
    ):
        evaluate(str(clip), settings_in(tmp_path))
    assert not (tmp_path / "runs").exists()


# What breaks on the way: whole parts stay, under the partial name.


@pytest.mark.timeout(30)
def test_a_recording_that_breaks_off(tmp_path: Path, clip: Path) -> None:
    cut = tmp_path / "cut.avi"
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size * 6 // 10])
    with pytest.raises(SourceTruncated) as caught:
        evaluate(str(cut), settings_in(tmp_path))
    partial = only_partial(tmp_path)
    assert caught.value.__notes__ == [f"unfinished run: {partial}"]
    assert 1 <= whole_frames(partial) < 12
    manifest = json.loads((partial / "manifest.json").read_text())
    assert manifest["status"] == "failed"
    assert manifest["error"].startswith("SourceTruncated: ")
    with pytest.raises(RunError, match="was not finished"):
        Run.open(partial)


class BrokenAt:
    """The real detector, whose answer is NaN from its n-th forward on."""

    name = "faces"
    class_names = ("face",)

    def __init__(self, faces: CenterFace, forwards: int) -> None:
        self._faces = faces
        self._left = forwards
        self.decode = faces.decode
        self.detect = faces.detect

    def forward(self, frames: torch.Tensor) -> Candidates:
        found = self._faces.forward(frames)
        self._left -= 1
        if self._left < 0:
            found.logits = found.logits * torch.nan
        return found


@pytest.mark.timeout(30)
def test_a_detector_that_answers_nan(
    tmp_path: Path, clip: Path, faces: CenterFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.assembly.load_model", lambda *_: BrokenAt(faces, 11))
    with pytest.raises(ModelOutputError, match="NaN or infinity"):
        evaluate(str(clip), settings_in(tmp_path))
    assert whole_frames(only_partial(tmp_path)) == 5  # FGSM costs two forwards a frame


def stop_at(frames: int, error: BaseException) -> Callable[[EvaluateProgress], None]:
    def progress(now: EvaluateProgress) -> None:
        if now.frames == frames:
            raise error

    return progress


@pytest.mark.timeout(30)
def test_ctrl_c_leaves_a_partial_folder(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        evaluate(str(clip), settings_in(tmp_path), progress=stop_at(6, KeyboardInterrupt()))
    partial = only_partial(tmp_path)
    assert whole_frames(partial) == 6
    assert json.loads((partial / "manifest.json").read_text())["status"] == "interrupted"


@pytest.mark.timeout(30)
def test_a_report_that_cannot_be_made_leaves_no_finished_name(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> Path:
        raise RunError("report.html: cannot be written: the disk is full")

    monkeypatch.setattr("monitor.evaluate.write_report", full)
    with pytest.raises(RunError, match="disk is full"):
        evaluate(str(clip), settings_in(tmp_path, frames=2))
    assert (only_partial(tmp_path) / "summary.json").is_file()
