"""The smooth, slightly unsteady way of a camera that somebody holds."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sin
from typing import Final

import numpy as np

# (period [s], share of the amplitude). Slow swings that never line up, and the tremor of a hand
# around 0.5 to 1.5 Hz, small enough to look steadied.
_SWINGS: Final = ((17.0, 0.50), (9.3, 0.32), (4.1, 0.13), (1.7, 0.035), (0.71, 0.015))


@dataclass(frozen=True, slots=True)
class Sway:
    """One coordinate of the path: a sum of sines, in [-1, 1], that comes back after `period` seconds.

    Attributes
    ----------
    period : seconds after which the path closes; every swing goes round a whole number of times in it.
    swings : (rounds in a period, amplitude, phase) of each sine.
    """

    period: float
    swings: tuple[tuple[int, float, float], ...]

    @classmethod
    def drawn(cls, rng: np.random.Generator, period: float) -> Sway:
        """Draw the phases, and rates that differ a little from path to path.

        A swing slower than the period goes round once, with an amplitude that is less by as much: its speed
        stays that of a camera and not that of a shaken one.
        """
        swings = []
        for usual, share in _SWINGS:
            length = usual * rng.uniform(0.85, 1.15)
            rounds = max(1, round(period / length))
            swings.append((rounds, share * min(1.0, period / length), rng.uniform(0.0, 2.0 * pi)))
        return cls(period, tuple(swings))

    def at(self, seconds: float) -> float:
        """Value in [-1, 1] at a time."""
        turn = 2.0 * pi * (seconds / self.period)
        return sum(
            amplitude * sin(rounds * turn + phase) for rounds, amplitude, phase in self.swings
        )
