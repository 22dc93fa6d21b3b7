"""How far two frames are apart, in one pass over both."""

from __future__ import annotations

import numba
import numpy as np

from monitor.arrays import Pixels
from monitor.kernels.blocks import BLOCK


def moved_numpy(a: Pixels, b: Pixels) -> tuple[int, int]:
    """The same in plain numpy; see `moved`."""
    apart = np.abs(a.astype(np.int64) - b.astype(np.int64))
    return int(apart.max(initial=0)), int(np.square(apart).sum())


@numba.njit(parallel=True, cache=True, nogil=True)
def _moved(a: Pixels, b: Pixels) -> tuple[int, int]:
    blocks = (a.size + BLOCK - 1) // BLOCK
    most = np.zeros(blocks, dtype=np.int32)
    squares = np.zeros(blocks, dtype=np.int64)
    for block in numba.prange(blocks):
        here, there = a[block * BLOCK : (block + 1) * BLOCK], b[block * BLOCK : (block + 1) * BLOCK]
        top = np.int32(0)
        total = np.int32(0)  # 16,384 values of at most 255 squared: 1.07e9, fits
        for i in range(here.size):
            apart = np.int32(here[i]) - np.int32(there[i])
            top = max(top, abs(apart))
            total += apart * apart
        most[block] = top
        squares[block] = total
    return most.max(), squares.sum()


def moved(a: Pixels, b: Pixels) -> tuple[int, int]:
    """(largest difference, sum of squared differences) of two uint8 arrays of one shape, in grey levels.

    Exact: integers all the way.
    """
    if not a.size:
        return 0, 0
    most, squares = _moved(a.reshape(-1), b.reshape(-1))
    return int(most), int(squares)
