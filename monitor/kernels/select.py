"""Which of many come first: the largest keys whose weights fit into an amount, without sorting."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient

Keys = npt.NDArray[np.uint32]
Sums = npt.NDArray[np.float64]

_PARTS = 8
"""Histograms that are filled side by side, then added in order: fixed, so that the number of threads
changes no result."""

_HALF = 16
_BINS = 1 << _HALF


def cut_numpy(keys: Gradient, weights: Gradient, amount: float) -> tuple[float, float]:
    """The same by sorting; see `cut`."""
    order = np.argsort(-keys.reshape(-1), kind="stable")
    sorted_keys = keys.reshape(-1)[order]
    spent = np.cumsum(weights.reshape(-1)[order], dtype=np.float64)
    over = np.flatnonzero(spent > amount)
    if not len(over):
        return -1.0, amount - (float(spent[-1]) if len(spent) else 0.0)
    threshold = float(sorted_keys[over[0]])
    return threshold, amount - float(
        weights.reshape(-1)[keys.reshape(-1) > threshold].sum(dtype=np.float64)
    )


@numba.njit(parallel=True, cache=True, nogil=True)
def _histogram(keys: Keys, weights: Gradient, upper: int) -> Sums:
    """Weights a bin: by the keys' upper half if `upper` < 0, else the lower half of those with that upper."""
    sums = np.zeros((_PARTS, _BINS), dtype=np.float64)
    each = (keys.size + _PARTS - 1) // _PARTS
    for part in numba.prange(_PARTS):
        mine, heavy = (
            keys[part * each : (part + 1) * each],
            weights[part * each : (part + 1) * each],
        )
        row = sums[part]
        if upper < 0:
            for i in range(mine.size):
                row[mine[i] >> _HALF] += heavy[i]
        else:
            for i in range(mine.size):
                if mine[i] >> _HALF == upper:
                    row[mine[i] & (_BINS - 1)] += heavy[i]
    total = np.zeros(_BINS, dtype=np.float64)
    for part in range(_PARTS):
        for i in range(_BINS):
            total[i] += sums[part, i]
    return total


@numba.njit(cache=True, nogil=True)
def _walk(sums: Sums, amount: float) -> tuple[int, float]:
    """(the bin that no longer fits, counted from the largest; what is left above it)."""
    for i in range(sums.size - 1, -1, -1):
        if sums[i] > amount:
            return i, amount
        amount -= sums[i]
    return -1, amount


def cut(keys: Gradient, weights: Gradient, amount: float) -> tuple[float, float]:
    """The key at which an amount is used up when the largest keys are served first.

    Parameters
    ----------
    keys : float32, at least 0 and finite.
    weights : float32, same shape, at least 0; what serving each takes.
    amount : what there is.

    Returns
    -------
    (threshold, left) : all keys over the threshold are served, and `left` remains for those equal to it,
        less than all of them would take; -1 where there is enough for all.
    """
    bits = keys.reshape(-1).view(np.uint32)
    flat = weights.reshape(-1)
    upper, left = _walk(_histogram(bits, flat, -1), amount)
    if upper < 0:
        return -1.0, left
    lower, left = _walk(_histogram(bits, flat, upper), left)
    lower = max(lower, 0)  # sums of the same weights in another order: the bin fits by a hair
    threshold = np.array([(upper << _HALF) | lower], dtype=np.uint32).view(np.float32)[0]
    return float(threshold), max(left, 0.0)
