"""The L1 update: a sparse signed step, exact projection onto ball and box, rounding inside the budget."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels
from monitor.kernels.blocks import read_only, whole_levels
from monitor.kernels.gather import PARTS, joined, rows
from monitor.kernels.l1_passes import climb, collect, prepare, put, rounded, shrink, soft_sum, taken
from monitor.kernels.sampling import safe_rank, stride
from monitor.kernels.select import cut, top

_FLATTEST = float(np.finfo(np.float32).tiny)
"""A gradient under this is none."""

_CLOSE = 1e-4
"""Levels under the budget at which the threshold is found."""


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
    out[...] = (base + round_l1_numpy(place, eps)).astype(np.uint8).reshape(out.shape)


def round_l1_numpy(place: npt.NDArray[Any], eps: float) -> npt.NDArray[np.int64]:
    """Whole levels near an offset, inside the budget; what `l1_update` rounds by.

    Every value is rounded towards 0, then the largest fractions are raised, in order where they are alike:
    as many as there are of a half or more, or as the offset's own sum has levels, if that is more; no more
    than the budget has.
    """
    size = np.abs(place)
    whole = np.floor(size)
    fraction = size - whole
    there_is = _to_spend(
        float(size.sum(dtype=np.float64)), int(whole.sum() + (fraction >= 0.5).sum()), eps
    )
    up = np.zeros(len(place), bool)
    up[np.argsort(-fraction, kind="stable")[: there_is - int(whole.sum())]] = True
    up &= fraction > 0
    levels: npt.NDArray[np.int64] = (np.sign(place) * (whole + up)).astype(np.int64)
    return levels


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


def _to_spend(long: float, nearest: int, eps: float) -> int:
    """Levels that the rounded offset may have in all."""
    budget = whole_levels(eps)
    return budget if nearest > budget else min(max(nearest, round(long)), budget)


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
    The point is then projected onto the ball and the box at once, and rounded as `round_l1_numpy` says:
    to the nearest levels if these fit and lose nothing, else such that the sum stays what it was (a step
    that is spread thin would vanish otherwise: 64 levels over 1 % of a 448 x 336 frame are 0.014 each).

    Only values that are steep or off the clean frame can change. One pass copies the frame and collects them,
    and all the rest is done on these few; a sample tells how steep is steep (see `kernels/sampling.py`).

    Parameters
    ----------
    clean : uint8, any shape, C-contiguous; not written.
    gradient : float32, same shape; values that are not finite count as 0.
    offset : float32, same shape, grey levels; position relative to `clean`, updated in place.
    out : uint8, same shape; written.
    step, eps : sums of moves in grey levels (255 times pixel units), at least 0.
    cap : the most that one value moves in this step, grey levels.
    """
    flat, slope = read_only(clean), read_only(gradient)
    place, target = offset.reshape(-1), out.reshape(-1)
    found = rows(place.size, np.int32)
    size = place.size
    picked = rows(size, np.uint8), rows(size, np.float32), rows(size, np.float32)
    counts = np.zeros(PARTS, np.int64)
    for least in _bars(flat, slope, place, step, cap):
        collect(flat, slope, place, target, max(least, _FLATTEST), found, picked, counts)
        bases, slopes, moves = (joined(row, counts) for row in picked)
        keys, free = prepare(bases, slopes, moves, cap)
        threshold, rest = cut(keys, free, step)
        if threshold >= least or least == 0:
            break
    if step > 0:
        climb(slopes, keys, free, moves, max(threshold, 0.0), rest)
    fractions = shrink(bases, moves, _threshold(bases, moves, eps))
    long = float(np.abs(moves).sum(dtype=np.float64))
    whole = round(long - float(fractions.sum(dtype=np.float64)))
    there_is = _to_spend(long, whole + int(np.count_nonzero(fractions >= 0.5)), eps)
    bar, left = top(fractions, there_is - whole)
    if bar <= 0:  # enough for all fractions
        bar, left = 0.0, 0
    levels = rounded(bases, moves, fractions, bar, left)
    put(joined(found, counts), moves, levels, place, target)


def _bars(
    clean: Pixels, gradient: Gradient, offset: Gradient, step: float, cap: float
) -> Iterator[float]:
    """How steep values must be for the step to be spent on them; less each time, if that was not enough."""
    if step <= 0:
        yield math.inf
        return
    bases, slopes, moves = taken(clean, gradient, offset, stride(offset.size))
    keys, free = prepare(bases, slopes, moves, cap)
    threshold, _ = cut(keys, free, step * keys.size / max(offset.size, 1))
    if keys.size == offset.size:
        yield max(threshold, 0.0)
    rank = safe_rank(int(np.count_nonzero(keys > threshold)))
    while rank < keys.size:
        yield float(np.partition(keys, -rank)[-rank])
        rank *= 8
    yield 0.0


def _threshold(bases: Pixels, moves: Gradient, eps: float) -> float:
    """The least float32 whose soft threshold fits, or one that leaves less than `_CLOSE`.

    Newton's steps between brackets, for the sum bends both ways; every fourth step halves. Newton comes from
    one side only and ends within rounding of the root, often on the wrong side, so a step that no longer
    leads out of the bracket's end goes to the next float32.
    """
    short = np.float32
    t, (total, falling) = short(0), soft_sum(bases, moves, 0.0)
    if total <= eps:
        return 0.0
    low, high = t, np.abs(moves).max()
    turn = 0
    while np.nextafter(low, high) < high:
        turn += 1
        t = (
            short(float(t) + (total - eps) / falling)
            if falling > 0 and turn % 4
            else short((low + high) / 2)
        )
        t = min(max(t, np.nextafter(low, high)), np.nextafter(high, low))
        total, falling = soft_sum(bases, moves, float(t))
        if total > eps:
            low = t
        else:
            high = t
            if eps - total <= _CLOSE:
                break
    return float(high)
