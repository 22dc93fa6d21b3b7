"""Where a frame is frozen and attacks are tried on it at one budget after the other, beside the live loop."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from models.detector import Detector, WhiteBoxDetector
from monitor.config import Settings
from monitor.live import Live
from monitor.margin import MarginSearch
from monitor.panel.controls import EPS
from monitor.panel.side_bench import NO_FRAME, GivenUp, Job, SideBench, reason_of
from monitor.panel.still import Shot, Still
from monitor.pipeline import Observation
from monitor.sweep import SweepPoint, at_eps, eps_grid, swept_attacks, tries_of


@dataclass(frozen=True, slots=True)
class Curve:
    """What one attack came to so far.

    Attributes
    ----------
    attack : its name in the catalogue.
    points : eps rising.
    reason : why there are no more, "" where there is nothing to say.
    """

    attack: str
    points: tuple[SweepPoint, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """All there is to show now, the same for every page.

    Attributes
    ----------
    version : grows with every change.
    still : the frozen frame; None before the first.
    settings : under which the curves were made; None before the first.
    grid : the budgets.
    curves : in the order of the catalogue.
    margin : least eps at which the frame was seen to fall; infinity: it did not; None: not measured.
    margin_note : why it was not.
    done, total : tries.
    stopped : given up before all were done.
    """

    version: int = 0
    still: Still | None = None
    settings: Settings | None = None
    grid: tuple[float, ...] = ()
    curves: tuple[Curve, ...] = ()
    margin: float | None = None
    margin_note: str = ""
    done: int = 0
    total: int = 0
    at_work: str = ""
    stopped: bool = False

    @property
    def busy(self) -> bool:
        """True while there is more to come."""
        return self.done < self.total and not self.stopped


@dataclass(slots=True, eq=False, kw_only=True)
class _Press(Job):
    """One press of the button."""

    settings: Settings
    attacks: tuple[str, ...]
    grid: tuple[float, ...]
    repeats: int


class SweepBench(SideBench):
    """Keeps one frozen frame and its latest curves, the same for every page.

    Parameters
    ----------
    session : whose frames, settings and model are taken.
    """

    def __init__(self, session: Live) -> None:
        super().__init__(session, "w")
        self._sweep = Sweep()

    def sweep(self) -> Sweep:
        """What there is to show now."""
        with self._lock:
            return self._sweep

    def shot(self, name: str) -> Shot | None:
        """The frozen frame."""
        still = self.sweep().still
        return still.shot if still is not None and still.shot.name == name else None

    def freeze(self) -> str:
        """Keep the newest clean frame, without curves; "" or, on one line, why that cannot be."""
        still = self._newest()
        if still is None:
            return NO_FRAME
        with self._lock:
            self._give_up()
            self._sweep = Sweep(self._sweep.version + 1, still)
        return ""

    def run(self, names: Collection[str], repeats: int = 1, most: float | None = None) -> str:
        """Begin a sweep of these attacks under the settings that hold; "" or why that cannot be.

        The newest frame is frozen where none is. What is at work is given up.

        Parameters
        ----------
        names : those that cannot keep the norm are left out.
        repeats : tries at each budget, of an attack that draws.
        most : the largest budget, in the unit of eps; None: the end of the panel's slider.
        """
        if self.sweep().still is None and (why := self.freeze()):
            return why
        held, model = self._session.settings, self._session.model
        settings = held.changed({"faults": "", "deadline_ms": 0, "margin_every": 0})
        norm = settings.attack.norm
        attacks = tuple(name for name in swept_attacks(settings) if name in names)
        grid = eps_grid(norm, most or EPS[norm].most * EPS[norm].unit)
        with self._lock:
            still = self._sweep.still
            why = self._hindrance(model, still)
            if why or model is None or still is None:
                return why
            if not attacks:
                return f"nothing to sweep: tick at least one attack that keeps budgets in {norm}"
            total = 1 + sum(len(grid) * tries_of(name, repeats) for name in attacks)
            self._sweep = Sweep(
                version=self._sweep.version + 1,
                still=still,
                settings=settings,
                grid=grid,
                curves=tuple(Curve(name) for name in attacks),
                total=total,
            )
            press = _Press(settings=settings, attacks=attacks, grid=grid, repeats=repeats)
            self._start(press, model, still)
        return ""

    # Under the lock.

    def _strike(self) -> None:
        if self._sweep.busy:
            self._change(stopped=True, at_work="")

    def _change(self, **parts: object) -> None:
        version = self._sweep.version + 1
        self._sweep = replace(self._sweep, version=version, **parts)  # type: ignore[arg-type]

    # The rest runs in the job's own thread.

    def _work(self, job: Job, model: Detector, still: Still) -> None:
        assert isinstance(job, _Press)
        self._tell(job, at_work="margin")
        margin, note = self._margin(job, job.settings, model, still)
        self._tell(job, margin=margin, margin_note=note, done=1)
        done = 1
        for i, attack in enumerate(job.attacks):
            settings = job.settings.changed({"attack": attack} | _needs(job.settings, model))
            tries = tries_of(attack, job.repeats)
            curve = Curve(attack)
            for eps in job.grid:
                self._tell(job, at_work=attack)
                try:
                    point = at_eps(
                        lambda words: self._observed(job, words, model, still), settings, eps, tries
                    )
                    curve = replace(curve, points=(*curve.points, point))
                except GivenUp:
                    raise
                except Exception as error:  # noqa: BLE001 - one attack's failure must not end the others
                    curve = replace(curve, reason=reason_of(error, attack))
                done += tries
                self._tell(job, curve=(i, curve), done=done)
        self._tell(job, at_work="")

    def _tell(self, job: Job, curve: tuple[int, Curve] | None = None, **parts: object) -> None:
        """Show how far it has come; leaves the job where it was given up."""
        with self._lock:
            if job.given_up.is_set():
                raise GivenUp
            if curve is not None:
                i, newest = curve
                held = self._sweep.curves
                parts["curves"] = (*held[:i], newest, *held[i + 1 :])
            self._change(**parts)

    def _observed(self, job: Job, settings: Settings, model: Detector, still: Still) -> Observation:
        return self._pipeline(job, settings, model, still).observe(still.frame)

    def _margin(
        self, job: Job, settings: Settings, model: Detector, still: Still
    ) -> tuple[float | None, str]:
        """FMN's margin of the frame, and why there is none."""
        if not isinstance(model, WhiteBoxDetector):
            return None, f"not measured: model {model.name} has no gradients"
        pipeline = self._pipeline(job, settings.changed({"attack": "none"}), model, still)
        search = MarginSearch(settings.attack.norm, every=1)
        try:
            found = replace(pipeline, margin=search).observe(still.frame).margin
        except GivenUp:
            raise
        except Exception as error:  # noqa: BLE001 - the curves can be had without it
            return None, "not measured: " + reason_of(error, "the margin")
        return found, "" if found is not None else "not measured: the goal has nothing to work on"


def _needs(settings: Settings, model: Detector) -> dict[str, str]:
    """What an attack may not go without: a transfer attack takes its own victim where none is named."""
    return {} if settings.attack.surrogate else {"surrogate": model.name}
