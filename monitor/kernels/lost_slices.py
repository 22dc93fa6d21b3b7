"""What a decoder shows of macroblocks that did not come, and of those that rest on them."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.blocks import read_only

SIDE = 16
"""Of a macroblock."""

GOOD: Final = 0
STALE: Final = 1
GREEN: Final = 2
GREY: Final = 3
ASTRAY: Final = 4
ADDED: Final = 5
"""What a macroblock shows: itself; what was last there; what zeros in all planes look like; mid-grey; another
part of the last frame; what was last there and the change since, added to it."""

Orders = npt.NDArray[np.int32]

_FLAT = np.array([[0, 135, 0], [128, 128, 128]], np.uint8)
"""Blue, green, red of zeros in limited-range Y, U and V, and of mid-grey."""


def show_slices_numpy(pixels: Pixels, previous: Pixels, shown: Pixels, orders: Orders) -> None:
    """The same in plain numpy; see `show_slices`."""
    height, width = pixels.shape[:2]
    for row, column in np.ndindex(*orders.shape[:2]):
        what, dy, dx = orders[row, column]
        ys = np.arange(row * SIDE, min((row + 1) * SIDE, height))
        xs = np.arange(column * SIDE, min((column + 1) * SIDE, width))
        here = np.ix_(ys, xs)
        if what == GOOD:
            shown[here] = pixels[here]
        elif what in (GREEN, GREY):
            shown[here] = _FLAT[what - GREEN]
        elif what == ASTRAY:
            there = np.ix_(np.clip(ys + dy, 0, height - 1), np.clip(xs + dx, 0, width - 1))
            shown[here] = previous[there]
        elif what == ADDED:
            change = pixels[here].astype(int) - previous[here]
            shown[here] = np.clip(shown[here] + change, 0, 255).astype(np.uint8)


@numba.njit(cache=True, nogil=True)
def _fill(to: Pixels, colour: Pixels) -> None:
    for x in range(to.shape[0]):
        for c in range(3):
            to[x, c] = colour[c]


@numba.njit(cache=True, nogil=True)
def _add(to: Pixels, now: Pixels, then: Pixels) -> None:
    for x in range(to.shape[0]):
        for c in range(3):
            value = np.int32(to[x, c]) + np.int32(now[x, c]) - np.int32(then[x, c])
            to[x, c] = np.uint8(min(max(value, np.int32(0)), np.int32(255)))


@numba.njit(cache=True, nogil=True)
def _take(to: Pixels, row: Pixels, left: int) -> None:
    for x in range(to.shape[0]):
        at = min(max(left + x, 0), row.shape[0] - 1)
        for c in range(3):
            to[x, c] = row[at, c]


@numba.njit(parallel=True, cache=True, nogil=True)
def _show_slices(
    pixels: Pixels, previous: Pixels, shown: Pixels, orders: Orders, flat: Any
) -> None:
    height, width = shown.shape[0], shown.shape[1]
    for y in numba.prange(height):
        for column in range(orders.shape[1]):
            what, dy, dx = orders[y // SIDE, column]
            left, right = column * SIDE, min((column + 1) * SIDE, width)
            to = shown[y, left:right]
            if what == GOOD:
                _take(to, pixels[y], left)
            elif what in (GREEN, GREY):
                _fill(to, flat[what - GREEN])
            elif what == ASTRAY:
                _take(to, previous[min(max(y + dy, 0), height - 1)], left + dx)
            elif what == ADDED:
                _add(to, pixels[y, left:right], previous[y, left:right])


def show_slices(pixels: Pixels, previous: Pixels, shown: Pixels, orders: Orders) -> None:
    """Bring what is shown up to date, each macroblock in its way.

    Parameters
    ----------
    pixels, previous : uint8 (H, W, 3), C-contiguous; the frame that was sent, and the one before it.
    shown : uint8, of their shape; updated in place.
    orders : int32 (rows, columns of macroblocks, 3); one of `GOOD` to `ADDED`, and for `ASTRAY` how many rows
        and columns away it lies.
    """
    now, then = (read_only(frame).reshape(frame.shape) for frame in (pixels, previous))
    _show_slices(now, then, shown, orders, _FLAT)
