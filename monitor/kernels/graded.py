"""Colours made brighter in the way of HSV: the value rises, hue and saturation stay."""

from __future__ import annotations

import numba
import numpy as np

from monitor.arrays import Pixels
from monitor.kernels.blocks import BLOCK, read_only


def graded_numpy(pixels: Pixels, out: Pixels, rise: float) -> None:
    """The same in plain numpy; see `graded`."""
    values = pixels.astype(np.float32)
    top = values.max(axis=-1, keepdims=True)
    goal = np.minimum(top + np.float32(rise), np.float32(255))
    scaled = np.where(top > 0, values * (goal / np.maximum(top, 1)), goal)
    out[...] = (scaled + np.float32(0.5)).astype(np.uint8)


@numba.njit(parallel=True, cache=True, nogil=True)
def _graded(pixels: Pixels, out: Pixels, rise: np.float32) -> None:
    half, white, one = np.float32(0.5), np.float32(255), np.float32(1)
    for block in numba.prange((pixels.shape[0] + BLOCK - 1) // BLOCK):
        stop = min((block + 1) * BLOCK, pixels.shape[0])
        values, levels = pixels[block * BLOCK : stop], out[block * BLOCK : stop]
        for i in range(values.shape[0]):
            top = np.float32(max(values[i, 0], values[i, 1], values[i, 2]))
            goal = min(top + rise, white)
            gain = goal / max(top, one)
            for c in range(3):
                level = np.float32(values[i, c]) * gain if top > 0 else goal
                levels[i, c] = np.uint8(level + half)


def graded(pixels: Pixels, out: Pixels, rise: float) -> None:
    """Raise the largest channel of every pixel, at most to white, the others in proportion; black goes grey.

    Parameters
    ----------
    pixels, out : uint8 (H, W, 3), C-contiguous; `out` is written.
    rise : in grey levels, at least 0.
    """
    _graded(read_only(pixels).reshape(-1, 3), out.reshape(-1, 3), np.float32(rise))
