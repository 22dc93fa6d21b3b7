"""The L1 update's pass over a frame and its work on the few values that move, compiled."""

from __future__ import annotations

import numba
import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.kernels.blocks import BLOCK, FINITE
from monitor.kernels.gather import PARTS, Counts, Places, note, pick


@numba.njit(cache=True, nogil=True)
def taken(
    clean: Pixels, gradient: Gradient, offset: Gradient, stride: int
) -> tuple[Pixels, Gradient, Gradient]:
    """Every `stride`-th value of the three."""
    size = (clean.size + stride - 1) // stride
    bases = np.empty(size, np.uint8)
    slopes, places = np.empty(size, np.float32), np.empty(size, np.float32)
    for i in range(size):
        bases[i], slopes[i], places[i] = (
            clean[i * stride],
            gradient[i * stride],
            offset[i * stride],
        )
    return bases, slopes, places


@numba.njit(parallel=True, cache=True, nogil=True)
def collect(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    out: Pixels,
    least: float,
    found: Places,
    rows: tuple[Pixels, Gradient, Gradient],
    counts: Counts,
) -> None:
    """Copy the frame to `out`; note the values as steep as `least` (over 0), or off the clean frame."""
    bar, each = np.float32(least), (offset.size + BLOCK * PARTS - 1) // (BLOCK * PARTS)
    bases, slopes, moves = rows
    for part in numba.prange(PARTS):
        flags = np.zeros(BLOCK, np.uint8)
        count = 0
        for start in range(part * each * BLOCK, min((part + 1) * each * BLOCK, offset.size), BLOCK):
            stop = min(start + BLOCK, offset.size)
            steep, places = gradient[start:stop], offset[start:stop]
            levels, kept = clean[start:stop], out[start:stop]
            for i in range(steep.size):
                size = abs(steep[i])
                flags[i] = np.uint8((size >= bar) & (size <= FINITE))
            for i in range(places.size):  # both at once take 1.6 ms, in turn 1.3: memory's speed
                flags[i] |= np.uint8(places[i] != 0)
            for i in range(levels.size):
                kept[i] = levels[i]
            flags[steep.size :] = 0
            end = count + note(flags, start, found[part, count:])
            mine = found[part, count:end]
            pick(levels, start, mine, bases[part, count:])
            pick(steep, start, mine, slopes[part, count:])
            pick(places, start, mine, moves[part, count:])
            count = end
        counts[part] = count


@numba.njit(cache=True, nogil=True)
def prepare(
    bases: Pixels, slopes: Gradient, moves: Gradient, cap: float
) -> tuple[Gradient, Gradient]:
    """(steepness of every value, how far it can go uphill in this step)."""
    keys, free = np.empty_like(moves), np.empty_like(moves)
    zero, most = np.float32(0), np.float32(cap)
    for i in range(moves.size):
        size = abs(slopes[i])
        size = size if size <= FINITE else zero
        here = np.float32(bases[i]) + moves[i]
        way = np.float32(255) - here if slopes[i] > 0 else here
        keys[i] = size
        free[i] = min(max(way, zero), most) if size > 0 else zero
    return keys, free


@numba.njit(cache=True, nogil=True)
def climb(
    slopes: Gradient,
    keys: Gradient,
    free: Gradient,
    moves: Gradient,
    threshold: float,
    left: float,
) -> None:
    """Move the values steeper than the threshold; what is left goes to those at it, in order."""
    bar, zero = np.float32(threshold), np.float32(0)
    for i in range(moves.size):
        move = free[i] if keys[i] > bar else zero
        moves[i] += move if slopes[i] > 0 else -move
    for i in range(moves.size):
        if keys[i] == bar and left > 0:
            move = np.float32(min(np.float64(free[i]), left))
            moves[i] += move if slopes[i] > 0 else -move
            left -= np.float64(move)


@numba.njit(cache=True, nogil=True)
def shrunk(base: np.uint8, move: np.float32, t: np.float32) -> np.float32:
    """The size of a move after the soft threshold `t`, inside [0, 255]."""
    space = np.float32(255) - np.float32(base) if move > 0 else np.float32(base)
    return min(max(abs(move) - t, np.float32(0)), space)


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def soft_sum(bases: Pixels, moves: Gradient, threshold: float) -> tuple[float, float]:
    """(sum of the sizes after a soft threshold, how fast it falls with the threshold)."""
    t = np.float32(threshold)
    size_sum = falling = 0.0
    for i in range(moves.size):
        size = shrunk(bases[i], moves[i], t)
        size_sum += np.float64(size)
        falling += 1.0 if (size > 0) & (size == abs(moves[i]) - t) else 0.0
    return size_sum, falling


@numba.njit(cache=True, nogil=True)
def shrink(bases: Pixels, moves: Gradient, threshold: float) -> Gradient:
    """Apply a soft threshold in place; the fractions of a level that the moves then have."""
    fractions = np.empty_like(moves)
    t = np.float32(threshold)
    for i in range(moves.size):
        size = shrunk(bases[i], moves[i], t)
        fractions[i] = size - np.floor(size)
        moves[i] = size if moves[i] > 0 else -size
    return fractions


@numba.njit(cache=True, nogil=True)
def rounded(
    bases: Pixels, moves: Gradient, fractions: Gradient, threshold: float, left: int
) -> Pixels:
    """The values moved: fractions over the threshold go up, `left` of those at it too, in order."""
    bar, one, zero = np.float32(threshold), np.float32(1), np.float32(0)
    levels = np.empty_like(bases)
    for i in range(moves.size):
        level = abs(moves[i]) - fractions[i] + (one if fractions[i] > bar else zero)
        levels[i] = np.uint8(np.int32(np.float32(bases[i]) + np.copysign(level, moves[i])))
    for i in range(moves.size):
        if fractions[i] == bar and left > 0:
            levels[i], left = levels[i] + np.uint8(1 if moves[i] > 0 else -1), left - 1
    return levels


@numba.njit(parallel=True, cache=True, nogil=True)
def put(places: Places, moves: Gradient, levels: Pixels, offset: Gradient, out: Pixels) -> None:
    """Write moves and levels where they belong."""
    parts = (places.size + BLOCK - 1) // BLOCK
    for part in numba.prange(parts):
        for i in range(part * BLOCK, min((part + 1) * BLOCK, places.size)):
            offset[places[i]] = moves[i]
            out[places[i]] = levels[i]
