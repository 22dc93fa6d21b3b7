"""Who does the work: this process, processes beside it, or a Ray cluster; each by a library's own means."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar

from monitor.errors import ConfigError, RunError

T = TypeVar("T")
R = TypeVar("R")

ENGINES: Final = ("local", "ray")

TRIES: Final = 3
"""Times that a job is begun whose worker dies; a clip that kills every worker must not go round for ever."""

_AHEAD: Final = 2
"""Jobs handed out for each worker; more would lie in queues, fewer would let workers wait."""


class Engine(Protocol):
    """Does jobs, in any order."""

    def run(self, job: Callable[[T], R], todo: Iterable[T]) -> Iterator[R]:
        """The results, as they come; `job` and what goes in and out can be pickled.

        Raises
        ------
        RunError : a worker died `TRIES` times over one job.
        """
        ...


class Here:
    """One job after the other, in this process."""

    def __enter__(self) -> Self:
        """Nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def run(self, job: Callable[[T], R], todo: Iterable[T]) -> Iterator[R]:
        """In order."""
        yield from map(job, todo)


class Processes:
    """Processes of this machine. One that is killed is replaced, and its jobs are begun again.

    Parameters
    ----------
    workers : how many.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """The processes begin with the first job."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End them; after an error at once, whatever they do."""
        self._end(at_once=error is not None)

    def run(self, job: Callable[[T], R], todo: Iterable[T]) -> Iterator[R]:
        """As they are done."""
        source = iter(todo)
        flying: dict[Future[R], tuple[T, int]] = {}
        again: list[tuple[T, int]] = []
        while True:
            room = _AHEAD * self._workers - len(flying)
            fresh = [*again, *((one, 1) for one in itertools.islice(source, max(0, room)))]
            again = []
            try:
                for one, tries in fresh:
                    flying[self._started().submit(job, one)] = one, tries
            except BrokenProcessPool:
                placed = {id(one) for one, _ in flying.values()}
                again = [pair for pair in fresh if id(pair[0]) not in placed]
            if not flying and not again:
                return
            done = wait(flying, return_when=FIRST_COMPLETED).done if flying else set()
            broken = bool(again)
            for future in done:
                one, tries = flying.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    broken = True
                    again.append((one, tries + 1))
            if broken:
                # All that were under way are lost with the pool; whose fault it was is not known.
                again += [(one, tries + 1) for one, tries in flying.values()]
                flying.clear()
                self._end(at_once=True)
                if tired := next((one for one, tries in again if tries > TRIES), None):
                    raise RunError(
                        f"a worker died {TRIES} times over {getattr(tired, 'label', tired)}; is there memory "
                        "enough? Try with fewer --workers; --resume goes on"
                    )

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers,
                # A fork would copy the locks of torch's and numba's threads in whatever state they are.
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
            )
        return self._pool

    def _end(self, *, at_once: bool) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        processes = list((getattr(pool, "_processes", None) or {}).values())
        pool.shutdown(wait=not at_once, cancel_futures=True)
        if at_once:
            for process in processes:
                with contextlib.suppress(OSError, ValueError):
                    process.kill()
            for process in processes:
                process.join(5)


class Ray:
    """A Ray cluster, by the same code path.

    Parameters
    ----------
    address : of the cluster, as `ray.init` takes it; "local": one is begun on this machine.
    workers : jobs at a time; 0: one for each processor that the cluster has.

    Raises
    ------
    ConfigError : Ray is not installed, or there is no cluster.
    """

    def __init__(self, address: str, workers: int = 0) -> None:
        try:
            ray: Any = importlib.import_module("ray")
        except ImportError:
            raise ConfigError(
                "engine = ray: Ray is not installed; `pip install camdrift[ray]`, or leave --engine away"
            ) from None
        self._ray = ray
        self._mine = not ray.is_initialized()
        if self._mine:
            try:
                ray.init(
                    address=None if address in ("", "local") else address,
                    num_cpus=(workers or None) if address in ("", "local") else None,
                    logging_level="ERROR",
                    log_to_driver=False,
                    include_dashboard=False,
                )
            except Exception as error:  # of many kinds, none of them documented
                reason = " ".join(str(error).split())[:200]
                raise ConfigError(f"engine = ray: no cluster at {address}: {reason}") from error
        self._workers = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))

    def __enter__(self) -> Self:
        """The cluster runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cluster; one that was begun here ends."""
        if self._mine:
            self._ray.shutdown()

    def run(self, job: Callable[[T], R], todo: Iterable[T]) -> Iterator[R]:
        """As they are done; Ray begins a job again whose worker died."""
        ray = self._ray
        remote = ray.remote(max_retries=TRIES - 1, num_cpus=1)(job)
        source = iter(todo)
        flying: list[Any] = []
        try:
            while True:
                room = _AHEAD * self._workers - len(flying)
                flying += [remote.remote(one) for one in itertools.islice(source, max(0, room))]
                if not flying:
                    return
                done, flying = ray.wait(flying, num_returns=1)
                for one in done:
                    try:
                        yield ray.get(one)
                    except ray.exceptions.WorkerCrashedError as error:
                        raise RunError(
                            f"a worker died {TRIES} times over one job; is there memory enough? --resume "
                            "goes on"
                        ) from error
                    except ray.exceptions.RayTaskError as error:
                        raise (error.cause or error) from None
        finally:
            for one in flying:
                ray.cancel(one, force=False)


def check_engine(name: str, workers: int) -> None:
    """Pass if there is such an engine; it is not begun.

    Raises
    ------
    ConfigError : no such engine, or a number of workers that is none.
    """
    if workers < 0:
        raise ConfigError(f"workers = {workers}: give a number of at least 1")
    if name not in ENGINES:
        raise ConfigError(f"engine = {name}: no such engine; there are {' and '.join(ENGINES)}")


def engine_of(
    name: str, workers: int, address: str
) -> AbstractContextManager[Here | Processes | Ray]:
    """The engine that the command line names.

    Raises
    ------
    ConfigError : no such engine, no Ray, or a number of workers that is none.
    """
    check_engine(name, workers)
    if name == "ray":
        return Ray(address, workers)
    return Here() if workers <= 1 else Processes(workers)


def _begin() -> None:
    """In a new process: Ctrl-C is the first one's business, and nobody outlives it."""
    import cv2

    from models.memory import keep_freed_memory

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    cv2.setNumThreads(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    # One that is killed cannot say goodbye, and its children would wait for work for ever.
    parent.join()
    os._exit(1)
