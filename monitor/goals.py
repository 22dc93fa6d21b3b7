"""What an attacker wants of a detector, and when a frame has fallen to it."""

from __future__ import annotations

from enum import StrEnum

import supervision as sv

from monitor.pairing import pair


class Goal(StrEnum):
    """An attacker's goal on one frame.

    any : drift of any kind, one object missed, relabelled or fabricated.
    vanish : every clean object is missed.
    fabricate : at least one object appears that the clean answer does not hold.
    """

    ANY = "any"
    VANISH = "vanish"
    FABRICATE = "fabricate"

    def applies(self, clean: sv.Detections) -> bool:
        """False where the goal has nothing to work on: VANISH on a frame without objects."""
        return self is not Goal.VANISH or len(clean) > 0


def progress(
    goal: Goal, clean: sv.Detections, attacked: sv.Detections, iou: float
) -> tuple[bool, int]:
    """(goal met, number of objects that drifted the goal's way); more is closer to the goal.

    A frame has fallen when the goal is met; the number ranks attempts that have not met it.
    """
    pairs = pair(clean, attacked, iou)
    missed = len(clean) - len(pairs)
    fabricated = len(attacked) - len(pairs)
    if goal is Goal.VANISH:
        return len(clean) > 0 and missed == len(clean), missed
    if goal is Goal.FABRICATE:
        return fabricated > 0, fabricated
    relabelled = sum(_label(clean, a) != _label(attacked, b) for a, b, _ in pairs)
    drifted = missed + fabricated + relabelled
    return drifted > 0, drifted


def _label(detections: sv.Detections, i: int) -> int:
    return 0 if detections.class_id is None else int(detections.class_id[i])
