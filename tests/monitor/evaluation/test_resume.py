"""Runs that were broken off, at a system call, by a full disk, by a signal: nothing is lost or doubled."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from evaluation_runs import clip_of_spots, evaluated, gone_on, outcome, prepared

from monitor.errors import RunError
from monitor.evaluation.conductor import Conductor
from monitor.evaluation.engines import Here, Processes, Ray
from monitor.evaluation.progress import Progress

TESTS = str(Path(__file__).parents[2])
SMALL = """
name = "small"
[settings]
width = 160
[[attacks]]
attack = "noise"
eps = "24/255"
"""


class PowerCut(BaseException):
    """Nothing after it happens."""


@contextmanager
def power_cut(after: int) -> Iterator[list[str]]:
    """The power goes at a system call: it and all that follow do nothing but raise."""
    calls: list[str] = []

    def watched(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def cut(*given: Any, **named: Any) -> Any:
            if len(calls) >= after:
                raise PowerCut(name)
            calls.append(name)
            return call(*given, **named)

        return cut

    with pytest.MonkeyPatch.context() as patch:
        for place, name in (
            (os, "open"),
            (os, "write"),
            (os, "fsync"),
            (Path, "replace"),
            (Path, "rename"),
            (Path, "unlink"),
            (Path, "mkdir"),
        ):
            patch.setattr(place, name, watched(name, getattr(place, name)))
        patch.setattr(shutil, "rmtree", watched("rmtree", shutil.rmtree))
        yield calls


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    return [clip_of_spots(folder / f"{i}.mkv", 7 + 4 * i, seed=i) for i in range(2)]


@pytest.fixture(scope="module")
def measure(clips: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return outcome(evaluated(clips, tmp_path_factory.mktemp("runs"), suite=SMALL))


def broken_run(folder: Path) -> Path:
    (run,) = folder.iterdir()
    return run


def calls_of_a_run(clips: list[Path], folder: Path) -> int:
    made = prepared(clips, folder, suite=SMALL)
    with power_cut(1 << 30) as calls:
        Conductor(made, Here()).run()
    return len(calls)


def cut_and_go_on(clips: list[Path], folder: Path, after: int) -> dict[str, bytes]:
    made = prepared(clips, folder, suite=SMALL)
    with pytest.raises(PowerCut), power_cut(after):
        Conductor(made, Here()).run()
    return outcome(gone_on(broken_run(folder)))


def test_a_power_cut_at_any_of_some_system_calls_costs_nothing(
    clips: list[Path], measure: dict[str, bytes], tmp_path: Path
) -> None:
    count = calls_of_a_run(clips, tmp_path / "whole")
    assert count > 100
    for after in sorted({*range(0, count, count // 4), count - 1, count - 3}):
        assert cut_and_go_on(clips, tmp_path / f"cut-{after}", after) == measure, f"call {after}"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_power_cut_at_every_third_system_call_costs_nothing(
    clips: list[Path], measure: dict[str, bytes], tmp_path: Path
) -> None:
    for after in range(1, calls_of_a_run(clips, tmp_path / "whole"), 3):
        assert cut_and_go_on(clips, tmp_path / f"cut-{after}", after) == measure, f"call {after}"


def test_two_cuts_in_a_row_cost_nothing(
    clips: list[Path], measure: dict[str, bytes], tmp_path: Path
) -> None:
    made = prepared(clips, tmp_path, suite=SMALL)
    with pytest.raises(PowerCut), power_cut(40):
        Conductor(made, Here()).run()
    with pytest.raises(PowerCut), power_cut(60):
        gone_on(broken_run(tmp_path))
    assert outcome(gone_on(broken_run(tmp_path))) == measure


def test_a_full_disk_is_one_line_and_costs_nothing(
    clips: list[Path],
    measure: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = prepared(clips, tmp_path, suite=SMALL)
    left = [6]
    write = os.write

    def full(handle: int, data: Any) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RunError, match="the disk is full") as refused:
        Conductor(made, Here()).run()
    told = [str(refused.value), *getattr(refused.value, "__notes__", [])]
    assert any("--resume" in line or "partial" in line for line in told), told
    monkeypatch.undo()
    assert outcome(gone_on(broken_run(tmp_path))) == measure


@pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX'")
def test_a_folder_that_became_read_only_is_one_line_and_costs_nothing(
    clips: list[Path],
    measure: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = prepared(clips, tmp_path, suite=SMALL)
    opened = os.open

    def read_only(path: Any, flags: int, *more: Any, **named: Any) -> int:
        # Root may write anywhere, so the system's answer to others is given here.
        if flags & os.O_WRONLY and ".partial" in str(path):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return opened(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(RunError, match="the disk is read-only"):
        Conductor(made, Here()).run()
    monkeypatch.undo()
    assert outcome(gone_on(broken_run(tmp_path))) == measure


def test_a_stop_in_mid_run_goes_on_where_it_was(
    clips: list[Path], measure: dict[str, bytes], tmp_path: Path
) -> None:
    made = prepared(clips, tmp_path, suite=SMALL)

    def stop(now: Progress) -> None:
        if now.frames >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        Conductor(made, Here(), stop).run()
    assert any("--resume" in note for note in stopped.value.__notes__)
    done = len(list((broken_run(tmp_path) / "shards" / "frames").iterdir()))
    assert 0 < done < 4
    heard: list[Progress] = []
    from monitor.evaluation.request import resumed

    again = resumed(str(broken_run(tmp_path)))
    storage = Conductor(again, Here(), heard.append).run()
    assert heard[0].frames > 0, "what was done counts as done"
    assert outcome(storage) == measure


def test_workers_and_shards_do_not_show(
    clips: list[Path],
    measure: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", TESTS)
    assert outcome(evaluated(clips, tmp_path / "a", suite=SMALL, shard_frames=3)) == measure
    with Processes(2) as two:
        assert outcome(evaluated(clips, tmp_path / "b", suite=SMALL, engine=two)) == measure


def test_what_has_changed_since_is_not_gone_on_with(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [Path(shutil.copy(clip, tmp_path)) for clip in clips]
    made = prepared(own, tmp_path / "runs", suite=SMALL)
    with pytest.raises(PowerCut), power_cut(40):
        Conductor(made, Here()).run()
    run = broken_run(tmp_path / "runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("monitor.evaluation.request.versions", lambda: {"camdrift": "9.9"})
        with pytest.raises(RunError, match="versions are not those it began with"):
            gone_on(run)
    own[0].write_bytes(own[0].read_bytes() + b"more")
    with pytest.raises(RunError, match="its clips are not those it began with"):
        gone_on(run)


def test_two_at_a_time_are_refused(clips: list[Path], tmp_path: Path) -> None:
    made = prepared(clips, tmp_path, suite=SMALL)
    seen: list[str] = []

    def second(_: Progress) -> None:
        if not seen:
            with pytest.raises(RunError, match="another camdrift works on this run"):
                Conductor(made, Here()).run()
            seen.append("refused")

    Conductor(made, Here(), second).run()
    assert seen == ["refused"]


def test_a_worker_that_is_killed_in_mid_run_costs_nothing(
    clips: list[Path],
    measure: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", TESTS)
    made = prepared(clips, tmp_path, suite=SMALL, shard_frames=2)
    killed: list[int] = []

    def kill_one(now: Progress) -> None:
        if now.stage == "frames" and now.frames and not killed:
            workers = [
                child
                for child in psutil.Process().children(recursive=True)
                if "spawn_main" in " ".join(child.cmdline())
            ]
            workers[0].kill()
            killed.append(workers[0].pid)

    with Processes(2) as two:
        storage = Conductor(made, two, kill_one).run()
    assert killed
    assert outcome(storage) == measure


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Ray's own making
def test_ray_gives_the_same_also_when_a_worker_is_killed(
    clips: list[Path],
    measure: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("PYTHONPATH", TESTS)
    killed: list[int] = []

    def kill_one(now: Progress) -> None:
        if now.stage == "frames" and now.frames and not killed:
            for child in psutil.process_iter(["cmdline"]):
                if (child.info["cmdline"] or [""])[0].startswith("ray::work"):
                    child.kill()
                    killed.append(child.pid)
                    return

    with Ray("local", 2) as cluster:
        assert outcome(evaluated(clips, tmp_path / "a", suite=SMALL, engine=cluster)) == measure
        made = prepared(clips, tmp_path / "b", suite=SMALL, shard_frames=2)
        assert outcome(Conductor(made, cluster, kill_one).run()) == measure
    assert killed
