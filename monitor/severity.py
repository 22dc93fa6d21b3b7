"""How severe faults must be until the detector fails, from a run in which they ramp up and down."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from monitor.corruptions.fault import WORST

STEP: Final = 0.5
"""Severities that are counted together."""

LEAST: Final = 3
"""Frames that a step needs to say anything."""

HALF: Final = 0.5
"""Share of the frames from which the detector has failed."""

Point = tuple[float, float, int]
"""(upper end of the step, share of its frames that fell, frames)."""


def severity_curve(seen: Iterable[tuple[float, bool]]) -> list[Point]:
    """Share of the frames that fell, by the severity that they had.

    Parameters
    ----------
    seen : (severity over 0, whether the goal was met) of each frame that had something to lose.
    """
    steps: dict[int, list[bool]] = {}
    for severity, fell in seen:
        if severity > 0:
            steps.setdefault(min(math.ceil(severity / STEP), math.ceil(WORST / STEP)), []).append(
                fell
            )
    return [
        (step * STEP, sum(fell) / len(fell), len(fell))
        for step, fell in sorted(steps.items())
        if len(fell) >= LEAST
    ]


def fails_at(curve: Iterable[Point]) -> float | None:
    """The least severity at which at least half of the frames fell; None where none did."""
    return next((severity for severity, share, _ in curve if share >= HALF), None)
