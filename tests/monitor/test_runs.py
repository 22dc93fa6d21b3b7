"""The run folder: whole or not at all, the same bytes for the same frames, no secret in it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import supervision as sv
from observations import observed

from monitor.config import Settings
from monitor.errors import RunError
from monitor.objective import Counts
from monitor.pipeline import Observation
from monitor.runs import Run, RunWriter
from monitor.runs.manifest import git_state, without_secrets
from monitor.runs.tables import SCHEMAS
from monitor.runs.writer import slug
from streams.frame import Frame

NAMES = ("face", "ball")
NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def answer(*rows: tuple[int, int, float]) -> sv.Detections:
    """(x, class, score): boxes of 8x8."""
    return sv.Detections(
        xyxy=np.array([(x, 2, x + 8, 10) for x, *_ in rows], dtype=np.float32).reshape(-1, 4),
        class_id=np.array([row[1] for row in rows], dtype=int),
        confidence=np.array([row[2] for row in rows], dtype=np.float32),
    )


NOTHING = answer()


def seen(index: int, clean: sv.Detections, attacked: sv.Detections) -> Observation:
    rng = np.random.default_rng(index)
    pixels = rng.integers(40, 200, (24, 32, 3), dtype=np.uint8)
    return observed(
        index,
        clean,
        attacked,
        frame=Frame(pixels, index, index / 25, 0.0, "clip.avi"),
        attacked_pixels=pixels + np.uint8(4),
        counts=Counts(3, 1),
        stages_ms={"scale": 0.1, "clean": 5.0, "attack": 9.0, "attacked": 5.0, "drift": 0.2},
    )


def story(count: int = 10) -> Iterator[Observation]:
    """Frames in turn: missed, relabelled, made up, kept, empty."""
    face = answer((2, 0, 0.9))
    turns = [
        (face, NOTHING),
        (face, answer((3, 1, 0.6))),
        (face, answer((2, 0, 0.8), (20, 0, 0.7))),
        (face, face),
        (NOTHING, NOTHING),
    ]
    for index in range(count):
        yield seen(index, *turns[index % len(turns)])


def settings_in(folder: Path, **words: object) -> Settings:
    return Settings().changed({"runs": str(folder / "runs"), "part_frames": 4, **words})


def writer_in(folder: Path, **words: object) -> RunWriter:
    return RunWriter(
        settings_in(folder, **words), "My clip.avi", class_names=NAMES, now=lambda: NOON
    )


def fill(
    writer: RunWriter, frames: Iterable[Observation], error: BaseException | None = None
) -> Path:
    with writer:
        for observation in frames:
            writer.add(observation)
        if error is not None:
            raise error
    return writer.folder


def written(folder: Path, frames: int = 10) -> Path:
    return fill(writer_in(folder), story(frames))


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def failing_after(count: int, code: int, real: Callable[..., object]) -> Callable[..., object]:
    """`real`, until it was called so often; then the disk's error."""
    calls = iter(range(count))

    def call(*arguments: object) -> object:
        if next(calls, None) is None:
            raise OSError(code, os.strerror(code))
        return real(*arguments)

    return call


def test_nothing_stands_under_the_final_name_before_the_end(tmp_path: Path) -> None:
    writer = writer_in(tmp_path)
    for observation in story(9):
        writer.add(observation)
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["20261123T120000Z-my-clip.partial"]
    assert len(list((writer.folder / "frames").iterdir())) == 2  # the ninth frame still waits
    writer.complete()
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["20261123T120000Z-my-clip.partial"]
    final = writer.finish()
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["20261123T120000Z-my-clip"]
    assert final == writer.finish() == writer.folder


def test_what_is_in_a_run_folder(tmp_path: Path) -> None:
    folder = written(tmp_path)
    parts = {f"{table}/part-{i:05d}.parquet" for table in SCHEMAS for i in range(3)}
    pictures = {name for name in files(folder) if name.startswith("failures/")}
    assert files(folder) == {"manifest.json", "summary.json"} | parts | pictures
    assert len(pictures) == 9


