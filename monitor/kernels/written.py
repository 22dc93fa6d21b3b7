"""Candidates of a few-pixel attack as frames: one frame many times over, each with its own pixels changed."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels

Positions = npt.NDArray[np.int64]


def written_numpy(pixels: Pixels, positions: Positions, colours: Pixels, out: Pixels) -> None:
    """The same in plain numpy; see `written`."""
    _refuse_outside(pixels, positions)
    out[...] = pixels
    candidates = np.arange(len(positions))
    for edit in range(positions.shape[1]):  # one after the other: the later one holds
        rows, columns = positions[:, edit].T
        out[candidates, rows, columns] = colours[:, edit]


@numba.njit(parallel=True, cache=True, nogil=True)
def _written(pixels: Pixels, positions: Positions, colours: Pixels, out: Pixels) -> None:
    for candidate in numba.prange(len(positions)):
        frame = out[candidate]
        frame[...] = pixels
        for edit in range(positions.shape[1]):
            row, column = positions[candidate, edit, 0], positions[candidate, edit, 1]
            for channel in range(3):
                frame[row, column, channel] = colours[candidate, edit, channel]


def written(pixels: Pixels, positions: Positions, colours: Pixels, out: Pixels) -> None:
    """Write N candidates, each `pixels` with k of them repainted; of two on one pixel the later holds.

    Parameters
    ----------
    pixels : uint8 (H, W, 3), C-contiguous; not written.
    positions : int64 (N, k, 2), row and column.
    colours : uint8 (N, k, 3).
    out : uint8 (N, H, W, 3), C-contiguous; written whole.

    Raises
    ------
    IndexError : a position lies outside the frame: compiled code would write over other memory.
    """
    _refuse_outside(pixels, positions)
    _written(pixels, positions, colours, out)


def _refuse_outside(pixels: Pixels, positions: Positions) -> None:
    size = pixels.shape[:2]
    if ((positions < 0) | (positions >= size)).any():
        raise IndexError(f"a position lies outside a frame of {size[0]} rows and {size[1]} columns")
