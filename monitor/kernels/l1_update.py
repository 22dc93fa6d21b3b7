"""The L1 update: a sparse signed step, exact projection onto ball and box, rounding inside the budget."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels
from monitor.kernels.blocks import BLOCK, whole_levels
from monitor.kernels.select import cut

_NEWTON = 60
"""Steps at most; seven or eight are usual, for the sum is piecewise linear in the threshold."""

_BINS = 512
"""Of the fractions that rounding decides about."""


def l1_update_numpy(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    out: Pixels,
    step: float,
    eps: float,
    cap: float = 255.0,
) -> None:
    """The same by sorting and in float64 where sums are taken; see `l1_update`."""
    base = clean.astype(np.float64).reshape(-1)
    slope = np.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float64).reshape(-1)
    place = offset.astype(np.float64).reshape(-1)
    here = base + place
    room = np.minimum(np.where(slope > 0, 255 - here, here).clip(0), cap) * (slope != 0)
    left = step
    for i in np.argsort(-np.abs(slope), kind="stable"):
        move = min(room[i], left)
        place[i] += np.sign(slope[i]) * move
        left -= move
        if left <= 0:
            break
    place[:] = project_l1_numpy(place, -base, 255 - base, eps)
    offset[...] = place.reshape(offset.shape)
    whole = np.floor(np.abs(place))
    fraction = np.abs(place) - whole
    spare = whole_levels(eps) - whole.sum()
    up = np.zeros(len(place), bool)
    order = np.argsort(-fraction, kind="stable")
    up[order[: max(int(spare), 0)]] = True
    up &= fraction >= 0.5
    levels = np.sign(place) * (whole + up)
    out[...] = (base + levels).astype(np.uint8).reshape(out.shape)


def project_l1_numpy(
    place: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    eps: float,
) -> npt.NDArray[np.float64]:
    """The nearest point of {|d|_1 <= eps, low <= d <= high}, low <= 0 <= high, by sorting the break points.

    The nearest point is clip(soft(place, t), low, high) for the least t >= 0 that fits, for the box holds
    0 (Croce, Hein 2021, proposition 2.1). The sum falls from break point to break point along a line.
    """
    size = np.abs(place)
    room = np.where(place > 0, high, -low)

    def total(t: float) -> float:
        return float(np.minimum(np.maximum(size - t, 0), room).sum())

    t = 0.0
    if total(0.0) > eps:
        points = np.unique(np.concatenate([[0.0], size, np.maximum(size - room, 0)]))
        first, last = 0, len(points) - 1
        while last - first > 1:
            middle = (first + last) // 2
            first, last = (middle, last) if total(points[middle]) > eps else (first, middle)
        above, below = total(points[first]), total(points[last])
        t = points[first] + (points[last] - points[first]) * (above - eps) / (above - below)
    return np.sign(place) * np.minimum(np.maximum(size - t, 0), room)


@numba.njit(parallel=True, cache=True, nogil=True)
def _prepare(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    cap: np.float32,
    keys: Gradient,
    room: Gradient,
) -> None:
    """Steepness of every value, and how far it can go uphill."""
    largest = np.float32(np.finfo(np.float32).max)
    for block in numba.prange((clean.size + BLOCK - 1) // BLOCK):
        start, stop = block * BLOCK, min((block + 1) * BLOCK, clean.size)
        bases, slopes, places = clean[start:stop], gradient[start:stop], offset[start:stop]
        steep, free = keys[start:stop], room[start:stop]
        for i in range(bases.size):
            size = abs(slopes[i])
            size = size if size <= largest else np.float32(0)
            here = np.float32(bases[i]) + places[i]
            way = np.float32(255) - here if slopes[i] > 0 else here
            steep[i] = size
            free[i] = min(max(way, np.float32(0)), cap) if size > 0 else np.float32(0)


@numba.njit(parallel=True, cache=True, nogil=True)
def _climb(
    gradient: Gradient, keys: Gradient, room: Gradient, offset: Gradient, threshold: np.float32
) -> None:
    for block in numba.prange((offset.size + BLOCK - 1) // BLOCK):
        start, stop = block * BLOCK, min((block + 1) * BLOCK, offset.size)
        slopes, steep = gradient[start:stop], keys[start:stop]
        free, places = room[start:stop], offset[start:stop]
        for i in range(places.size):
            if steep[i] > threshold:
                places[i] += free[i] if slopes[i] > 0 else -free[i]


@numba.njit(cache=True, nogil=True)
def _spend(
    gradient: Gradient,
    keys: Gradient,
    room: Gradient,
    offset: Gradient,
    threshold: np.float32,
    left: float,
) -> None:
    """What is left goes to the values at the threshold, in order."""
    for i in range(offset.size):
        if keys[i] == threshold and room[i] > 0:
            move = np.float32(min(np.float64(room[i]), left))
            offset[i] += move if gradient[i] > 0 else -move
            left -= move
            if left <= 0:
                return


@numba.njit(parallel=True, cache=True, nogil=True)
def _total(clean: Pixels, offset: Gradient, t: np.float32) -> tuple[float, float]:
    """(sum of what is left after the threshold t, and how fast it falls with t)."""
    blocks = (offset.size + BLOCK - 1) // BLOCK
    sums, slopes = np.zeros(blocks, np.float64), np.zeros(blocks, np.float64)
    for block in numba.prange(blocks):
        start, stop = block * BLOCK, min((block + 1) * BLOCK, offset.size)
        bases, places = clean[start:stop], offset[start:stop]
        total, falling = np.float64(0), np.int64(0)
        for i in range(places.size):
            base, place = np.float32(bases[i]), places[i]
            room = np.float32(255) - base if place > 0 else base
            size = abs(place) - t
            total += np.float64(min(max(size, np.float32(0)), room))
            falling += np.int64(0 < size < room)
        sums[block], slopes[block] = total, np.float64(falling)
    total, falling = 0.0, 0.0
    for block in range(blocks):
        total += sums[block]
        falling += slopes[block]
    return total, falling


def _threshold(clean: Pixels, offset: Gradient, eps: float) -> np.float32:
    """The least t whose soft threshold fits: Newton between brackets, for the sum bends both ways."""
    total, falling = _total(clean, offset, np.float32(0))
    if total <= eps:
        return np.float32(0)
    low, high = 0.0, float(np.abs(offset).max())
    t = 0.0
    for _ in range(_NEWTON):
        t = t + (total - eps) / falling if falling > 0 else high
        if not low < t < high:
            t = 0.5 * (low + high)
        total, falling = _total(clean, offset, np.float32(t))
        low, high = (t, high) if total > eps else (low, t)
        if 0 <= eps - total <= 1e-3 or high - low <= 1e-6 * high:
            break
    return np.float32(high)


@numba.njit(parallel=True, cache=True, nogil=True)
def _shrink(clean: Pixels, offset: Gradient, t: np.float32) -> npt.NDArray[np.int64]:
    """Apply the threshold; (whole levels, then how many fractions lie in each bin)."""
    blocks = (offset.size + BLOCK - 1) // BLOCK
    whole = np.zeros(blocks, np.int64)
    counts = np.zeros((8, _BINS), np.int64)
    each = (blocks + 7) // 8
    for part in numba.prange(8):
        for block in range(part * each, min((part + 1) * each, blocks)):
            start, stop = block * BLOCK, min((block + 1) * BLOCK, offset.size)
            bases, places = clean[start:stop], offset[start:stop]
            for i in range(places.size):
                base, place = np.float32(bases[i]), places[i]
                room = np.float32(255) - base if place > 0 else base
                size = min(max(abs(place) - t, np.float32(0)), room)
                places[i] = size if place > 0 else -size
                level = np.int64(size)
                whole[block] += level
                counts[part, np.int64((size - np.float32(level)) * _BINS)] += 1
    out = np.zeros(_BINS + 1, np.int64)
    out[0] = whole.sum()
    for part in range(8):
        out[1:] += counts[part]
    return out


@numba.njit(parallel=True, cache=True, nogil=True)
def _write(clean: Pixels, offset: Gradient, out: Pixels, up: np.float32) -> None:
    """Rounded: fractions of at least `up` go away from 0."""
    for block in numba.prange((offset.size + BLOCK - 1) // BLOCK):
        start, stop = block * BLOCK, min((block + 1) * BLOCK, offset.size)
        bases, places, levels = clean[start:stop], offset[start:stop], out[start:stop]
        for i in range(places.size):
            size = abs(places[i])
            level = np.int32(size)
            level += np.int32(size - np.float32(level) >= up)
            levels[i] = np.uint8(np.int32(bases[i]) + (level if places[i] > 0 else -level))


def l1_update(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    out: Pixels,
    step: float,
    eps: float,
    cap: float = 255.0,
) -> None:
    """One projected sparse signed step (Croce, Hein 2021, section 3), rounded inside the budget.

    The step of length `step` goes to the steepest values, each as far as the box and `cap` let it: with
    cap = 255 the optimum of a linear loss, with a small cap the spread step of SLIDE (Tramer, Boneh 2019).
    The point is then projected onto the ball and the box at once. Rounded are first the largest fractions,
    at most those of a half and more, and no more than the budget has levels for.

    Parameters
    ----------
    clean : uint8, any shape, C-contiguous; not written.
    gradient : float32, same shape; values that are not finite count as 0.
    offset : float32, same shape, grey levels; position relative to `clean`, updated in place.
    out : uint8, same shape; written.
    step, eps : sums of moves in grey levels (255 times pixel units), at least 0.
    cap : the most that one value moves in this step, grey levels.
    """
    flat, slope, place = clean.reshape(-1), gradient.reshape(-1), offset.reshape(-1)
    if step > 0:
        keys, room = np.empty_like(place), np.empty_like(place)
        _prepare(flat, slope, place, np.float32(cap), keys, room)
        threshold, left = cut(keys, room, step)
        _climb(slope, keys, room, place, np.float32(max(threshold, 0.0)))
        if threshold > 0 and left > 0:
            _spend(slope, keys, room, place, np.float32(threshold), left)
    counts = _shrink(flat, place, _threshold(flat, place, eps))
    spare = whole_levels(eps) - int(counts[0])
    up, bins = 2.0, counts[1:]  # 2: no fraction is that large, all are cut off
    for i in range(_BINS - 1, _BINS // 2 - 1, -1):
        spare -= int(bins[i])
        if spare < 0:
            break
        up = i / _BINS
    _write(flat, place, out.reshape(-1), np.float32(up))
