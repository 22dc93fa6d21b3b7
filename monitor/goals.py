"""What an attacker wants of a model, and when a frame has fallen to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import supervision as sv

from monitor.pairing import pair
from monitor.places import Region, inside


class Goal(StrEnum):
    """An attacker's goal on one frame, as config.toml names it.

    any : drift of any kind, one object missed, relabelled or fabricated; another label of a whole frame.
    vanish : every clean object is missed.
    fabricate : at least one object appears that the clean answer does not hold.
    mislabel : every clean object is found as one of the target class.
    """

    ANY = "any"
    VANISH = "vanish"
    FABRICATE = "fabricate"
    MISLABEL = "mislabel"

    @property
    def heeds(self) -> tuple[str, ...]:
        """The words of config.toml that say more about this goal."""
        if self is Goal.FABRICATE:
            return ("target", "at")
        return ("target",) if self is Goal.MISLABEL else ()


class Criterion(StrEnum):
    """What an attack climbs towards its goal (`monitor.criteria`).

    goal : the goal's loss (`monitor.losses`), which does not saturate.
    ce : cross-entropy, as most papers have it.
    dlr : difference of logits ratio (Croce, Hein 2020, eq. 6 and 7): the gap, freed of the scale of logits.
    gap : the lead in logits that the goal is missed by.
    """

    GOAL = "goal"
    CE = "ce"
    DLR = "dlr"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Aim:
    """A goal with all that belongs to it on one frame.

    Attributes
    ----------
    goal : what is wanted.
    target : the class id that MISLABEL turns objects into, or that FABRICATE makes appear (None: any class).
    region : where FABRICATE wants it, by its centre; None: anywhere; empty: nowhere in this frame.

    Raises
    ------
    ValueError : MISLABEL without a target.
    """

    goal: Goal
    target: int | None = None
    region: Region | None = None

    def __post_init__(self) -> None:
        if self.goal is Goal.MISLABEL and self.target is None:
            raise ValueError("mislabel needs a target class")

    def applies(self, clean: sv.Detections) -> bool:
        """False where the goal has nothing to work on.

        VANISH: a frame without objects. MISLABEL: a frame without objects of another class.
        FABRICATE: a frame that does not have the place, or whose clean answer has such an object there.
        """
        if self.goal is Goal.VANISH:
            return len(clean) > 0
        if self.goal is Goal.MISLABEL:
            return bool((labels(clean) != self.target).any())
        if self.goal is Goal.FABRICATE and self.region is not None:
            return len(self.region) > 0 and not self._wanted(clean).any()
        return True

    def progress(
        self, clean: sv.Detections, attacked: sv.Detections, iou: float
    ) -> tuple[bool, int]:
        """(goal met, number of objects that drifted the goal's way); more is closer to the goal.

        A frame has fallen when the goal is met; the number ranks attempts that have not met it.
        """
        pairs = pair(clean, attacked, iou)
        missed = len(clean) - len(pairs)
        if self.goal is Goal.VANISH:
            return len(clean) > 0 and missed == len(clean), missed
        if self.goal is Goal.FABRICATE:
            new = self._wanted(attacked)
            new[[b for _, b, _ in pairs]] = False
            return bool(new.any()), int(new.sum())
        was, now = labels(clean), labels(attacked)
        if self.goal is Goal.MISLABEL:
            others = int((was != self.target).sum())
            turned = sum(bool(was[a] != self.target and now[b] == self.target) for a, b, _ in pairs)
            return 0 < others == turned, turned
        fabricated = len(attacked) - len(pairs)
        drifted = missed + fabricated + sum(bool(was[a] != now[b]) for a, b, _ in pairs)
        return drifted > 0, drifted

    def _wanted(self, detections: sv.Detections) -> npt.NDArray[np.bool_]:
        """Which of them FABRICATE would count, were they new."""
        wanted = np.ones(len(detections), dtype=bool)
        if self.target is not None:
            wanted &= labels(detections) == self.target
        if self.region is not None:
            wanted &= inside(detections.xyxy, self.region)
        return wanted


def labels(detections: sv.Detections) -> npt.NDArray[np.int64]:
    """Class ids (n,); 0 where the model gives none."""
    if detections.class_id is None:
        return np.zeros(len(detections), dtype=np.int64)
    return detections.class_id.astype(np.int64)
