"""The run folder: whole or not at all, the same bytes for the same frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from run_stories import (
    files,
    fill,
    story,
    writer_in,
    written,
)

from monitor.errors import RunError
from monitor.runs import Run
from monitor.runs.tables import SCHEMAS
from monitor.runs.writer import slug


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


BY_FRAME = ("frames", "objects", "timings")


def test_what_is_in_a_run_folder(tmp_path: Path) -> None:
    folder = written(tmp_path)
    parts = {f"{table}/part-{i:05d}.parquet" for table in BY_FRAME for i in range(3)}
    parts.add("tracks/part-00000.parquet")
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
