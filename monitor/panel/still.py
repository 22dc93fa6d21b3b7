"""A still that was frozen and what attacks have made of it: what there is to show, and nothing that works."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from monitor.answers import Counts
from monitor.catalog import CATALOG, NONE
from monitor.config import Settings
from monitor.drift.matching import FrameDrift
from monitor.patches.wearing import wearing
from monitor.perturbers import per_frame
from streams.frame import Frame


class Progress(StrEnum):
    """How far an attack on the still has come."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"  # see the reason
    STOPPED = "stopped"  # before it was done


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture with its boxes, JPEG, and the name under which a page can ask for it; no name comes twice."""

    name: str
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Still:
    """The frozen frame.

    Attributes
    ----------
    frame : clean, at the working resolution.
    drift : the model's answer to it, matched with itself.
    shot : the frame with that answer.
    """

    frame: Frame
    drift: FrameDrift
    shot: Shot


@dataclass(frozen=True, slots=True)
class Result:
    """What an attack came to.

    Attributes
    ----------
    drift : the answers to the still and to the attacked still, matched.
    success : the goal was met; None where there was nothing to attack.
    counts : what was spent, both answers included.
    distance : from the still, under the norm of the budget.
    took_ms : milliseconds, both answers included; the live loop may have run beside it.
    late : True where that was longer than the deadline.
    shot : the attacked still with the answer to it.
    """

    drift: FrameDrift
    success: bool | None
    counts: Counts
    distance: float
    took_ms: float
    late: bool
    shot: Shot


@dataclass(frozen=True, slots=True)
class Trial:
    """One attack on the still.

    Attributes
    ----------
    settings : under which it works; they name the attack.
    result : once it is done.
    reason : why there is none, on one line.
    """

    settings: Settings
    progress: Progress = Progress.WAITING
    result: Result | None = None
    reason: str = ""

    @property
    def attack(self) -> str:
        """Its name in the catalogue."""
        return self.settings.attack.attack

    @property
    def title(self) -> str:
        """What is set on the still: the attack, or the fault with its severity."""
        return self.settings.faults.faults if self.attack == NONE else self.attack

    @property
    def over(self) -> bool:
        """True where nothing more will come of it."""
        return self.progress not in (Progress.WAITING, Progress.WORKING)


@dataclass(frozen=True, slots=True)
class Table:
    """All there is to show now, the same for every page.

    Attributes
    ----------
    version : grows with every change of what follows, but for `elapsed_s`.
    still : None before the first was frozen.
    trials : the latest ones, in the order of the catalogue.
    elapsed_s : seconds that the attack at work has taken so far.
    """

    version: int = 0
    still: Still | None = None
    trials: tuple[Trial, ...] = ()
    elapsed_s: float = 0.0

    @property
    def done(self) -> int:
        """How many of the trials are over."""
        return sum(trial.over for trial in self.trials)

    @property
    def busy(self) -> bool:
        """True while there is more to come."""
        return self.done < len(self.trials)

    @property
    def at_work(self) -> str:
        """The attack or fault that works now; "" before the first and between two."""
        return next((t.title for t in self.trials if t.progress is Progress.WORKING), "")

    def shot(self, name: str) -> Shot | None:
        """The picture of that name; None where it is not, or no longer, on the table."""
        shots = [trial.result.shot for trial in self.trials if trial.result]
        if self.still is not None:
            shots.append(self.still.shot)
        return next((shot for shot in shots if shot.name == name), None)


def still_attacks() -> tuple[str, ...]:
    """The attacks that make sense on one frame: all but those that are carried over time."""
    return tuple(name for name, entry in CATALOG.items() if entry.lift in (per_frame, wearing))


def carried_attacks() -> tuple[str, ...]:
    """The others, which on one frame have nothing to carry from and to."""
    return tuple(name for name in CATALOG if name not in still_attacks())
