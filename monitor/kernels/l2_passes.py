"""The L2 update's two passes over a frame, compiled.

Numbers come and go as Python's floats, for numba gives float32 back as these; inside they are float32, as
the frame's are.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels
from monitor.kernels.blocks import BLOCK, FINITE
from monitor.kernels.gather import PARTS, Counts, Flags, Places, note, pick

Sums = npt.NDArray[np.float64]

_RUN = 256
"""Values whose squared levels are added in float32: 256 * 255^2 is under 2^24, so the sum is exact."""


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def _products(gradient: Gradient, offset: Gradient) -> tuple[float, float, float]:
    # Free to add in vector lanes: the order is the compiler's, but the same in every run.
    steep = across = long = 0.0
    for i in range(gradient.size):
        slope = np.float64(gradient[i] if abs(gradient[i]) <= FINITE else np.float32(0))
        place = np.float64(offset[i])
        steep += slope * slope
        across += slope * place
        long += place * place
    return steep, across, long


@numba.njit(parallel=True, cache=True, nogil=True)
def products(gradient: Gradient, offset: Gradient) -> Sums:
    """(gradient . gradient, gradient . offset, offset . offset) a block, float64 (blocks, 3)."""
    blocks = (offset.size + BLOCK - 1) // BLOCK
    sums = np.zeros((blocks, 3), dtype=np.float64)
    for block in numba.prange(blocks):
        start, stop = block * BLOCK, min((block + 1) * BLOCK, offset.size)
        steep, across, long = _products(gradient[start:stop], offset[start:stop])
        sums[block, 0], sums[block, 1], sums[block, 2] = steep, across, long
    return sums


@numba.njit(cache=True, nogil=True)
def rounded(size: np.float32, scale: np.float32) -> np.float32:
    """Whole levels of a size: to the nearest of `scale` times it, never past the next whole number."""
    return min(np.rint(scale * size), np.ceil(size))


@numba.njit(cache=True, nogil=True)
def _move(clean: Pixels, gradient: Gradient, offset: Gradient, rate: float, shrink: float) -> None:
    way, share = np.float32(rate), np.float32(shrink)
    for i in range(offset.size):
        base, slope = np.float32(clean[i]), gradient[i]
        slope = slope if abs(slope) <= FINITE else np.float32(0)
        # Clipped as an offset: base + place - base would lose what is under 1e-5 of a level.
        offset[i] = min(max(share * (offset[i] + way * slope), -base), np.float32(255) - base)


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def _round(
    clean: Pixels, offset: Gradient, out: Pixels, around: tuple[float, float], flags: Flags
) -> tuple[float, float, float, float]:
    zero, low, high = np.float32(0), np.float32(around[0]), np.float32(around[1])
    long = nearest = least = most = 0.0
    for start in range(0, offset.size, _RUN):
        places, marks = offset[start : start + _RUN], flags[start : start + _RUN]
        bases, levels = clean[start : start + _RUN], out[start : start + _RUN]
        # On its own, for it takes lanes twice as wide: 0.6 ms less a 1080p frame on one thread.
        for i in range(places.size):
            long += np.float64(places[i]) * np.float64(places[i])
        near, few, many = zero, zero, zero
        for i in range(places.size):
            size = abs(places[i])
            level, down, up = np.rint(size), rounded(size, low), rounded(size, high)
            levels[i] = np.uint8(np.int32(np.float32(bases[i]) + np.copysign(down, places[i])))
            near += level * level
            few += down * down
            many += up * up
            marks[i] = np.uint8(up != down)
        nearest += np.float64(near)
        least += np.float64(few)
        most += np.float64(many)
    return long, nearest, least, most


@numba.njit(parallel=True, cache=True, nogil=True)
def move_and_round(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    out: Pixels,
    rate: float,
    shrink: float,
    low: float,
    high: float,
    found: Places,
    moves: Gradient,
    counts: Counts,
) -> Sums:
    """Go `rate` along the gradient, shrink, clip to [0, 255], round at the scale `low`.

    Returns squared lengths a block, float64 (blocks, 4): of the offset, of it rounded to the nearest level,
    rounded at `low`, rounded at `high`. The values that `low` and `high` round to different levels are noted,
    a row a part: where in `found`, the offset in `moves`, how many in `counts`.
    """
    sums = np.zeros(((offset.size + BLOCK - 1) // BLOCK, 4), dtype=np.float64)
    each = (offset.size + BLOCK * PARTS - 1) // (BLOCK * PARTS)
    for part in numba.prange(PARTS):
        flags = np.zeros(BLOCK, dtype=np.uint8)
        count = 0
        for block in range(part * each, min((part + 1) * each, len(sums))):
            start, stop = block * BLOCK, min((block + 1) * BLOCK, offset.size)
            bases, places = clean[start:stop], offset[start:stop]
            _move(bases, gradient[start:stop], places, rate, shrink)
            flags[stop - start :] = 0
            long, nearest, least, most = _round(
                bases, places, out[start:stop], (low, high), flags[: stop - start]
            )
            sums[block, 0], sums[block, 1] = long, nearest
            sums[block, 2], sums[block, 3] = least, most
            if least != most:
                end = count + note(flags, start, found[part, count:])
                pick(places, start, found[part, count:end], moves[part, count:])
                count = end
        counts[part] = count
    return sums


@numba.njit(cache=True, nogil=True)
def sampled(
    clean: Pixels, gradient: Gradient, offset: Gradient, stride: int, rate: float, shrink: float
) -> tuple[Gradient, float, float]:
    """Where every `stride`-th value goes: (sizes, squared length lost to clipping, sum of its squares)."""
    sizes = np.empty((clean.size + stride - 1) // stride, np.float32)
    lost = doubt = 0.0
    way, share = np.float32(rate), np.float32(shrink)
    for i in range(sizes.size):
        base, slope = np.float32(clean[i * stride]), gradient[i * stride]
        slope = slope if abs(slope) <= FINITE else np.float32(0)
        there = share * (offset[i * stride] + way * slope)
        place = min(max(there, -base), np.float32(255) - base)
        sizes[i] = abs(place)
        loss = np.float64(there) * there - np.float64(place) * place
        lost += loss
        doubt += loss * loss
    return sizes, lost, doubt


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def changes(sizes: Gradient, scale: float) -> tuple[float, float, float]:
    """(squared length, how much rounding at a scale adds to it, sum of the squares of what it adds)."""
    own = added = doubt = 0.0
    for i in range(sizes.size):
        size, level = np.float64(sizes[i]), np.float64(rounded(sizes[i], np.float32(scale)))
        own += size * size
        more = level * level - size * size
        added += more
        doubt += more * more
    return own, added, doubt


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def square_sum(sizes: Gradient, scale: float) -> float:
    """Squared length of the sizes, rounded at a scale."""
    total = 0.0
    for i in range(sizes.size):
        level = rounded(sizes[i], np.float32(scale))
        total += np.float64(level * level)
    return total


@numba.njit(cache=True, nogil=True)
def raise_some(
    places: Places, moves: Gradient, out: Pixels, scales: tuple[float, float, float], left: float
) -> None:
    """Raise values in `out` from the levels of the first scale to those of the second.

    What is `left` then goes to those that the third would raise, in order.
    """
    low, scale, following = np.float32(scales[0]), np.float32(scales[1]), np.float32(scales[2])
    levels, more = np.empty(moves.size, np.int16), np.empty(moves.size, np.int16)
    for i in range(moves.size):
        size = abs(moves[i])
        levels[i], more[i] = rounded(size, scale), rounded(size, following)
    for i in range(moves.size):
        if more[i] != levels[i]:
            cost = np.int64(more[i]) * more[i] - np.int64(levels[i]) * levels[i]
            if cost <= left:
                levels[i], left = more[i], left - cost
    for i in range(moves.size):
        by = levels[i] - np.int16(rounded(abs(moves[i]), low))
        levels[i] = by if moves[i] > 0 else -by
    for i in range(moves.size):
        out[places[i]] += np.uint8(levels[i])


@numba.njit(cache=True, nogil=True)
def largest_scale(sizes: Gradient, amount: float, low: float, high: float) -> tuple[float, float]:
    """The largest scale in [low, high) at which the rounded sizes' squares sum to no more, and the next one.

    Halves the bits, not the numbers: floats of one sign are ordered as their bits are, so that neighbours
    are met after at most 31 halvings, however far apart the ends.
    """
    floats = np.array([low, high], np.float32)
    bits = floats.view(np.uint32)
    while bits[1] - bits[0] > 1:
        middle = np.array([bits[0] + (bits[1] - bits[0]) // 2], np.uint32)
        fits = square_sum(sizes, middle.view(np.float32)[0]) <= amount
        bits[0 if fits else 1] = middle[0]
    return floats[0], floats[1]
