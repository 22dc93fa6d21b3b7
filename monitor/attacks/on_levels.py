"""From a place between the grey levels to the nearest frame along the way to it that still falls."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.attacks.balls import length
from monitor.attacks.iterate import Iterate
from monitor.distances import Budget, Norm
from monitor.objective import Objective

ASKS: Final = 8
"""Forwards on the grey levels, as a rule."""

BEGIN: Final = {Norm.LINF: 1.0, Norm.L2: 2.0, Norm.L1: 1.15, Norm.L0: 1.0}
"""Length at which the first rounded frame is tried, as a share of the length between the levels. Of three
photographs the frames fell from 2.1 to 2.9 under L2, where few values move by as much as a level, from
1.0 to 1.2 under L1."""

WIDER: Final = 1.5
"""By what the length grows until a rounded frame falls."""

CLOSE: Final = 1.01
"""Lengths that are this near each other are not told apart."""

STRONGER: Final = (1.0, 1.1, 1.5)
"""Under L0, by what the colours are driven on until the rounded frame falls; as a rule it does at once."""


SLACK: Final = 1e-4
"""Grey levels; 4/255 * 255 is not 4 on every machine."""


def on_levels(objective: Objective, x: Pixels, budget: Budget, offset: Gradient) -> Pixels:
    """The nearest rounded frame along an offset that falls; where none does, the one at the whole budget.

    Raises
    ------
    Stopped : the limits are reached.
    """
    norm, size = budget.norm, length(offset, budget.norm)
    if size == 0:
        return Iterate(x, budget).put(offset)
    along = _Along(objective, x, norm, offset, size)
    if norm is Norm.L0:
        high = min(size, budget.levels)
        fell = any(along.falls(high, stronger) for stronger in STRONGER)
    else:
        high, fell = _bracket(along, size, budget)
    low = 0.9 * size if norm in (Norm.L2, Norm.L1) else 0.0
    while fell and along.asked < ASKS:
        middle = math.sqrt(low * high) if low else high / 2
        if norm in (Norm.LINF, Norm.L0):
            middle = math.floor((low + high) / 2)
        if middle <= low or high <= low * CLOSE:
            break
        low, high = (low, middle) if along.falls(middle) else (middle, high)
    return along.found


def _bracket(along: _Along, size: float, budget: Budget) -> tuple[float, bool]:
    """A length whose frame falls, the first of ever wider ones; (length, fell)."""
    most = budget.levels
    high = BEGIN[budget.norm] * size
    while True:
        if budget.norm is Norm.LINF:  # only whole levels differ
            high = math.ceil(high - SLACK)
        high = min(high, most)
        if along.falls(high):
            return high, True
        if high >= most:
            return high, False
        high = high * WIDER if along.asked < ASKS - 1 else most


class _Along:
    """Rounded frames along an offset.

    asked : forwards.
    stronger : by what the colours are driven on; under L0 all lengths have the same.
    found : the nearest that fell; before any did, the last that was tried.
    """

    def __init__(
        self, objective: Objective, x: Pixels, norm: Norm, offset: Gradient, size: float
    ) -> None:
        self._objective, self._x, self._norm = objective, x, norm
        self._offset, self._size = offset, size
        self._fallen = False
        self.asked, self.stronger = 0, 1.0
        self.found = x

    def falls(self, far: float, stronger: float | None = None) -> bool:
        """Whether the frame of that length falls; one forward."""
        self.stronger = stronger or self.stronger
        few = self._norm is Norm.L0
        eps, scale = (far, self.stronger) if few else (far / 255, far / self._size)
        frame = Iterate(self._x, Budget(self._norm, eps)).put(np.float32(scale) * self._offset)
        fell = self._objective.answer(frame).fell
        self.asked += 1
        if fell or not self._fallen:
            self.found, self._fallen = frame, fell
        return fell