def test_tables_say_what_was_seen(tmp_path: Path) -> None:
    run = Run.open(written(tmp_path))
    frames = run.frames().to_pylist()
    assert [row["index"] for row in frames] == list(range(10))
    for row, observation in zip(frames, story(), strict=True):
        assert (
            row["clean_count"]
            == len(observation.clean)
            == row["kept"] + row["relabelled"] + row["missed"]
        )
        assert row["attacked_count"] == len(observation.attacked)
        assert row["media_time_s"] == observation.drift.media_time
        assert row["success"] is observation.success
        assert (row["forwards"], row["backwards"], row["linf"]) == (3, 1, 4 / 255)
    missed, relabelled = run.objects().to_pylist()[:2]
    assert (missed["outcome"], missed["clean_class"], missed["attacked_class"]) == (
        "missed",
        "face",
        None,
    )
    assert missed["score_drop"] == missed["clean_score"] == pytest.approx(0.9)
    assert missed["iou"] is None
    assert missed["attacked_x0_px"] is None
    assert (relabelled["outcome"], relabelled["attacked_class"]) == ("relabelled", "ball")
    assert relabelled["centre_shift_px"] == 1.0
    assert (relabelled["clean_x0_px"], relabelled["attacked_x1_px"]) == (2.0, 11.0)
    assert run.timings()["attack_ms"].to_pylist() == [9.0] * 10


def test_every_column_states_its_unit(tmp_path: Path) -> None:
    folder = written(tmp_path, 1)
    for table in SCHEMAS:
        schema = pq.read_schema(folder / table / "part-00000.parquet")
        units = {field.name: field.metadata[b"unit"].decode() for field in schema}
        for name, unit in units.items():
            suffix = name.rpartition("_")[2]
            assert unit == (suffix if suffix in ("px", "ms", "s") else unit), name
            assert suffix in ("px", "ms", "s") or unit in ("1", ""), name


def test_same_frames_same_bytes_and_times_stand_apart(tmp_path: Path) -> None:
    first = written(tmp_path / "a")
    slower = [replace(o, stages_ms={k: 2 * ms for k, ms in o.stages_ms.items()}) for o in story()]
    other = fill(writer_in(tmp_path / "b"), slower)
    assert files(first) == files(other)
    for name in files(first):
        same = (first / name).read_bytes() == (other / name).read_bytes()
        # The manifest tells where the run was written.
        assert same == (not name.startswith(("timings/", "manifest.json"))), name


def test_a_query_reads_all_parts(tmp_path: Path) -> None:
    place = tmp_path / "it's [one] of 2*"
    run = Run.open(written(place))
    table = run.query(
        "SELECT outcome, count(*) AS n FROM objects JOIN frames ON frame = index GROUP BY 1 ORDER BY 1"
    )
    assert table.to_pylist() == [
        {"outcome": "fabricated", "n": 2},
        {"outcome": "kept", "n": 4},
        {"outcome": "missed", "n": 2},
        {"outcome": "relabelled", "n": 2},
    ]
    for wrong in ("SELEKT 1", "SELECT nothing FROM frames", ""):
        with pytest.raises(RunError, match=r"^the query [^\n]*$"):
            run.query(wrong)


def test_two_runs_in_one_second_do_not_meet(tmp_path: Path) -> None:
    first, second = writer_in(tmp_path), writer_in(tmp_path)
    for writer in (first, second):
        writer.add(next(story()))
    assert first.finish().name == "20261123T120000Z-my-clip"
    assert second.finish().name == "20261123T120000Z-my-clip-2"
    assert written(tmp_path).name == "20261123T120000Z-my-clip-3"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("My clip.avi", "my-clip"),
        ("scene:portrait", "scene-portrait"),
        ("camera 0", "camera-0"),
        ("/a/b/Ünï.mp4", "n"),
        ("...", "run"),
        ("x" * 90 + ".mp4", "x" * 40),
        ("../../etc/passwd", "passwd"),
    ],
)
def test_a_name_is_fit_for_a_folder(source: str, expected: str) -> None:
    assert slug(source) == expected


# What goes wrong on disk.


