"""DeepFool: to the nearest boundary of a linear model, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.attacks.balls import Box, steepness
from monitor.attacks.boundary import Nearest, per_level, tighten
from monitor.attacks.leap import leap
from monitor.distances import Norm
from monitor.knowledge import Knowledge
from monitor.objective import Objective

MOST: Final = 10
"""Ways to the goal that a step chooses from, as the authors' own code."""

OVERSHOOT: Final = 0.02
"""Eta: by which share the sum of all steps goes beyond the boundary."""

_FLOOR: Final = 1e-4  # a gap of 0 is no step at all


@dataclass(frozen=True, slots=True)
class DeepFool:
    """DeepFool (Moosavi-Dezfooli, Fawzi, Frossard 2016, algorithm 2; for Linf eq. 11 with q = 1).

    The goal can be met in several ways: a classifier's other labels, each object of a detector. Each is
    taken to be linear; the step goes to the nearest boundary, and no value leaves [0, 255]. Beside the
    paper: `monitor.attacks.boundary.tighten` takes the overshoot back.

    Attributes
    ----------
    steps : at most.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.L2, Norm.LINF})

    steps: int = 50

    def nearest(
        self, objective: Objective, x: Pixels, norm: Norm, rng: np.random.Generator
    ) -> Gradient | None:
        """The offset of the first place on the way that meets the goal, tightened; None: none did.

        A step is a forward and a backward for each of `MOST` ways.
        """
        del rng
        box, found = Box.around(x), Nearest(norm)
        total = offset = np.zeros(x.shape, np.float32)
        place: Pixels | Gradient = x
        for _ in range(self.steps):
            answer, ways = objective.ways(place, MOST)
            if answer.fell:
                break
            near = min(ways, key=lambda way: _distance(way.value, way.gradient, norm))
            slope = per_level(near)
            if not slope.any():
                return None
            total = total + leap(slope, box.seen_from(total), norm, abs(near.value) + _FLOOR)
            offset = box.clip(np.float32(1 + OVERSHOOT) * total)
            place = box.place(offset)
        found.see(offset, None, fell=objective.answer(place).fell)
        return tighten(objective, box, found)


def _distance(gap: float, gradient: Gradient, norm: Norm) -> float:
    return (abs(gap) + _FLOOR) / max(steepness(gradient, norm), 1e-12)
