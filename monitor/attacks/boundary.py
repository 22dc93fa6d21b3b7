"""What the searches for the nearest place share: the best so far, and the way back to the boundary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from monitor.answers import Slope
from monitor.arrays import Gradient
from monitor.attacks.balls import Box, length, only
from monitor.distances import Norm
from monitor.objective import Objective

ASKS: Final = 6
"""Forwards of `tighten`."""

HOME: Final = 6.0
"""Gradients that cost as much time as tightening and rounding: 6 + 8 forwards, a gradient is 2.5 of them."""

WIDTH: Final = 0.02
"""Share of an offset that is tried first to be spared: DeepFool's overshoot."""


@dataclass(slots=True, eq=False)
class Nearest:
    """The shortest offset so far that met the goal.

    Attributes
    ----------
    norm : what short means.
    offset : float32 (H, W, 3) in grey levels; None before the first.
    slope : of the gap there, per grey level.
    size : its length; infinity before the first.
    """

    norm: Norm
    offset: Gradient | None = None
    slope: Gradient | None = None
    size: float = field(default=np.inf)

    def see(self, offset: Gradient, slope: Gradient | None, *, fell: bool) -> None:
        """A place that was judged; the arrays are kept, not copied."""
        size = length(offset, self.norm)
        if fell and size < self.size:
            self.offset, self.slope, self.size = offset, slope, size


def per_level(slope: Slope) -> Gradient:
    """The gradient per grey level, float32 (H, W, 3); 0 where it is not finite."""
    finite = np.nan_to_num(slope.gradient, nan=0.0, posinf=0.0, neginf=0.0)
    gradient: Gradient = finite / np.float32(255)
    return gradient


def time_is_up(objective: Objective, found: Nearest) -> bool:
    """True where what is left of the time is needed to bring what was found home."""
    return found.offset is not None and not objective.time_for(HOME)


def tighten(objective: Objective, box: Box, found: Nearest) -> Gradient | None:
    """The offset that was found, shortened until the goal is only just met; `ASKS` forwards.

    L0: the pixels that do least for the goal go back to their colours. Others: the whole offset is scaled.

    Raises
    ------
    Stopped : the limits are reached.
    """
    if found.offset is None:
        return None
    if found.norm is Norm.L0:
        return _fewer(objective, box, found.offset, found.slope)
    return _shorter(objective, box, found.offset)


def _fell(objective: Objective, box: Box, offset: Gradient) -> bool:
    return objective.answer(box.place(offset)).fell


def _shorter(objective: Objective, box: Box, offset: Gradient) -> Gradient:
    low, high, width = 0.0, 1.0, WIDTH
    for _ in range(ASKS):
        # Back in growing steps until the goal is lost, then halves of what lies between.
        scale = max(high - width, high / 2) if low == 0 else (low + high) / 2
        if _fell(objective, box, np.float32(scale) * offset):
            high, width = scale, 4 * width
        else:
            low = scale
    return np.float32(high) * offset


def _fewer(objective: Objective, box: Box, offset: Gradient, slope: Gradient | None) -> Gradient:
    moved = offset.any(axis=-1)
    worth = np.square(offset).sum(axis=-1) if slope is None else (slope * offset).sum(axis=-1)
    worth = np.where(moved, worth, -np.inf)
    low, high = 0, int(moved.sum())
    for _ in range(ASKS):
        if high - low <= 1:
            break
        # Of many pixels few can go; of a handful as likely as not half.
        count = max((low + 3 * high) // 4, low + 1) if high > 8 else (low + high) // 2
        fewer = only(offset, worth, count)
        if _fell(objective, box, fewer):
            high, offset = count, fewer
        else:
            low = count
    return offset
