"""How far two frames are apart under every norm, in one pass over both."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels

CHANNELS = 3

_BLOCK = 5_461 * CHANNELS
"""Values a thread takes at a time: as many as `kernels/blocks.py` has, in whole pixels."""

_PIECE = 1_365 * CHANNELS
"""Values whose differences are written down before they are looked at four times, in the first cache.

One loop for everything works in 32-bit lanes; one a figure works in bytes where it can. 1080p, two threads:
0.6 ms and, for the changed pixels alone, 2.0 ms as the former; 0.47 ms with the pixels as the latter.
"""

_FIRST = (np.arange(_PIECE) % CHANNELS == 0).astype(np.uint8)
"""1 at a pixel's first channel."""


class Moved(NamedTuple):
    """What differs between two arrays, in grey levels; integers all the way.

    Attributes
    ----------
    pixels : pixels in which any channel differs.
    values : values that differ.
    total : sum of the differences' sizes.
    squares : sum of their squares.
    most : the largest.
    """

    pixels: int
    values: int
    total: int
    squares: int
    most: int


def moved_numpy(a: Pixels, b: Pixels) -> Moved:
    """The same in plain numpy; see `moved`."""
    apart = np.abs(a.astype(np.int64) - b.astype(np.int64))
    differs = apart != 0
    pixels = differs.any(axis=-1) if _in_colour(a) else differs
    return Moved(
        int(np.count_nonzero(pixels)),
        int(np.count_nonzero(differs)),
        int(apart.sum()),
        int(np.square(apart).sum()),
        int(apart.max(initial=0)),
    )


@numba.njit(cache=True, nogil=True)
def _piece(a: Pixels, b: Pixels, apart: Pixels, colour: bool) -> tuple[int, int, int, int, int]:
    """The five figures of at most `_PIECE` values; `apart` is room for their differences."""
    most = np.uint8(0)
    for i in range(a.size):
        apart[i] = np.uint8(max(a[i], b[i]) - min(a[i], b[i]))
        most = max(most, apart[i])
    values = total = squares = np.int32(0)  # at most 4,095 * 255^2 = 2.7e8: fits
    if most == 0:
        return 0, 0, 0, 0, 0
    for i in range(apart.size):
        values += np.int32(min(apart[i], np.uint8(1)))
    for i in range(apart.size):
        total += np.int32(apart[i])
    for i in range(apart.size):
        level = np.int16(apart[i])
        squares += np.int32(level) * np.int32(level)
    pixels = values
    if colour:
        pixels = np.int32(0)
        first, second, third = apart[:-2], apart[1:-1], apart[2:]
        for i in range(first.size):
            pixels += np.int32(min(first[i] | second[i] | third[i], _FIRST[i]))
    return pixels, values, total, squares, np.int64(most)


@numba.njit(parallel=True, cache=True, nogil=True)
def _moved(a: Pixels, b: Pixels, colour: bool) -> npt.NDArray[np.int64]:
    blocks = (a.size + _BLOCK - 1) // _BLOCK
    parts = np.zeros((blocks, 5), dtype=np.int64)
    for block in numba.prange(blocks):
        apart = np.empty(_PIECE, dtype=np.uint8)
        stop = min((block + 1) * _BLOCK, a.size)
        for start in range(block * _BLOCK, stop, _PIECE):
            end = min(start + _PIECE, stop)
            pixels, values, total, squares, most = _piece(
                a[start:end], b[start:end], apart[: end - start], colour
            )
            parts[block, 0] += pixels
            parts[block, 1] += values
            parts[block, 2] += total
            parts[block, 3] += squares
            parts[block, 4] = max(parts[block, 4], most)
    return parts


def moved(a: Pixels, b: Pixels) -> Moved:
    """What differs between two uint8 arrays of one shape, in grey levels; exact.

    A pixel is what shares all axes but the last where the last is of three channels; else one value.
    """
    if not a.size:
        return Moved(0, 0, 0, 0, 0)
    parts = _moved(a.reshape(-1), b.reshape(-1), _in_colour(a))
    pixels, values, total, squares = (int(v) for v in parts[:, :4].sum(axis=0))
    return Moved(pixels, values, total, squares, int(parts[:, 4].max()))


def _in_colour(a: Pixels) -> bool:
    return a.ndim == 3 and a.shape[-1] == CHANNELS
