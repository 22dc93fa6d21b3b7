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

FEW = 1 << 18
"""Keys up to which one thread is enough: to start the others takes as long as 20,000 keys, and where other
programs want the processors too, far longer."""

_DIGITS = ((21, 10), (10, 11), (0, 10))
"""(lowest bit, bits) of the parts that a key is read in, the sign left out. 100,000 keys take 0.13 ms, in two
digits of 16 bits, whose bins have to be cleared and added, 0.32 (one thread)."""

_TURNS = 4
"""Rows of bins that are used in turn: keys that are alike meet in one bin, where each addition waits for the
last. The largest 72,000 of 6 million, which are alike, take 0.14 ms, with one row 0.45."""


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


@numba.njit(cache=True, nogil=True)
def _add(keys: Keys, weights: Gradient, low: int, width: int, above: int, sums: Sums) -> None:
    """Weights a bin, by a digit of the keys, of those whose bits above it are `above`."""
    last = (1 << width) - 1
    for i in range(keys.size):
        rest = np.int64(keys[i]) >> low
        if rest >> width == above:
            sums[i & (_TURNS - 1), rest & last] += np.float64(weights[i])


@numba.njit(parallel=True, cache=True, nogil=True)
def _histogram(keys: Keys, weights: Gradient, low: int, width: int, above: int, sums: Sums) -> None:
    each = (keys.size + _PARTS - 1) // _PARTS
    for part in numba.prange(_PARTS):
        mine, heavy = (
            keys[part * each : (part + 1) * each],
            weights[part * each : (part + 1) * each],
        )
        _add(mine, heavy, low, width, above, sums[_TURNS * part : _TURNS * (part + 1)])


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
    flat, above, left = weights.reshape(-1), 0, float(amount)
    few = bits.size <= FEW
    for place, (low, width) in enumerate(_DIGITS):
        sums = np.zeros((_TURNS if few else _TURNS * _PARTS, 1 << width))
        if few:  # threads would cost more than they save
            _add(bits, flat, low, width, above, sums)
        else:
            _histogram(bits, flat, low, width, above, sums)
        digit, left = _walk(sums.sum(axis=0), left)
        if digit < 0 and place == 0:
            return -1.0, left
        # Sums of the same weights in another order may fit by a hair: then it is the least of them.
        above = above << width | max(digit, 0)
    threshold = np.array([above], dtype=np.uint32).view(np.float32)[0]
    return float(threshold), max(left, 0.0)


def top(keys: Gradient, count: int) -> tuple[float, int]:
    """`cut` where each key takes 1 and `count` are served, of those alike as many as are left.

    Returns
    -------
    (threshold, left) : all keys over the threshold are served, and `left` of those equal to it; -1 and none
        where there are no more than `count`. numpy's partition does that in 0.1 ms for 78,000, `cut` in 0.3.
    """
    if count >= keys.size:
        return -1.0, 0
    if count <= 0:
        return float(np.inf), 0
    threshold = np.partition(keys, -count)[-count]
    return float(threshold), count - int(np.count_nonzero(keys > threshold))
