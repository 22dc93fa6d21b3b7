"""Evaluations as a whole: what is shared, what cannot be read, where runs may lie, what exit codes say."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet as pq
import pytest
from evaluation_runs import MODEL, SUITE, base, clip_of_spots, evaluated, outcome, prepared
from spots import SpotDetector
from typer.testing import CliRunner

from monitor.cli import app
from monitor.errors import ConfigError, MonitorError, RunError
from monitor.evaluate import evaluate
from monitor.evaluation.opened import Evaluation
from monitor.evaluation.progress import Progress
from monitor.evaluation.request import prepare
from monitor.evaluation.storage import Storage
from monitor.evaluation.suite import suite_of
from monitor.evaluation.verify import verify
from monitor.runs import Run

NOISE = """
name = "noise"
[settings]
width = 160
[[attacks]]
attack = "noise"
eps = "24/255"
"""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    return [clip_of_spots(folder / f"{i}.mkv", 9 + 3 * i, seed=i) for i in range(2)]


def rows(storage: Storage, name: str) -> list[dict[str, Any]]:
    return pq.read_table(io.BytesIO(storage.read(f"{name}/part-00000.parquet"))).to_pylist()


def test_a_run_holds_every_frame_of_every_condition_once(clips: list[Path], tmp_path: Path) -> None:
    heard: list[Progress] = []
    storage = evaluated(clips, tmp_path, heard=heard)
    keys = [(row["clip"], row["condition"], row["index"]) for row in rows(storage, "frames")]
    assert keys == [
        (clip, condition, index)
        for clip in range(2)
        for condition in range(3)
        for index in range(9 + 3 * clip)
    ]
    assert not storage.exists("shards")
    assert not storage.exists("closed")
    assert not storage.url.endswith(".partial")
    run = Evaluation.open(storage.url)
    assert run.summary["clips"] == 2
    assert run.summary["frames"] == 21
    assert [one["verdict"] for one in run.summary["criteria"]] == ["pass"]
    assert all(finding.level in ("ok", "not checked") for finding in verify(run))
    assert heard[-1].stage == "report"
    assert [one.frames for one in heard if one.stage == "frames"][-1] == 21


def test_a_frame_is_the_same_as_in_a_run_of_its_own(clips: list[Path], tmp_path: Path) -> None:
    # A fault that draws nothing: draws are seeded by the clip's name there, and by its place here.
    settings = base(tmp_path / "one", width=160, attack="none", threads=1, faults="contrast:2")
    one = Run.open(evaluate(str(clips[0]), settings))
    suite = 'faults = ["contrast:2"]\n' + NOISE.replace('attack = "noise"', 'attack = "none"')
    many = evaluated(clips[:1], tmp_path / "many", suite=suite, shard_frames=4)
    for table, own in (("objects", one.objects()), ("tracks", one.tracks())):
        found = rows(many, table)
        assert found
        kept = set(own.column_names)
        assert [{key: row[key] for key in row if key in kept} for row in found] == own.to_pylist()


def test_the_clean_answer_is_asked_for_once_for_all_conditions(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[bytes] = Counter()
    detect = SpotDetector.detect

    def counted(self: SpotDetector, pixels: Any, threshold: float) -> Any:
        asked[pixels.tobytes()] += 1
        return detect(self, pixels, threshold)

    made = prepared(clips[:1], tmp_path)
    monkeypatch.setattr(SpotDetector, "detect", counted)
    from monitor.evaluation.conductor import Conductor
    from monitor.evaluation.engines import Here

    conductor = Conductor(made, Here())
    conductor._work(tmp_path)
    # 9 frames, 3 conditions: each frame once as it came, 2 noisy ones, and the queries of the square attack.
    assert sum(count for count in asked.values()) == 9 + sum(
        row["forwards"] - 1
        for shard in made.storage.names("shards/frames")
        for row in pq.read_table(
            io.BytesIO(made.storage.read(f"shards/frames/{shard}"))
        ).to_pylist()
    )


def test_a_clip_that_cannot_be_read_is_told_and_stops_nothing(
    clips: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"no video at all")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(clips[1].read_bytes()[:-4000])
    storage = evaluated([clips[0], broken, cut], tmp_path / "runs", suite=NOISE)
    run = Evaluation.open(storage.url)
    failed = {one["name"].rpartition("/")[2]: one["reason"] for one in run.manifest["failed"]}
    assert "broken.mkv" in failed
    assert all("\n" not in reason for reason in failed.values())
    assert {row["clip"] for row in rows(storage, "frames")} == {0}
    assert run.summary["failed"] == run.manifest["failed"]


def test_not_one_clip_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"no video at all")
    with pytest.raises(RunError, match="not one clip can be read"):
        prepared([broken], tmp_path / "runs")
    assert not (tmp_path / "runs").exists(), "nothing is written before all is checked"


def test_what_does_not_work_is_told_before_anything_is_written(
    clips: list[Path], tmp_path: Path
) -> None:
    white_box = SUITE.replace('attack = "noise"', 'attack = "fgsm"')
    for suite, said in ((white_box, "black-box"), (SUITE + "\n[nonsense]\na=1", "no such key")):
        with pytest.raises(MonitorError, match=said):
            prepare([str(clips[0])], suite_of(suite, "suite"), base(tmp_path / "runs"))
    with pytest.raises(ConfigError, match="no clips"):
        prepare([], suite_of(SUITE, "suite"), base(tmp_path / "runs"))


def test_clips_and_runs_may_lie_behind_a_url(clips: list[Path], tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pipe_file("/videos/0.mkv", clips[0].read_bytes())
    far = evaluated(["memory://videos/0.mkv"], "memory://bucket/runs", suite=NOISE)
    assert far.url.startswith("memory://bucket/runs/")
    run = Evaluation.open(far.url)
    assert run.manifest["status"] == "finished"
    assert run.summary["frames"] == 9
    near = evaluated([clips[0]], tmp_path, suite=NOISE)
    assert [row["clean_score"] for row in rows(far, "objects")] == [
        row["clean_score"] for row in rows(near, "objects")
    ]
    assert not [name for name in memory.store if name.endswith(".tmp") or "/shards/" in name]


def test_two_runs_of_the_same_are_the_same(clips: list[Path], tmp_path: Path) -> None:
    first = outcome(evaluated(clips, tmp_path / "a"))
    assert outcome(evaluated(clips, tmp_path / "b", shard_frames=100)) == first


def invoked(*words: str) -> Any:
    return CliRunner().invoke(app, ["evaluate", *words, "--model", MODEL])


@pytest.mark.parametrize(
    ("criterion", "code"),
    [
        ("miss_rate <= 1", 0),
        ("miss_rate < 0", 3),
        ("stop.miss_rate <= 0.5", 4),
    ],
)
def test_the_exit_code_says_what_came_out(
    clips: list[Path], tmp_path: Path, criterion: str, code: int
) -> None:
    suite = tmp_path / "suite.toml"
    suite.write_text(f'criteria = ["{criterion}"]\n{NOISE}')
    junit = tmp_path / "junit.xml"
    words = [str(clips[0]), "--suite", str(suite), "--runs", str(tmp_path / "runs")]
    told = invoked(*words, "--junit", str(junit), "--json-lines")
    assert told.exit_code == code, told.output
    assert "run folder: " in told.output
    assert criterion in told.output
    assert "<testsuite" in junit.read_text()
    lines = [json.loads(line) for line in told.stderr.splitlines() if line.startswith("{")]
    assert {"estimate", "frames", "tables", "figures", "report"} <= {one["stage"] for one in lines}


def test_the_exit_code_says_that_a_clip_was_not_read_and_an_estimate_writes_nothing(
    clips: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "suite.toml").write_text(NOISE)
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"no video at all")
    words = [str(clips[0]), str(broken), "--suite", str(tmp_path / "suite.toml")]
    words += ["--runs", str(tmp_path / "runs")]
    told = invoked(*words, "--estimate")
    assert told.exit_code == 0, told.output
    assert "9 frames" in told.output
    assert "(1 cannot be read)" in told.output
    assert not (tmp_path / "runs").exists()
    told = invoked(*words)
    assert told.exit_code == 5, told.output
    assert "unreadable: " in told.output
