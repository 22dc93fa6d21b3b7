"""The L2 update: normalised step, projection onto the ball, clip to [0, 255], rounding inside the budget."""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels
from monitor.kernels.blocks import BLOCK

FINITE = np.float32(np.finfo(np.float32).max)
"""NaN and infinity fail `abs(value) <= FINITE`; unlike isfinite, the comparison vectorises."""

BISECTIONS = 24
"""Halvings of the shrink factor; the last interval is 6e-8, float32's own resolution at 1."""


def l2_update_numpy(
    clean: Pixels, gradient: Gradient, offset: Gradient, out: Pixels, step: float, eps: float
) -> None:
    """The same in plain numpy, in float64 where sums are taken; see `l2_update`."""
    slope = np.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0)
    steepness = math.sqrt(float(np.square(slope, dtype=np.float64).sum()))
    rate = np.float32(step / steepness) if steepness > 0 else np.float32(0)
    moved = offset + rate * slope
    length = math.sqrt(float(np.square(moved, dtype=np.float64).sum()))
    shrink = np.float32(eps / length) if length > eps else np.float32(1)
    base = clean.astype(np.float32)
    value = np.clip(base + shrink * moved, np.float32(0), np.float32(255))
    np.subtract(value, base, out=offset)

    def rounded(scale: np.float32) -> npt.NDArray[np.int64]:
        levels: npt.NDArray[np.int64] = np.rint(scale * offset).astype(np.int64)
        return levels

    def fits(scale: np.float32) -> bool:
        return float(np.square(rounded(scale)).sum()) <= eps * eps

    scale = np.float32(1)
    if not fits(scale):
        low, high = 0.0, 1.0
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if fits(np.float32(middle)) else (low, middle)
        scale = np.float32(low)
    out[...] = (clean.astype(np.int64) + rounded(scale)).astype(np.uint8)


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def _part_square_sum(values: Gradient) -> float:
    # Free to add in vector lanes: the order is the compiler's, but the same in every run.
    total = 0.0
    for i in range(values.size):
        value = np.float64(values[i]) if abs(values[i]) <= FINITE else 0.0
        total += value * value
    return total


@numba.njit(cache=True, nogil=True)
def _in_order(partial: npt.NDArray[np.float64]) -> float:
    total = 0.0
    for value in partial:
        total += value
    return total


@numba.njit(parallel=True, cache=True, nogil=True)
def _square_sum(values: Gradient) -> float:
    blocks = (values.size + BLOCK - 1) // BLOCK
    partial = np.zeros(blocks, dtype=np.float64)
    for block in numba.prange(blocks):
        part = values[block * BLOCK : (block + 1) * BLOCK]
        partial[block] = _part_square_sum(part)
    return _in_order(partial)


@numba.njit(parallel=True, cache=True, nogil=True)
def _climb(gradient: Gradient, offset: Gradient, rate: np.float32) -> float:
    blocks = (offset.size + BLOCK - 1) // BLOCK
    partial = np.zeros(blocks, dtype=np.float64)
    for block in numba.prange(blocks):
        slopes = gradient[block * BLOCK : (block + 1) * BLOCK]
        places = offset[block * BLOCK : (block + 1) * BLOCK]
        for i in range(places.size):
            slope = slopes[i]
            places[i] += rate * (slope if abs(slope) <= FINITE else np.float32(0))
        partial[block] = _part_square_sum(places)
    return _in_order(partial)


@numba.njit(parallel=True, cache=True, nogil=True)
def _shrink_and_clip(clean: Pixels, offset: Gradient, shrink: np.float32) -> None:
    zero, white = np.float32(0), np.float32(255)
    for block in numba.prange((offset.size + BLOCK - 1) // BLOCK):
        bases = clean[block * BLOCK : (block + 1) * BLOCK]
        places = offset[block * BLOCK : (block + 1) * BLOCK]
        for i in range(places.size):
            base = np.float32(bases[i])
            places[i] = min(max(base + shrink * places[i], zero), white) - base


@numba.njit(parallel=True, cache=True, nogil=True)
def _rounded_square_sum(offset: Gradient, scale: np.float32) -> float:
    blocks = (offset.size + BLOCK - 1) // BLOCK
    partial = np.zeros(blocks, dtype=np.float64)
    for block in numba.prange(blocks):
        places = offset[block * BLOCK : (block + 1) * BLOCK]
        total = np.int64(0)
        for i in range(places.size):
            level = np.int64(np.rint(scale * places[i]))
            total += level * level
        partial[block] = np.float64(total)
    return _in_order(partial)


@numba.njit(parallel=True, cache=True, nogil=True)
def _write_rounded(clean: Pixels, offset: Gradient, out: Pixels, scale: np.float32) -> None:
    for block in numba.prange((offset.size + BLOCK - 1) // BLOCK):
        bases = clean[block * BLOCK : (block + 1) * BLOCK]
        places = offset[block * BLOCK : (block + 1) * BLOCK]
        levels = out[block * BLOCK : (block + 1) * BLOCK]
        for i in range(places.size):
            levels[i] = np.uint8(np.int32(bases[i]) + np.int32(np.rint(scale * places[i])))


def l2_update(
    clean: Pixels, gradient: Gradient, offset: Gradient, out: Pixels, step: float, eps: float
) -> None:
    """One projected normalised-gradient step, rounded so that the quantised frame keeps the budget.

    Rounding can lengthen a perturbation (many values of 0.5 become 1). The offset is then rounded at
    the largest scale in [0, 1] whose rounding fits: the length of rint(s * offset) never falls as s
    grows, so bisection finds it.

    Parameters
    ----------
    clean : uint8, any shape, C-contiguous; not written.
    gradient : float32, same shape; values that are not finite count as 0.
    offset : float32, same shape, grey levels; position relative to `clean`, updated in place.
    out : uint8, same shape; written.
    step, eps : Euclidean lengths in grey levels (255 times pixel units), at least 0.
    """
    flat, slope, place, target = (
        clean.reshape(-1),
        gradient.reshape(-1),
        offset.reshape(-1),
        out.reshape(-1),
    )
    steepness = math.sqrt(_square_sum(slope))
    rate = np.float32(step / steepness) if steepness > 0 else np.float32(0)
    length = math.sqrt(_climb(slope, place, rate))
    _shrink_and_clip(flat, place, np.float32(eps / length) if length > eps else np.float32(1))
    scale = np.float32(1)
    if _rounded_square_sum(place, scale) > eps * eps:
        low, high = 0.0, 1.0
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            if _rounded_square_sum(place, np.float32(middle)) <= eps * eps:
                low = middle
            else:
                high = middle
        scale = np.float32(low)
    _write_rounded(flat, place, target, scale)
