"""Noise of a sensor: values of a frame moved by draws from tables."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.blocks import BLOCK, read_only
from monitor.kernels.dice import BITS, dice, dice_numpy, normal_table

Table = npt.NDArray[Any]

DRAWS_BITS = 10
"""Of a draw of shot noise: a level has 1,024 outcomes of the same probability."""


def add_normal_numpy(pixels: Pixels, out: Pixels, deviation: float, seed: int) -> None:
    """The same in plain numpy; see `add_normal`."""
    draws = normal_table()[dice_numpy(seed, pixels.size) >> np.uint32(32 - BITS)]
    moved = pixels.reshape(-1).astype(np.float32) + np.float32(deviation) * draws
    out.reshape(-1)[:] = np.clip(moved + np.float32(0.5), 0, 255).astype(np.uint8)


@numba.njit(parallel=True, cache=True, nogil=True)
def _add_normal(
    pixels: Pixels, out: Pixels, table: Table, deviation: np.float32, seed: np.uint32
) -> None:
    half, zero, white = np.float32(0.5), np.float32(0), np.float32(255)
    for block in numba.prange((pixels.size + BLOCK - 1) // BLOCK):
        start = block * BLOCK
        values, levels = pixels[start : start + BLOCK], out[start : start + BLOCK]
        for i in range(values.size):
            draw = table[dice(seed, start + i) >> np.uint32(32 - BITS)]
            moved = np.float32(values[i]) + deviation * draw + half
            levels[i] = np.uint8(min(max(moved, zero), white))


def add_normal(pixels: Pixels, out: Pixels, deviation: float, seed: int) -> None:
    """Add a normal draw to every value, clip and round.

    Parameters
    ----------
    pixels, out : uint8, C-contiguous, of one shape; `out` is written.
    deviation : standard deviation in grey levels.
    seed : 32 bits, of this frame.
    """
    _add_normal(
        read_only(pixels),
        out.reshape(-1),
        normal_table(),
        np.float32(deviation),
        np.uint32(seed),
    )


def draw_levels_numpy(pixels: Pixels, out: Pixels, table: Table, seed: int) -> None:
    """The same in plain numpy; see `draw_levels`."""
    draws = dice_numpy(seed, pixels.size) >> np.uint32(32 - DRAWS_BITS)
    out.reshape(-1)[:] = table[pixels.reshape(-1), draws]


@numba.njit(parallel=True, cache=True, nogil=True)
def _draw_levels(pixels: Pixels, out: Pixels, table: Table, seed: np.uint32) -> None:
    for block in numba.prange((pixels.size + BLOCK - 1) // BLOCK):
        start = block * BLOCK
        values, levels = pixels[start : start + BLOCK], out[start : start + BLOCK]
        for i in range(values.size):
            levels[i] = table[values[i], dice(seed, start + i) >> np.uint32(32 - DRAWS_BITS)]


def draw_levels(pixels: Pixels, out: Pixels, table: Table, seed: int) -> None:
    """Replace every value by one of the outcomes of its level.

    Parameters
    ----------
    pixels, out : uint8, C-contiguous, of one shape; `out` is written.
    table : uint8 (256, 2**DRAWS_BITS), the outcomes of every level.
    seed : 32 bits, of this frame.
    """
    _draw_levels(read_only(pixels), out.reshape(-1), table, np.uint32(seed))


def black_and_white_numpy(pixels: Pixels, out: Pixels, share: float, seed: int) -> None:
    """The same in plain numpy; see `black_and_white`."""
    draws = dice_numpy(seed, pixels.size)
    hit = draws < _bar(share)
    values = pixels.reshape(-1).copy()
    values[hit] = np.where(draws[hit] & np.uint32(1), np.uint8(255), np.uint8(0))
    out.reshape(-1)[:] = values


@numba.njit(parallel=True, cache=True, nogil=True)
def _black_and_white(pixels: Pixels, out: Pixels, bar: np.uint32, seed: np.uint32) -> None:
    for block in numba.prange((pixels.size + BLOCK - 1) // BLOCK):
        start = block * BLOCK
        values, levels = pixels[start : start + BLOCK], out[start : start + BLOCK]
        for i in range(values.size):
            draw = dice(seed, start + i)
            level = np.uint8(255) if draw & np.uint32(1) else np.uint8(0)
            levels[i] = level if draw < bar else values[i]


def black_and_white(pixels: Pixels, out: Pixels, share: float, seed: int) -> None:
    """Set a share of the values to 0 or 255, either as likely.

    Parameters
    ----------
    pixels, out : uint8, C-contiguous, of one shape; `out` is written.
    share : of the values, 0 to 1.
    seed : 32 bits, of this frame.
    """
    _black_and_white(read_only(pixels), out.reshape(-1), _bar(share), np.uint32(seed))


def _bar(share: float) -> np.uint32:
    return np.uint32(min(round(share * 2**32), 2**32 - 1))


def shifted_numpy(pixels: Pixels, out: Pixels, rows: Table, columns: Table) -> None:
    """The same in plain numpy; see `shifted`."""
    moved = pixels + (rows[:, None] + columns)[..., None] + np.float32(0.5)
    out[...] = np.clip(moved, 0, 255).astype(np.uint8)


@numba.njit(parallel=True, cache=True, nogil=True)
def _shifted(pixels: Pixels, out: Pixels, rows: Table, columns: Table) -> None:
    half, zero, white = np.float32(0.5), np.float32(0), np.float32(255)
    for y in numba.prange(pixels.shape[0]):
        values, levels = pixels[y], out[y]
        for x in range(columns.size):
            offset = rows[y] + columns[x]
            for c in range(3):
                moved = np.float32(values[x, c]) + offset + half
                levels[x, c] = np.uint8(min(max(moved, zero), white))


def shifted(pixels: Pixels, out: Pixels, rows: Table, columns: Table) -> None:
    """Add an offset of its row and of its column to every value, clip and round.

    Parameters
    ----------
    pixels, out : uint8 (H, W, 3), C-contiguous; `out` is written.
    rows, columns : float32 (H,) and (W,), in grey levels.
    """
    _shifted(read_only(pixels).reshape(pixels.shape), out, rows, columns)
