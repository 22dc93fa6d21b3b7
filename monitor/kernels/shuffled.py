"""Pixels that have changed places with neighbours, by a map that is made once."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.blocks import read_only
from monitor.kernels.dice import dice, dice_numpy

Places = npt.NDArray[np.int32]


def swapped_places_numpy(height: int, width: int, delta: int, rounds: int, seed: int) -> Places:
    """The same in plain Python; see `swapped_places`."""
    places = np.arange(height * width, dtype=np.int32)
    bits = dice_numpy(seed, rounds * height * width).astype(np.int64)
    draw = 0
    for _ in range(rounds):
        for y in range(height - delta - 1, delta - 1, -1):
            for x in range(width - delta - 1, delta - 1, -1):
                dy = int((bits[draw] >> 16) * (2 * delta + 1) >> 16) - delta
                dx = int((bits[draw] & 0xFFFF) * (2 * delta + 1) >> 16) - delta
                draw += 1
                here, there = y * width + x, (y + dy) * width + x + dx
                places[here], places[there] = places[there], places[here]
    return places


@numba.njit(cache=True, nogil=True)
def _swap(places: Places, width: int, delta: int, rounds: int, seed: np.uint32) -> None:
    height, draw = places.size // width, 0
    for _ in range(rounds):
        for y in range(height - delta - 1, delta - 1, -1):
            for x in range(width - delta - 1, delta - 1, -1):
                bits = np.int64(dice(seed, draw))
                dy = ((bits >> 16) * (2 * delta + 1) >> 16) - delta
                dx = ((bits & 0xFFFF) * (2 * delta + 1) >> 16) - delta
                draw += 1
                here, there = y * width + x, (y + dy) * width + x + dx
                kept = places[here]
                places[here] = places[there]
                places[there] = kept


def swapped_places(height: int, width: int, delta: int, rounds: int, seed: int) -> Places:
    """Where each pixel comes from after every one in turn was swapped with one near it.

    Parameters
    ----------
    delta : a pixel swaps with one up to `delta` away, in rows and in columns; those
        nearer to an edge than `delta` have no turn.
    rounds : how often all have their turn.
    seed : 32 bits.
    """
    places = np.arange(height * width, dtype=np.int32)
    _swap(places, width, delta, rounds, np.uint32(seed))
    return places


def taken_from_numpy(pixels: Pixels, out: Pixels, places: Places) -> None:
    """The same in plain numpy; see `taken_from`."""
    out.reshape(-1, 3)[:] = pixels.reshape(-1, 3)[places]


@numba.njit(parallel=True, cache=True, nogil=True)
def _taken_from(pixels: Pixels, out: Pixels, places: Places) -> None:
    for i in numba.prange(places.size):
        source = 3 * places[i]
        out[3 * i] = pixels[source]
        out[3 * i + 1] = pixels[source + 1]
        out[3 * i + 2] = pixels[source + 2]


def taken_from(pixels: Pixels, out: Pixels, places: Places) -> None:
    """Fill `out` with the pixels of the flat indices `places`; both uint8 (H, W, 3), C-contiguous."""
    _taken_from(read_only(pixels), out.reshape(-1), places)
