"""Resamples of whole blocks of frames, for a block bootstrap (Künsch 1989; circular: Politis, Romano 1992).

Running sums give the sum of every block there is, once; a resample then costs one look-up a block and series.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from monitor.kernels.callers import one_caller_only
from monitor.kernels.dice import dice, dice_numpy, key

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

_AT_ONCE = 1024
"""Blocks that are drawn, looked up and added before the next: their values stay in the first cache."""

_MOST = 4
"""Blocks in the table for each frame, at most. Many clips much shorter than a block would make more; then
only every second or third block and so on is kept, of all clips alike."""


def block_sums(series: Floats, starts: Places, block: int) -> tuple[Floats, float]:
    """The sums of each series over every block that can be drawn.

    A block begins at any frame and goes on at the beginning of its own clip where that ends, so that every
    frame is in as many blocks as any other. A clip no longer than a block is one, and there as often
    as makes up for its shortness.

    Parameters
    ----------
    series : float64 (S, frames).
    starts : int64 (clips + 1,): where each clip begins, and the number of frames.
    block : frames a block, at least 1.

    Returns
    -------
    sums, float64 (S, blocks), C-contiguous; and the mean number of frames in them.
    """
    lengths = np.diff(starts)
    step = -(-int(np.maximum(lengths, block).sum()) // (_MOST * series.shape[1]))
    # A clip's blocks: as many as it has frames, or as a block has, where that is more.
    counts = -(-np.maximum(lengths, block) // step)
    clip = np.repeat(np.arange(len(lengths)), counts)
    start, stop = starts[clip], starts[clip + 1]
    whole = lengths[clip] <= block
    place = start + (np.arange(len(clip)) - np.repeat(np.cumsum(counts) - counts, counts)) * step
    place = np.where(whole, start, place)
    again = np.where(whole, 0, np.maximum(place + block - stop, 0))
    running = np.zeros((series.shape[0], series.shape[1] + 1))
    np.cumsum(series, axis=1, out=running[:, 1:])
    sums = running[:, np.minimum(place + block, stop)] - running[:, place]
    sums += running[:, start + again] - running[:, start]
    return np.ascontiguousarray(sums), float(np.minimum(lengths, block)[clip].mean())


def resampled_numpy(table: Floats, blocks: int, resamples: int, seed: int) -> tuple[Floats, Floats]:
    """The same in plain numpy; see `resampled`."""
    series, choices = table.shape
    sums, products = np.empty((resamples, series)), np.empty((resamples, series, series))
    for i, own in enumerate(dice_numpy(key(seed), resamples).tolist()):
        draws = dice_numpy(own, blocks).astype(np.uint64)
        drawn = table[:, (draws * np.uint64(choices)) >> np.uint64(32)]
        sums[i], products[i] = drawn.sum(axis=1), drawn @ drawn.T
    return sums, products


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def _dot(a: Floats, b: Floats) -> float:
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def _sum(a: Floats) -> float:
    total = 0.0
    for i in range(a.size):
        total += a[i]
    return total


@numba.njit(cache=True, nogil=True)
def _resample(table: Floats, blocks: int, own: np.uint32, sums: Floats, products: Floats) -> None:
    """One resample, under a key of its own."""
    choices = np.uint64(table.shape[1])
    places = np.empty(_AT_ONCE, np.uint32)
    drawn = np.empty((table.shape[0], _AT_ONCE))
    sums[:] = 0
    products[:] = 0
    for first in range(0, blocks, _AT_ONCE):
        count = min(_AT_ONCE, blocks - first)
        for i in range(count):
            places[i] = np.uint32((np.uint64(dice(own, first + i)) * choices) >> np.uint64(32))
        for s in range(table.shape[0]):
            values, row = table[s], drawn[s]
            for i in range(count):
                row[i] = values[places[i]]
            sums[s] += _sum(row[:count])
            for other in range(s + 1):
                products[s, other] += _dot(row[:count], drawn[other, :count])
    for s in range(table.shape[0]):
        for other in range(s):
            products[other, s] = products[s, other]


@numba.njit(parallel=True, cache=True, nogil=True)
def _side_by_side(
    table: Floats, blocks: int, own: npt.NDArray[np.uint32], sums: Floats, products: Floats
) -> None:
    for i in numba.prange(own.size):
        _resample(table, blocks, own[i], sums[i], products[i])


@numba.njit(cache=True, nogil=True)
def _one_by_one(
    table: Floats, blocks: int, own: npt.NDArray[np.uint32], sums: Floats, products: Floats
) -> None:
    for i in range(own.size):
        _resample(table, blocks, own[i], sums[i], products[i])


def resampled(table: Floats, blocks: int, resamples: int, seed: int) -> tuple[Floats, Floats]:
    """Draw blocks with replacement; all series share one draw.

    Draw j of resample i is a function of the seed, i and j alone, so threads change nothing. A block is
    `choices * draw >> 32` of a draw of 32 bits (Lemire 2019), so of 100,000 none is more likely than another
    by more than 1 in 40,000.

    Parameters
    ----------
    table : float64 (S, choices), C-contiguous, from `block_sums`; fewer than 2**32 choices.
    blocks : a resample, at least 1.
    resamples : how many.
    seed : any whole number.

    Returns
    -------
    sums, float64 (resamples, S): of each series over the blocks drawn; and products, float64
    (resamples, S, S): the sum over these blocks of the product of two series' block sums.
    """
    own = dice_numpy(key(seed), resamples)
    sums = np.empty((resamples, table.shape[0]))
    products = np.empty((resamples, table.shape[0], table.shape[0]))
    # A run is summed up beside the live loop, which calls kernels too.
    run = _one_by_one if one_caller_only() else _side_by_side
    run(table, blocks, own, sums, products)
    return sums, products
