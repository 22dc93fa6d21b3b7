"""The L0 update's passes over a frame, compiled."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels
from monitor.kernels.blocks import BLOCK, FINITE
from monitor.kernels.gather import PARTS, Counts, Places, note

CHANNELS = 3

_PIECE = 1_365 * CHANNELS
"""Values whose worth is written down and looked at again while it lies in the first cache."""

_LENGTH = 4 * _PIECE
"""Of a block, in whole pixels."""


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def _sizes(gradient: Gradient) -> float:
    total = 0.0
    for i in range(gradient.size):
        size = abs(gradient[i])
        total += np.float64(size if size <= FINITE else np.float32(0))
    return total


@numba.njit(parallel=True, cache=True, nogil=True)
def mean_size(gradient: Gradient) -> float:
    """Mean of the absolute values; those that are not finite count as 0."""
    sums = np.zeros((gradient.size + BLOCK - 1) // BLOCK, np.float64)
    for block in numba.prange(sums.size):
        sums[block] = _sizes(gradient[block * BLOCK : (block + 1) * BLOCK])
    total = 0.0
    for block in range(sums.size):
        total += sums[block]
    return total / max(gradient.size, 1)


@numba.njit(cache=True, nogil=True)
def _place(base: np.float32, slope: np.float32, here: np.float32, rate: np.float32) -> np.float32:
    """Where a value goes, relative to the clean one: along the gradient, inside [0, 255]."""
    slope = slope if abs(slope) <= FINITE else np.float32(0)
    return min(max(here + rate * slope, -base), np.float32(255) - base)


@numba.njit(cache=True, nogil=True)
def _edge(base: np.float32, slope: np.float32, here: np.float32) -> np.float32:
    """Where it goes as far uphill as it can."""
    there = np.float32(255) - base if slope > 0 else here
    there = -base if slope < 0 else there
    return there if abs(slope) <= FINITE else here


@numba.njit(cache=True, nogil=True)
def _gain(slope: np.float32, way: np.float32) -> np.float32:
    size = abs(slope)
    return min((size if size <= FINITE else np.float32(0)) * abs(way), FINITE)


@numba.njit(cache=True, nogil=True)
def _appraise(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    rate: float,
    steepest: bool,
    worth: Gradient,
) -> None:
    """What values on the clean frame are worth, as `scored` has it; those off it: the most."""
    way, zero = np.float32(rate), np.float32(0)
    if steepest:
        for i in range(clean.size):
            gain = _gain(gradient[i], _edge(np.float32(clean[i]), gradient[i], zero))
            worth[i] = FINITE if offset[i] != 0 else gain
    else:
        for i in range(clean.size):
            place = _place(np.float32(clean[i]), gradient[i], zero, way)
            worth[i] = FINITE if offset[i] != 0 else place * place


@numba.njit(parallel=True, cache=True, nogil=True)
def collect(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    out: Pixels,
    rate: float,
    steepest: bool,
    least: float,
    found: Places,
    counts: Counts,
) -> None:
    """Copy the frame to `out`; note the pixels worth at least `least`, or off the clean frame."""
    bar, first = np.float32(least), np.zeros(_PIECE, np.uint8)
    first[::CHANNELS] = 1
    each = (offset.size + _LENGTH * PARTS - 1) // (_LENGTH * PARTS) * _LENGTH
    for part in numba.prange(PARTS):
        flags = np.zeros(BLOCK, np.uint8)
        worth = np.zeros(_PIECE + CHANNELS, np.float32)
        count = 0
        for start in range(part * each, min((part + 1) * each, offset.size), _LENGTH):
            stop = min(start + _LENGTH, offset.size)
            for begin in range(start, stop, _PIECE):
                end = min(begin + _PIECE, stop)
                levels, kept = clean[begin:end], out[begin:end]
                _appraise(levels, gradient[begin:end], offset[begin:end], rate, steepest, worth)
                marks = flags[begin - start : end - start]
                one, two, three = worth[:-2], worth[1:-1], worth[2:]
                for i in range(marks.size):
                    # At every value, though two thirds are of no use: a loop over pixels is not vectorised.
                    marks[i] = np.uint8((one[i] + two[i]) + three[i] >= bar) & first[i]
                for i in range(levels.size):
                    kept[i] = levels[i]
            flags[stop - start :] = 0
            count += note(flags, start, found[part, count:])
        counts[part] = count


@numba.njit(cache=True, nogil=True)
def scored(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    places: Places,
    rate: float,
    steepest: bool,
) -> tuple[Gradient, Gradient]:
    """Of the pixels whose first values are at `places`: (where they go, (pixels, 3); what they are worth)."""
    moves, worth = np.empty((places.size, CHANNELS), np.float32), np.zeros(places.size, np.float32)
    way = np.float32(rate)
    for i in range(places.size):
        for channel in range(CHANNELS):
            at = places[i] + channel
            base, slope, here = np.float32(clean[at]), gradient[at], offset[at]
            if steepest:
                move = _edge(base, slope, here)
                worth[i] += _gain(slope, move - here)
            else:
                move = _place(base, slope, here, way)
                worth[i] += move * move
            moves[i, channel] = move
    return moves, worth


@numba.njit(cache=True, nogil=True)
def put(
    places: Places, moves: Gradient, kept: npt.NDArray[np.bool_], offset: Gradient, out: Pixels
) -> None:
    """Write the pixels that are kept; the others go back to the clean frame, which `out` is already."""
    for i in range(places.size):
        for channel in range(CHANNELS):
            at = places[i] + channel
            offset[at] = moves[i, channel] if kept[i] else np.float32(0)
            level = np.float32(out[at]) + offset[at] + np.float32(0.5)
            out[at] = np.uint8(np.int32(level))
