"""Where a still is frozen and attacked by several attacks, one after the other, beside the live loop."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from models.detector import Detector
from models.errors import ModelError
from monitor.arrays import Pixels
from monitor.assembly import build_pipeline
from monitor.drift.matching import FrameDrift, match
from monitor.errors import MonitorError
from monitor.kernels.callers import one_caller_only
from monitor.live import Live
from monitor.panel.easel import encode
from monitor.panel.still import Progress, Result, Shot, Still, Table, Trial, still_attacks
from monitor.pictures import clean_picture, legible_zoom
from monitor.pipeline import Observation, Pipeline
from monitor.views import attacked_view

log = logging.getLogger(__name__)

_PATIENCE: Final = 2.0  # seconds; a search is given up at its next question to the model


class _GivenUp(Exception):
    """Something else is wanted by now; no attack catches it."""


@dataclass(slots=True, eq=False)
class _Run:
    """One press of the button."""

    still: Still
    trials: tuple[Trial, ...]
    given_up: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def join(self, timeout: float | None = None) -> bool:
        """Wait for its thread; True where that has ended."""
        if self.thread is None:
            return True
        self.thread.join(timeout)
        return not self.thread.is_alive()


class Bench:
    """Keeps one still and its latest trials, the same for every page. Any thread may call it.

    The attacks run with the session's own model in a thread of their own: neither the live loop nor the
    panel waits for them. A model is a function of its frame, so that both may ask it at once.

    Parameters
    ----------
    session : whose frames, settings and model are taken.
    """

    def __init__(self, session: Live) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._closed = False
        self._table = Table()
        self._began = 0.0
        self._run: _Run | None = None
        self._serial = itertools.count(1)
        self._surrogate: Detector | None = None

    def table(self) -> Table:
        """What there is to show now."""
        with self._lock:
            elapsed = time.monotonic() - self._began if self._table.at_work else 0.0
            return replace(self._table, elapsed_s=elapsed)

    def freeze(self) -> str:
        """Keep the newest clean frame and empty the table; "" or, on one line, why that cannot be."""
        _, seen = self._session.broadcast.newest()
        if seen is None:
            return "no frame yet: freeze one when the pictures move"
        still = self._still(seen, self._session.class_names)
        with self._lock:
            self._give_up()
            self._show(still, ())
        return ""

    def attack(self, names: Collection[str]) -> str:
        """Attack the still with these, under the settings that hold now; "" or why that cannot be.

        What is at work is given up, its cards go.
        """
        chosen = [name for name in still_attacks() if name in names]
        model, settings = self._session.model, self._session.settings
        trials = tuple(Trial(settings.changed({"attack": name})) for name in chosen)
        with self._lock:
            still = self._table.still
            if self._is_over():
                return "the session is over: start camdrift again"
            if model is None:
                return "no model yet: the session has not started"
            if still is None:
                return "no still yet: freeze one first"
            if not trials:
                return "nothing chosen: tick at least one attack"
            if one_caller_only():
                return (
                    "numba runs its kernels on threads of its own here, which bear one caller at a time: "
                    "the live loop; `pip install tbb` and start camdrift again"
                )
            before = self._give_up()
            self._show(still, trials)
            self._run = run = _Run(still, trials)
            # The model goes with the thread: one that was replaced must not be held by the last press.
            run.thread = threading.Thread(
                target=self._work, args=(run, model, before), name="camdrift-still", daemon=True
            )
            run.thread.start()
        return ""

    def stop(self) -> None:
        """Give up what is at work and what waits; what is done stays."""
        with self._lock:
            self._give_up()
            self._strike()

    def close(self) -> None:
        """Stop for good, and wait for the thread as long as an answer of the model may take."""
        with self._lock:
            self._closed = True
            run = self._give_up()
            self._strike()
        if run is not None and not run.join(_PATIENCE):
            log.warning("the attack on the still did not end within %.1f s", _PATIENCE)

    # Under the lock.

    def _show(self, still: Still | None, trials: tuple[Trial, ...]) -> None:
        self._table = Table(self._table.version + 1, still, trials)

    def _give_up(self) -> _Run | None:
        if self._run is not None:
            self._run.given_up.set()
        return self._run

    def _strike(self) -> None:
        if self._table.busy:
            stopped = (
                trial if trial.over else replace(trial, progress=Progress.STOPPED)
                for trial in self._table.trials
            )
            self._show(self._table.still, tuple(stopped))

    def _is_over(self) -> bool:
        return self._closed or self._session.broadcast.closed

    # The rest runs in the run's own thread.

    def _work(self, run: _Run, model: Detector, before: _Run | None) -> None:
        if before is not None:
            before.join()  # two searches at once would be no sooner done
        for i, trial in enumerate(run.trials):
            if not self._put(run, i, replace(trial, progress=Progress.WORKING)):
                return
            try:
                done = self._tried(run, trial, model)
            except _GivenUp:
                break
            except (ModelError, MonitorError) as error:
                done = _failed(trial, str(error))
            except Exception as error:  # one attack's failure must not end the others
                log.exception("%s failed on the still", trial.attack)
                done = _failed(trial, f"unexpected {type(error).__name__}: {error}; see the log")
            self._put(run, i, done)
        with self._lock:
            if not run.given_up.is_set():
                self._strike()  # the session ended under it

    def _put(self, run: _Run, i: int, trial: Trial) -> bool:
        """Show how a trial stands; False, and nothing is shown, where the run was given up."""
        with self._lock:
            if run.given_up.is_set():
                return False
            if trial.progress is Progress.WORKING:
                self._began = time.monotonic()
            trials = self._table.trials
            self._show(run.still, (*trials[:i], trial, *trials[i + 1 :]))
            return True

    def _tried(self, run: _Run, trial: Trial, model: Detector) -> Trial:
        seen = self._pipeline(run, trial, model).observe(run.still.frame)
        names = model.class_names
        if _alone(seen) != run.still.drift:  # threshold or model were changed since it was frozen
            run.still = self._still(seen, names)
        zoom = legible_zoom(seen.attacked_pixels)
        result = Result(
            drift=seen.drift,
            success=seen.success,
            counts=seen.counts,
            distance=seen.distances.under(trial.settings.attack.norm),
            took_ms=sum(seen.stages_ms.values()),
            late=seen.late,
            shot=self._shot(attacked_view(seen, names, zoom=zoom)),
        )
        return replace(trial, progress=Progress.DONE, result=result)

    def _pipeline(self, run: _Run, trial: Trial, model: Detector) -> Pipeline:
        """What the live loop would send a frame through, but that it can be given up."""

        def clock() -> float:
            # Every question to the model looks at the clock.
            if run.given_up.is_set() or self._is_over():
                raise _GivenUp
            return time.perf_counter()

        own = trial.settings.attack.surrogate == model.name
        pipeline = build_pipeline(
            trial.settings, model, surrogate=model if own else self._surrogate
        )
        if pipeline.surrogate is not None and not own:
            self._surrogate = pipeline.surrogate[0]  # loading takes seconds
        # No card shows a margin, and its search would count as the attack's time.
        return replace(pipeline, width=run.still.frame.size[0], clock=clock, margin=None)

    # In either.

    def _still(self, seen: Observation, names: tuple[str, ...]) -> Still:
        drift, zoom = _alone(seen), legible_zoom(seen.frame.pixels)
        picture = clean_picture(seen.frame.pixels, drift, names, zoom=zoom)
        return Still(seen.frame, drift, self._shot(picture))

    def _shot(self, picture: Pixels) -> Shot:
        return Shot(str(next(self._serial)), encode(picture))


def _alone(seen: Observation) -> FrameDrift:
    """The clean answer matched with itself: what no attack has touched."""
    frame = seen.frame
    return match(seen.clean, seen.clean, index=frame.index, media_time=frame.media_time)


def _failed(trial: Trial, reason: str) -> Trial:
    return replace(trial, progress=Progress.FAILED, reason=reason)