@pytest.mark.timeout(30)
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_leaves_whole_parts_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    writer = writer_in(tmp_path)
    frames = story(8)
    for _ in range(4):
        writer.add(next(frames))
    whole = {name: (writer.folder / name).read_bytes() for name in files(writer.folder)}
    monkeypatch.setattr(os, call, failing_after(1, errno.ENOSPC, getattr(os, call)))
    with pytest.raises(RunError) as caught:
        fill(writer, frames)
    monkeypatch.undo()
    message = str(caught.value)
    assert "\n" not in message
    assert "disk is full; free some space" in message
    assert f"what was written whole is in {writer.folder}" in message
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    left = files(writer.folder)
    assert not [name for name in left if "tmp" in name]
    assert whole.keys() <= left
    for name in left:
        if name.endswith(".parquet"):
            pq.read_table(writer.folder / name)
    assert not (tmp_path / "runs" / "20261123T120000Z-my-clip").exists()


@pytest.mark.timeout(30)
def test_a_write_that_stops_half_way_never_shows_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = writer_in(tmp_path)
    real, fail = os.write, failing_after(1, errno.ENOSPC, lambda *_: None)

    def half(handle: int, content: memoryview) -> int:
        fail()
        return real(handle, content[: len(content) // 2])

    frames = list(story(4))
    for observation in frames[:3]:
        writer.add(observation)
    monkeypatch.setattr(os, "write", half)
    with pytest.raises(RunError, match="disk is full"):
        writer.add(frames[3])
    monkeypatch.undo()
    assert files(writer.folder) == {"manifest.json"}


@pytest.mark.timeout(30)
def test_short_writes_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = written(tmp_path / "a")
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: real(handle, content[:1000]))
    other = written(tmp_path / "b")
    name = "frames/part-00000.parquet"
    assert (expected / name).read_bytes() == (other / name).read_bytes()


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("code", "reason"),
    [(errno.EROFS, "the disk is read-only"), (errno.EACCES, "no permission to write there")],
)
def test_a_folder_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    monkeypatch.setattr(os, "mkdir", failing_after(0, code, os.mkdir))
    with pytest.raises(RunError, match=rf"^[^\n]*{reason}; choose another folder[^\n]*$") as caught:
        writer_in(tmp_path)
    monkeypatch.undo()
    assert isinstance(caught.value.__cause__, OSError)
    assert not (tmp_path / "runs").exists()


@pytest.mark.timeout(30)
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_read_only_folder_for_real(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o500)
    with pytest.raises(RunError, match="no permission"):
        writer_in(tmp_path)


@pytest.mark.timeout(30)
def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("mine")
    with pytest.raises(RunError, match="a file stands where a folder is needed"):
        writer_in(tmp_path)
    assert (tmp_path / "runs").read_text() == "mine"


@pytest.mark.timeout(30)
def test_a_manifest_that_does_not_fit_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", failing_after(0, errno.ENOSPC, os.fsync))
    with pytest.raises(RunError, match="disk is full"):
        writer_in(tmp_path)
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("boom"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_an_exception_leaves_a_partial_folder_that_says_why(
    tmp_path: Path, error: BaseException, status: str
) -> None:
    with pytest.raises(type(error)) as caught:
        fill(writer_in(tmp_path), story(6), error)
    folder = tmp_path / "runs" / "20261123T120000Z-my-clip.partial"
    assert list((tmp_path / "runs").iterdir()) == [folder]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == status
    assert manifest["frames"] == 6
    assert pq.read_table(folder / "frames")["index"].to_pylist() == list(range(6))
    assert caught.value.__notes__ == [f"unfinished run: {folder}"]
    with pytest.raises(RunError, match=f"was not finished \\(status: {status}\\)"):
        Run.open(folder)


def test_a_run_of_no_frames_and_frames_after_the_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a single frame"), writer_in(tmp_path):
        pass
    done = writer_in(tmp_path)
    done.add(next(story()))
    done.finish()
    with pytest.raises(ValueError, match="takes no more frames"):
        done.add(next(story()))


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
    settings = settings_in(tmp_path, password="geheim", source=url)
    command = ["camdrift", "live", "--source", url, "--password", "geheim", f"--source={url}"]
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
        ("format", "written in format 99, this version reads 1"),
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
