"""Engines: all jobs are done once, whoever dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest
from engine_jobs import deadly, deadly_once, doubled, process, refused

from monitor.errors import ConfigError, RunError
from monitor.evaluation.engines import TRIES, Here, Processes, Ray, engine_of

TESTS = str(Path(__file__).parents[2])


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", TESTS)


@pytest.fixture(params=["here", "processes"])
def engine(request: pytest.FixtureRequest) -> AbstractContextManager[Here | Processes]:
    return Here() if request.param == "here" else Processes(2)


def test_every_job_is_done_once(engine: AbstractContextManager[Here | Processes]) -> None:
    with engine as running:
        assert sorted(running.run(doubled, range(20))) == [2 * i for i in range(20)]
        assert list(running.run(doubled, ())) == []


def test_jobs_are_taken_as_they_are_needed() -> None:
    taken = []

    def todo() -> Iterator[int]:
        for i in range(100):
            taken.append(i)
            yield i

    with Processes(2) as running:
        next(running.run(doubled, todo()))
    assert len(taken) < 10, "ten thousand clips must not wait in a queue"


def test_an_error_of_a_job_comes_out(engine: AbstractContextManager[Here | Processes]) -> None:
    with pytest.raises(ValueError, match="three is refused"), engine as running:
        list(running.run(refused, range(20)))


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with Processes(2) as running:
        done = running.run(deadly_once, ((i, str(tmp_path)) for i in range(8)))
        assert sorted(done) == list(range(8))
    assert (tmp_path / "died").exists()


def test_a_job_that_kills_every_worker_ends_the_run() -> None:
    with pytest.raises(RunError, match=f"died {TRIES} times over 3"), Processes(2) as running:
        list(running.run(deadly, range(4)))


def test_no_process_is_left_behind() -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with Processes(2) as running:
        pids = set(running.run(process, range(6)))
        assert os.getpid() not in pids
    running_still = {
        child.pid
        for child in psutil.Process().children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE
    }
    assert not pids & running_still
    # multiprocessing keeps its resource tracker, one for ever.
    assert len(running_still - before) <= 1


@pytest.mark.parametrize(
    ("name", "workers", "said"),
    [("slurm", 1, "there are local and ray"), ("local", -1, "at least 1")],
)
def test_an_engine_that_is_none_is_refused(name: str, workers: int, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        engine_of(name, workers, "local")


def test_one_worker_is_this_process() -> None:
    with engine_of("local", 1, "") as running:
        assert list(running.run(process, [0])) == [os.getpid()]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Ray's own making
def test_ray_does_the_same_and_replaces_who_dies(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with Ray("local", 2) as running:
        assert sorted(running.run(doubled, range(6))) == [0, 2, 4, 6, 8, 10]
        with pytest.raises(ValueError, match="three is refused"):
            list(running.run(refused, range(6)))
        done = running.run(deadly_once, ((i, str(tmp_path)) for i in range(6)))
        assert sorted(done) == list(range(6))
        with pytest.raises(RunError, match="died"):
            list(running.run(deadly, range(5)))
