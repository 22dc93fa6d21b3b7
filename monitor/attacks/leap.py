"""The shortest way up a slope: where a minimal perturbation of a linear model ends."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitor.arrays import Gradient
from monitor.attacks.balls import Box, only
from monitor.distances import Norm

BEYOND: Final = 1 + 1e-4
"""A hair beyond a linear model's boundary, where the goal is met."""

_HALVINGS: Final = 30
"""Of a length that is looked for; 1e-9 of where it began."""


def leap(slope: Gradient, box: Box, norm: Norm, gain: float) -> Gradient:
    """The shortest offset inside the box by which a linear function rises by `gain`.

    In closed form where the box is far: gain / dual norm long. Linf, L2: as long as it takes, every value
    until it is black or white. L1: the steepest value to its end, then the next. L0: so do all channels of
    the pixels that gain most. Where the box holds no such offset, the uppermost corner.

    Parameters
    ----------
    slope : per grey level, finite.
    gain : at least 0.
    """
    room = box.room(slope)
    gains = np.abs(slope) * room
    if gain > float(gains.sum(dtype=np.float64)):
        return room * np.sign(slope)
    match norm:
        case Norm.LINF | Norm.L2:
            way = np.sign(slope) if norm is Norm.LINF else slope
            return _risen(slope, box, way, gain)
        case Norm.L1:
            order = np.argsort(-np.abs(slope), axis=None)
            before = np.cumsum(gains.reshape(-1)[order], dtype=np.float64)
            last = int(np.searchsorted(before, gain))
            offset = np.zeros(slope.size, np.float32)
            offset[order[: last + 1]] = room.reshape(-1)[order[: last + 1]]
            over = float(before[last]) - gain
            steep = abs(float(slope.reshape(-1)[order[last]]))
            offset[order[last]] -= np.float32(over / steep if steep > 0 else 0)
            return offset.reshape(slope.shape) * np.sign(slope)
        case Norm.L0:
            worth = gains.sum(axis=-1)
            sums = np.cumsum(-np.sort(-worth, axis=None), dtype=np.float64)
            return only(room * np.sign(slope), worth, int(np.searchsorted(sums, gain)) + 1)


def _risen(slope: Gradient, box: Box, way: Gradient, gain: float) -> Gradient:
    """The shortest clip(t * way) that gains so much."""

    def at(t: float) -> tuple[Gradient, float]:
        offset = box.clip(np.float32(t) * way)
        return offset, float(np.vdot(offset, slope))

    free = float(np.vdot(way, slope))
    low = high = gain / free if free > 0 else 0.0
    offset, risen = at(high)
    if risen >= gain * (1 - 1e-6):  # as a rule
        return offset
    while risen < gain and high < 1e30:
        low, high = high, 2 * high
        offset, risen = at(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        there, risen = at(middle)
        if risen < gain:
            low = middle
        else:
            high, offset = middle, there
    return offset
