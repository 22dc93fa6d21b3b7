"""What stands in a run folder: manifest, worst frames; and how a damaged one is told."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import cv2
import pytest
from run_stories import (
    NAMES,
    NOON,
    NOTHING,
    answer,
    files,
    fill,
    seen,
    settings_in,
    story,
    writer_in,
    written,
)

from monitor.errors import RunError
from monitor.runs import Run, RunWriter
from monitor.runs.manifest import git_state, without_secrets

# The manifest.


def test_the_manifest_hashes_settings_and_input(tmp_path: Path) -> None:
    clip = tmp_path / "clip.avi"
    clip.write_bytes(b"frames" * 1000)

    def manifest(**words: object) -> dict[str, object]:
        settings = settings_in(tmp_path, **words)
        writer = RunWriter(
            settings, "clip.avi", class_names=NAMES, input_file=clip, now=lambda: NOON
        )
        tree: dict[str, object] = json.loads((writer.folder / "manifest.json").read_text())
        return tree

    first = manifest()
    assert first["status"] == "running"
    assert first["input"] == {
        "name": "clip.avi",
        "bytes": 6000,
        "sha256": hashlib.sha256(clip.read_bytes()).hexdigest(),
    }
    canonical = json.dumps(
        first["config"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert first["config_sha256"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert manifest()["config_sha256"] == first["config_sha256"]
    assert manifest(password="geheim")["config_sha256"] == first["config_sha256"]
    assert manifest(eps="5/255")["config_sha256"] != first["config_sha256"]
    assert set(first["versions"]) >= {"camdrift", "python", "torch", "numpy", "opencv", "numba"}  # type: ignore[call-overload]
    assert first["weights"]["sha256"].startswith("09189dea")  # type: ignore[index]


@pytest.mark.timeout(30)
def test_an_input_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"^[^\n]*cannot be read for its sha256[^\n]*$"):
        RunWriter(
            settings_in(tmp_path), "gone.avi", class_names=NAMES, input_file=tmp_path / "gone.avi"
        )
    assert list((tmp_path / "runs").iterdir()) == []


def test_no_secret_reaches_the_folder(tmp_path: Path) -> None:
    url = "rtsp://anna:geheim@cam.local/1?token=geheim"
    hook = "https://hook.local/T0/geheim"
    settings = settings_in(tmp_path, password="geheim", source=url, webhook=hook)
    command = ["camdrift", "live", "--source", url, "--password", "geheim", f"--source={url}"]
    command += ["--webhook", hook]
    writer = RunWriter(settings, url, class_names=NAMES, command=command, now=lambda: NOON)
    folder = fill(writer, story(5))
    for name in files(folder):
        assert b"geheim" not in (folder / name).read_bytes(), name
    assert "geheim" not in folder.name
    assert "cam.local" in (folder / "manifest.json").read_text()


def test_a_command_line_without_secrets() -> None:
    assert without_secrets(["--password=a", "--password", "b", "c", "--eps=4/255", "x@y.avi"]) == [
        "--password=***",
        "--password",
        "***",
        "c",
        "--eps=4/255",
        "x@y.avi",
    ]


def test_git_state_of_a_checkout_and_of_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    code = tmp_path / "code.py"
    code.write_text("a")

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *who, *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    git("init", "-q")
    assert git_state(code) is None  # there is a checkout, but the code is not part of it
    git("add", "code.py")
    assert git_state(code) is None  # nothing was ever committed
    git("commit", "-q", "-m", "one")
    assert git_state(code) == {"commit": git("rev-parse", "HEAD"), "dirty": False}
    code.write_text("b")
    assert git_state(code) == {"commit": git("rev-parse", "HEAD"), "dirty": True}


# The worst frames.


def test_the_worst_frames_in_order(tmp_path: Path) -> None:
    two = answer((2, 0, 0.6), (20, 0, 0.6))
    one = answer((2, 0, 0.9))
    frames = [
        seen(0, one, NOTHING),
        seen(1, one, one),
        seen(2, two, NOTHING),  # two objects gone: the worst
        seen(3, one, NOTHING),  # as bad as frame 0, and later
        seen(4, answer((2, 0, 0.95)), NOTHING),  # one gone, the larger drop
        seen(5, one, answer((2, 0, 0.1))),  # not gone
    ]
    worst = Run.open(fill(writer_in(tmp_path), frames)).summary["worst_frames"]
    assert isinstance(worst, list)
    assert [frame["frame"] for frame in worst] == [2, 4, 0]
    assert [frame["drifted"] for frame in worst] == [2, 1, 1]


@pytest.mark.parametrize(("goal", "expected"), [("vanish", 0), ("fabricate", 1), ("any", 1)])
def test_worst_is_what_the_goal_asks_for(tmp_path: Path, goal: str, expected: int) -> None:
    face = answer((2, 0, 0.9))
    frames = [
        seen(0, face, NOTHING),
        seen(1, face, answer((2, 0, 0.9), (20, 0, 0.6), (12, 0, 0.6))),
    ]
    worst = Run.open(fill(writer_in(tmp_path, goal=goal), frames)).summary["worst_frames"]
    assert isinstance(worst, list)
    assert worst[0]["frame"] == expected


def test_pictures_of_the_worst_are_lossless(tmp_path: Path) -> None:
    folder = written(tmp_path)
    worst = Run.open(folder).summary["worst_frames"]
    assert isinstance(worst, list)
    assert worst[0]["frame"] == 0
    observation = next(story())
    difference = cv2.imread(str(folder / worst[0]["difference"]))
    assert difference is not None
    assert difference.shape == (24 * 20, 32 * 20, 3)
    assert (difference == 128 + 8 * 4).all()  # every value was moved by four levels
    attacked = cv2.imread(str(folder / worst[0]["attacked"]))
    assert attacked is not None
    # Far from the box, the enlarged picture holds the frame's very values.
    assert (attacked[-20::20, ::20] == observation.attacked_pixels[-1]).all()
    clean = cv2.imread(str(folder / worst[0]["clean"]))
    assert clean is not None
    plain = observation.frame.pixels.repeat(20, 0).repeat(20, 1)
    assert (clean != plain).any(), "the box is drawn"


def test_frames_without_drift_are_no_failures(tmp_path: Path) -> None:
    face = answer((2, 0, 0.9))
    folder = fill(writer_in(tmp_path), [seen(0, face, face), seen(1, NOTHING, NOTHING)])
    assert Run.open(folder).summary["worst_frames"] == []
    assert not (folder / "failures").exists()


# Reading back.


def spoil(folder: Path, how: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    part = folder / "objects" / "part-00001.parquet"
    if how == "no manifest":
        (folder / "manifest.json").unlink()
    elif how == "format":
        (folder / "manifest.json").write_text(json.dumps({**manifest, "schema": 99}))
    elif how == "no summary":
        (folder / "summary.json").unlink()
    elif how == "half a summary":
        (folder / "summary.json").write_text('{"miss_rate": 1')
    elif how == "a figure less":
        (folder / "summary.json").write_text('{"miss_rate": 1}')
    elif how == "part gone":
        part.unlink()
    elif how == "part cut":
        part.write_bytes(part.read_bytes()[:100])
    elif how == "other columns":
        part.write_bytes((folder / "timings" / "part-00000.parquet").read_bytes())


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no manifest", "no run folder"),
        ("format", "written in format 99, this version reads 2"),
        ("no summary", "missing"),
        ("half a summary", "cannot be read"),
        ("a figure less", "lacks relabel_rate"),
        ("part gone", "a part is missing"),
        ("part cut", "no Parquet file"),
        ("other columns", "its columns are not those of objects"),
    ],
)
def test_a_damaged_folder_is_told_in_one_line(tmp_path: Path, how: str, message: str) -> None:
    folder = written(tmp_path)
    Run.open(folder)
    spoil(folder, how)
    with pytest.raises(RunError, match=rf"^[^\n]*{message}[^\n]*$"):
        Run.open(folder)
