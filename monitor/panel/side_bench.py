"""Work on a frozen frame beside the live loop: one job at a time, given up when another is wanted."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from models.detector import Detector
from models.errors import ModelError
from monitor.arrays import Pixels
from monitor.assembly import build_pipeline
from monitor.config import Settings
from monitor.drift.matching import FrameDrift, match
from monitor.errors import MonitorError
from monitor.kernels.callers import one_caller_only
from monitor.live import Live
from monitor.panel.still import Shot, Still
from monitor.pictures import clean_picture, jpeg, legible_zoom
from monitor.pipeline import Observation, Pipeline

log = logging.getLogger(__name__)

_PATIENCE: Final = 2.0  # seconds; a search is given up at its next question to the model


class GivenUp(Exception):
    """Something else is wanted by now; no attack catches it."""


@dataclass(slots=True, eq=False)
class Job:
    """One press of a button, and the thread that works on it."""

    given_up: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def join(self, timeout: float | None = None) -> bool:
        """Wait for its thread; True where that has ended."""
        if self.thread is None:
            return True
        self.thread.join(timeout)
        return not self.thread.is_alive()


class SideBench(ABC):
    """Keeps what was frozen and works on it with the session's own model, in a thread of its own.

    Neither the live loop nor the panel waits for it. A model is a function of its frame, so that both may ask
    it at once. Any thread may call.

    Parameters
    ----------
    session : whose frames, settings and model are taken.
    letter : before the names of this bench's pictures, so that no two benches give the same name.
    """

    def __init__(self, session: Live, letter: str) -> None:
        self._session = session
        self._letter = letter
        self._lock = threading.Lock()
        self._closed = False
        self._job: Job | None = None
        self._serial = itertools.count(1)
        self._surrogate: Detector | None = None

    @abstractmethod
    def shot(self, name: str) -> Shot | None:
        """The picture of that name; None where it is not, or no longer, to be seen."""

    def stop(self) -> None:
        """Give up what is at work and what waits; what is done stays."""
        with self._lock:
            self._give_up()
            self._strike()

    def close(self) -> None:
        """Stop for good, and wait for the thread as long as an answer of the model may take."""
        with self._lock:
            self._closed = True
            job = self._give_up()
            self._strike()
        if job is not None and not job.join(_PATIENCE):
            log.warning("the work on a frozen frame did not end within %.1f s", _PATIENCE)

    # Under the lock.

    @abstractmethod
    def _strike(self) -> None:
        """Show that what is not done will not be."""

    def _start(self, job: Job, model: Detector, still: Still) -> None:
        """Work on a job; what is at work is given up."""
        before = self._give_up()
        self._job = job
        # The model goes with the thread: one that was replaced must not be held by the last press.
        job.thread = threading.Thread(
            target=self._run, args=(job, model, still, before), name="camdrift-bench", daemon=True
        )
        job.thread.start()

    def _give_up(self) -> Job | None:
        if self._job is not None:
            self._job.given_up.set()
        return self._job

    def _is_over(self) -> bool:
        return self._closed or self._session.broadcast.closed

    def _hindrance(self, model: Detector | None, still: Still | None) -> str:
        """Why no work can begin; "" where it can."""
        if self._is_over():
            return "the session is over: start camdrift again"
        if model is None:
            return "no model yet: the session has not started"
        if still is None:
            return "no still yet: freeze one first"
        if one_caller_only():
            return (
                "numba runs its kernels on threads of its own here, which bear one caller at a time: "
                "the live loop; `pip install tbb` and start camdrift again"
            )
        return ""

    # In the job's own thread.

    @abstractmethod
    def _work(self, job: Job, model: Detector, still: Still) -> None:
        """Do it; `GivenUp` may leave it anywhere."""

    def _run(self, job: Job, model: Detector, still: Still, before: Job | None) -> None:
        if before is not None:
            before.join()  # two searches at once would be no sooner done
        with suppress(GivenUp):
            self._work(job, model, still)
        with self._lock:
            if not job.given_up.is_set():
                self._strike()  # the session ended under it

    def _pipeline(self, job: Job, settings: Settings, model: Detector, still: Still) -> Pipeline:
        """What the live loop would send a frame through, but that it can be given up."""

        def clock() -> float:
            # Every question to the model looks at the clock.
            if job.given_up.is_set() or self._is_over():
                raise GivenUp
            return time.perf_counter()

        own = settings.attack.surrogate == model.name
        pipeline = build_pipeline(settings, model, surrogate=model if own else self._surrogate)
        if pipeline.surrogate is not None and not own:
            self._surrogate = pipeline.surrogate[0]  # loading takes seconds
        # No card shows a margin, and its search would count as the attack's time.
        return replace(pipeline, width=still.frame.size[0], clock=clock, margin=None)

    # In either.

    def _newest(self) -> Still | None:
        """The newest clean frame with its answer; None before the first."""
        _, seen = self._session.broadcast.newest()
        return None if seen is None else self._still(seen, self._session.class_names)

    def _still(self, seen: Observation, names: tuple[str, ...]) -> Still:
        drift, zoom = untouched(seen), legible_zoom(seen.frame.pixels)
        picture = clean_picture(seen.frame.pixels, drift, names, zoom=zoom)
        return Still(seen.frame, drift, self._shot(picture))

    def _shot(self, picture: Pixels) -> Shot:
        return Shot(f"{self._letter}{next(self._serial)}", jpeg(picture))


NO_FRAME: Final = "no frame yet: freeze one when the pictures move"


def untouched(seen: Observation) -> FrameDrift:
    """The clean answer matched with itself: what no attack has touched."""
    frame = seen.frame
    return match(seen.clean, seen.clean, index=frame.index, media_time=frame.media_time)


def reason_of(error: Exception, what: str) -> str:
    """One line for a failure: the error's own words, or, for a bug, its kind; the log has the rest."""
    if isinstance(error, ModelError | MonitorError):
        return str(error)
    log.error("%s failed on the still", what, exc_info=error)
    return f"unexpected {type(error).__name__}: {error}; see the log"
