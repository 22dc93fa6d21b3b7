"""A sum of shifted copies of a frame in 16 bits: a blur along a line."""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.blocks import read_only

Offsets = npt.NDArray[np.int32]
Weights = npt.NDArray[np.uint16]

WHOLE = 256
"""Sum of the weights: 255 times it, and half of it for rounding, is within 16 bits."""


def sum_of_taps_numpy(pixels: Pixels, out: Pixels, offsets: Offsets, weights: Weights) -> None:
    """The same in plain numpy; see `sum_of_taps`."""
    height, width = pixels.shape[:2]
    total = np.full(pixels.shape, WHOLE // 2, np.int64)
    for (dy, dx), weight in zip(offsets, weights, strict=True):
        rows = np.clip(np.arange(height) + dy, 0, height - 1)
        columns = np.clip(np.arange(width) + dx, 0, width - 1)
        total += int(weight) * pixels[rows[:, None], columns].astype(np.int64)
    out[...] = (total // WHOLE).astype(np.uint8)


@numba.njit(parallel=True, cache=True, nogil=True)
def _sum_of_taps(padded: Pixels, out: Pixels, starts: Offsets, weights: Weights) -> None:
    length = out.shape[1]
    for y in numba.prange(out.shape[0]):
        total = np.full(length, np.uint16(WHOLE // 2), np.uint16)
        for tap in range(weights.size):
            weight = weights[tap]
            row = padded[y + starts[tap, 0], starts[tap, 1] : starts[tap, 1] + length]
            for i in range(length):
                total[i] += np.uint16(np.uint16(row[i]) * weight)
        levels = out[y]
        for i in range(length):
            levels[i] = np.uint8(total[i] >> np.uint16(8))


def sum_of_taps(pixels: Pixels, out: Pixels, offsets: Offsets, weights: Weights) -> None:
    """Weighted sum of what lies at some offsets from each pixel; beyond the edges lies what is on them.

    Parameters
    ----------
    pixels, out : uint8 (H, W, 3); `out`, C-contiguous, is written.
    offsets : int32 (n, 2), rows and columns from the pixel to what is summed.
    weights : uint16 (n,), of the sum `WHOLE`.
    """
    (top, left), (bottom, right) = (-offsets).max(0).clip(0), offsets.max(0).clip(0)
    padded: Any = cv2.copyMakeBorder(
        pixels, int(top), int(bottom), int(left), int(right), cv2.BORDER_REPLICATE
    )
    starts = offsets + np.array([top, left], np.int32)
    starts[:, 1] *= 3
    height, width = pixels.shape[:2]
    rows = read_only(padded).reshape(padded.shape[0], -1)
    _sum_of_taps(rows, out.reshape(height, 3 * width), starts, weights)
