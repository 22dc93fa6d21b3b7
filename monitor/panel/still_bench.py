"""Where a still is frozen and several attacks or faults are set on it, one after the other."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, replace

from models.detector import Detector
from monitor.faults import FAULTS
from monitor.live import Live
from monitor.panel.side_bench import NO_FRAME, GivenUp, Job, SideBench, reason_of, untouched
from monitor.panel.still import Progress, Result, Shot, Still, Table, Trial, still_attacks
from monitor.pictures import legible_zoom
from monitor.views import attacked_view


@dataclass(slots=True, eq=False, kw_only=True)
class _Press(Job):
    """One press of the button."""

    trials: tuple[Trial, ...]


class Bench(SideBench):
    """Keeps one still and its latest trials, the same for every page.

    Parameters
    ----------
    session : whose frames, settings and model are taken.
    """

    def __init__(self, session: Live) -> None:
        super().__init__(session, "s")
        self._table = Table()
        self._began = 0.0

    def table(self) -> Table:
        """What there is to show now."""
        with self._lock:
            elapsed = time.monotonic() - self._began if self._table.at_work else 0.0
            return replace(self._table, elapsed_s=elapsed)

    def shot(self, name: str) -> Shot | None:
        """A picture of the table."""
        return self.table().shot(name)

    def freeze(self) -> str:
        """Keep the newest clean frame and empty the table; "" or, on one line, why that cannot be."""
        still = self._newest()
        if still is None:
            return NO_FRAME
        with self._lock:
            self._give_up()
            self._show(still, ())
        return ""

    def attack(
        self, names: Collection[str], faults: Collection[str] = (), severity: float = 3
    ) -> str:
        """Set these on the still, under the settings that hold now; "" or why that cannot be.

        What is at work is given up, its cards go.

        Parameters
        ----------
        names : of attacks; each is tried without the stream's faults.
        faults : of natural faults; each is tried without an attack.
        severity : of each fault, from 1 to 5.
        """
        model, held = self._session.model, self._session.settings
        trials = [
            Trial(held.changed({"attack": name, "faults": ""}))
            for name in still_attacks()
            if name in names
        ]
        trials += [
            Trial(held.changed({"attack": "none", "faults": f"{name}:{severity:g}", "ramp": 0}))
            for name in FAULTS
            if name in faults
        ]
        with self._lock:
            still = self._table.still
            why = self._hindrance(model, still)
            if why or model is None or still is None:
                return why
            if not trials:
                return "nothing chosen: tick at least one attack or fault"
            self._show(still, tuple(trials))
            self._start(_Press(trials=tuple(trials)), model, still)
        return ""

    # Under the lock.

    def _show(self, still: Still | None, trials: tuple[Trial, ...]) -> None:
        self._table = Table(self._table.version + 1, still, trials)

    def _strike(self) -> None:
        if self._table.busy:
            stopped = (
                trial if trial.over else replace(trial, progress=Progress.STOPPED)
                for trial in self._table.trials
            )
            self._show(self._table.still, tuple(stopped))

    # The rest runs in the job's own thread.

    def _work(self, job: Job, model: Detector, still: Still) -> None:
        assert isinstance(job, _Press)
        for i, trial in enumerate(job.trials):
            if not self._put(job, still, i, replace(trial, progress=Progress.WORKING)):
                return
            try:
                still, done = self._tried(job, trial, model, still)
            except GivenUp:
                raise
            except Exception as error:  # noqa: BLE001 - one attack's failure must not end the others
                done = _failed(trial, reason_of(error, trial.title))
            self._put(job, still, i, done)

    def _put(self, job: Job, still: Still, i: int, trial: Trial) -> bool:
        """Show how a trial stands; False, and nothing is shown, where the job was given up."""
        with self._lock:
            if job.given_up.is_set():
                return False
            if trial.progress is Progress.WORKING:
                self._began = time.monotonic()
            trials = self._table.trials
            self._show(still, (*trials[:i], trial, *trials[i + 1 :]))
            return True

    def _tried(self, job: Job, trial: Trial, model: Detector, still: Still) -> tuple[Still, Trial]:
        seen = self._pipeline(job, trial.settings, model, still).observe(still.frame)
        names = model.class_names
        if untouched(seen) != still.drift:  # threshold or model were changed since it was frozen
            still = self._still(seen, names)
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
        return still, replace(trial, progress=Progress.DONE, result=result)


def _failed(trial: Trial, reason: str) -> Trial:
    return replace(trial, progress=Progress.FAILED, reason=reason)
