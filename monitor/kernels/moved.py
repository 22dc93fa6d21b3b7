"""How far two frames are apart under every norm, in one pass over both."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.blocks import read_only

CHANNELS = 3

_PIECE = 1_536
"""Values whose differences are written down before they are looked at four times, in the first cache: whole
pixels, a multiple of the 256 that a loop takes at once, and so few that the next ones come from memory
meanwhile (frames out of the cache, one thread: 0.62 ms at 1080p, with 960 or 4,032 of them 0.68 and 0.87).

One loop for everything works in 32-bit lanes; one a figure works in bytes where it can. Sums are kept in 32
bits by hand, for numba makes 64 of them: 0.6 ms where these take 1.1.
"""

_BLOCK = 20 * _PIECE
"""Values a thread takes at a time."""


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
    one, most = np.uint8(1), np.uint8(0)
    for i in range(a.size):
        apart[i] = np.uint8(max(a[i], b[i]) - min(a[i], b[i]))
        most = max(most, apart[i])
    if most == 0:
        return 0, 0, 0, 0, 0
    values = total = squares = pixels = np.int32(0)  # at most 1,536 * 255^2: fits
    for i in range(apart.size):
        values = np.int32(values + np.int32(min(apart[i], one)))
    for i in range(apart.size):
        total = np.int32(total + np.int32(apart[i]))
    for i in range(apart.size):
        squares = np.int32(squares + np.int32(np.int32(apart[i]) * np.int32(apart[i])))
    if not colour:
        pixels = values
    else:
        for i in range(apart.size // CHANNELS):
            any_ = apart[3 * i] | apart[3 * i + 1] | apart[3 * i + 2]
            pixels = np.int32(pixels + np.int32(min(any_, one)))
    return int(pixels), int(values), int(total), int(squares), int(most)


@numba.njit(cache=True, nogil=True)
def _together(parts: npt.NDArray[np.int64]) -> tuple[int, int, int, int, int]:
    pixels = values = total = squares = most = 0
    for block in range(len(parts)):
        pixels += parts[block, 0]
        values += parts[block, 1]
        total += parts[block, 2]
        squares += parts[block, 3]
        most = max(most, parts[block, 4])
    return pixels, values, total, squares, most


@numba.njit(parallel=True, cache=True, nogil=True)
def _moved(a: Pixels, b: Pixels, colour: bool) -> tuple[int, int, int, int, int]:
    blocks = (a.size + _BLOCK - 1) // _BLOCK
    parts = np.zeros((blocks, 5), dtype=np.int64)
    for block in numba.prange(blocks):
        apart = np.empty(_PIECE, dtype=np.uint8)
        stop = min((block + 1) * _BLOCK, a.size)
        pixels = values = total = squares = most = 0
        for start in range(block * _BLOCK, stop, _PIECE):
            end = min(start + _PIECE, stop)
            here = _piece(a[start:end], b[start:end], apart[: end - start], colour)
            pixels += here[0]
            values += here[1]
            total += here[2]
            squares += here[3]
            most = max(most, here[4])
        parts[block, 0], parts[block, 1], parts[block, 2] = pixels, values, total
        parts[block, 3], parts[block, 4] = squares, most
    return _together(parts)


def moved(a: Pixels, b: Pixels) -> Moved:
    """What differs between two uint8 arrays of one shape, in grey levels; exact.

    A pixel is what shares all axes but the last where the last is of three channels; else one value.
    """
    return Moved(*_moved(read_only(a), read_only(b), _in_colour(a)))


def _in_colour(a: Pixels) -> bool:
    return a.ndim == 3 and a.shape[-1] == CHANNELS
