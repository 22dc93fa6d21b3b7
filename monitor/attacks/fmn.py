"""FMN: steps uphill on a ball whose size follows the boundary."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.attacks.balls import Box, length, project, steepness
from monitor.attacks.boundary import Nearest, per_level, tighten, time_is_up
from monitor.attacks.leap import BEYOND, leap
from monitor.distances import Norm
from monitor.goals import Criterion
from monitor.knowledge import Knowledge
from monitor.objective import Objective

LAST: Final = 0.01
"""The last step as a share of the first."""

FEW: Final = 100
"""With fewer steps the ball changes faster, up to half of it: with 10 steps the mean L2 over 8
photographs of 112 x 112 was 0.068, and 0.075 with the paper's share."""

LAST_CHANGE: Final = 0.001
"""By which share the ball grows or shrinks at the last step."""

INERTIA: Final = 0.5
"""Weight of the earlier gradients under L1, where a step moves a handful of values: the mean L1 over those
photographs was 1.20, and 1.39 without. Under L2 and Linf it changes nothing, L0 is better without."""

H = 0
HASTE: Final = 4
"""How much faster the ball grows under L1 and L0 until the goal was met once, where a linear model promises
far too much: without it 10 steps met the goal on 6 of 8 photographs under L1, on 3 under L0."""

_TINY: Final = 1e-12


@dataclass(frozen=True, slots=True)
class FMN:
    """Fast minimum norm (Pintor, Roli, Brendel, Biggio 2021, algorithm 1).

    A step of the normalised gradient, then a projection onto a ball that shrinks by a small share where
    the goal is met and grows where it is not. Before the goal was ever met the ball reaches as far as a
    linear model says. Steps and shares get smaller along half a cosine.

    Beside the paper: it begins at the linear optimum of the first gradient, which is where it ends on a
    linear model, and `monitor.attacks.boundary.tighten` ends it.

    Attributes
    ----------
    steps : gradients.
    step : L2 length of the first step, in pixel units of [0, 1].
    change : by which share the ball grows or shrinks at first.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset(Norm)

    steps: int = 100
    step: float = 1.0
    change: float = 0.05

    def nearest(
        self, objective: Objective, x: Pixels, norm: Norm, rng: np.random.Generator
    ) -> Gradient | None:
        """The offset of the nearest place found that meets the goal; None: none was found.

        `steps` forwards and backwards, the clean forward among them, and some forwards to tighten.
        """
        del rng
        box, found = Box.around(x), Nearest(norm)
        here = objective.slope(x, Criterion.GAP)
        slope = mean = per_level(here)
        if not slope.any():
            return None
        # A linear model's optimum lies on its boundary: a hair beyond, where the goal is met.
        offset = leap(slope, box, norm, abs(here.value) * BEYOND)
        size = length(offset, norm)
        first = min(self.change * max(FEW / self.steps, 1), 0.5)
        for i in range(1, self.steps):
            if time_is_up(objective, found):
                return tighten(objective, box, found)
            # Towards a target the gap is to whichever label leads, another one at every step.
            climbed = Criterion.GOAL if found.offset is None else Criterion.GAP
            look = objective.look(box.place(offset))
            gap = look.value(Criterion.GAP)
            here = look.slope(climbed)
            slope, fell = per_level(here), here.answer.fell
            found.see(offset, slope, fell=fell)
            cosine = (1 + math.cos(math.pi * i / self.steps)) / 2
            change = LAST_CHANGE + (first - LAST_CHANGE) * cosine
            reach = length(offset, norm) + abs(gap) / max(steepness(slope, norm), _TINY)
            size = _resized(size, change, reach, found, fell=fell)
            if norm is Norm.L1:
                slope = mean = INERTIA * mean + (1 - INERTIA) * slope
            if norm is Norm.L0 and i == 1:
                offset = np.zeros_like(offset)  # a corner of the box: a bad place to go on from
            share = self.step * (LAST + (1 - LAST) * cosine)
            offset = project(offset + _step(slope, norm, share, size), box, norm, size)
        return tighten(objective, box, found)


def _resized(size: float, change: float, reach: float, found: Nearest, *, fell: bool) -> float:
    """The ball after a look: smaller where the goal is met, larger where it is not.

    As far as a linear model reaches before the goal was ever met. Under L0 by a whole pixel at least, and
    always under the best.
    """
    whole, never = found.norm is Norm.L0, found.offset is None
    sparse = whole or found.norm is Norm.L1
    if fell:
        smaller = size * (1 - change)
        return max(min(size - 1, math.floor(smaller)), 1) if whole else min(smaller, found.size)
    larger = size * (1 + (HASTE if never and sparse else 1) * change)
    if whole:
        return max(min(max(size + 1, math.floor(larger)), found.size - 1), 1)
    if never:
        return max(reach, larger) if sparse else reach
    return larger


def _step(slope: Gradient, norm: Norm, share: float, size: float) -> Gradient:
    """An L2 length of `share`, in grey levels; under L0 every pixel that can stay may cross the range.

    Under L0 steps of length 1 met the goal on none of 4 photographs in 100 steps.
    """
    if norm is not Norm.L0:
        return np.float32(255 * share / max(steepness(slope, Norm.L2), _TINY)) * slope
    steep = np.abs(slope).sum(axis=-1).reshape(-1)
    first = max(len(steep) - 1 - int(size), 0)
    least = max(float(np.partition(steep, first)[first]), _TINY)
    return np.float32(255 * share / least) * slope
