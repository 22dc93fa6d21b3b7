"""The mean over a disk around each pixel, by differences of running sums along the rows."""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.blocks import read_only

Half = npt.NDArray[np.float32]


def half_widths(radius: float) -> Half:
    """Half of the width that a disk has in each row of pixels that it meets, from its middle row outwards.

    That is the mean over the row's height, so that the rows' sum is the disk's area for any radius.
    """
    rows = int(np.ceil(radius - 0.5)) + 1
    inside = (np.arange(rows)[:, None] - 0.5) + (np.arange(64) + 0.5) / 64
    return np.asarray(np.sqrt(np.clip(radius**2 - inside**2, 0, None)).mean(1), np.float32)


def disk_mean_numpy(pixels: Pixels, out: Pixels, radius: float) -> None:
    """The same in plain numpy; see `disk_mean`."""
    height, width = pixels.shape[:2]
    half = half_widths(radius)
    reach = int(half[0] + 0.5) + 1
    total = np.zeros(pixels.shape)
    for dy in range(1 - half.size, half.size):
        row = pixels[np.clip(np.arange(height) + dy, 0, height - 1)]
        for dx in range(-reach, reach + 1):
            share = (
                np.clip(half[abs(dy)] + 0.5 - abs(dx), 0, 1) if dx else min(2 * half[abs(dy)], 1)
            )
            total += share * row[:, np.clip(np.arange(width) + dx, 0, width - 1)]
    area = 2 * float(half.sum() * 2 - half[0])
    out[...] = (total / area + 0.5).astype(np.uint8)


@numba.njit(parallel=True, cache=True, nogil=True)
def _running(padded: Pixels, sums: Any) -> None:
    for y in numba.prange(padded.shape[0]):
        values, row = padded[y], sums[y]
        blue = green = red = np.int32(0)
        row[0] = row[1] = row[2] = 0
        for i in range(0, values.size, 3):
            blue = np.int32(blue + np.int32(values[i]))
            green = np.int32(green + np.int32(values[i + 1]))
            red = np.int32(red + np.int32(values[i + 2]))
            row[i + 3], row[i + 4], row[i + 5] = blue, green, red


@numba.njit(parallel=True, cache=True, nogil=True)
def _disk_mean(sums: Any, out: Pixels, whole: Any, part: Half, reach: int, scale: Any) -> None:
    length, rows = out.shape[1], whole.size
    one, half = np.float32(1), np.float32(0.5)
    for y in numba.prange(out.shape[0]):
        total = np.zeros(length, np.float32)
        for dy in range(1 - rows, rows):
            row = sums[y + rows - 1 + dy]
            k, f = whole[abs(dy)], part[abs(dy)]
            rest = one - f
            # The sum up to a pixel is one place after it.
            near, far = row[3 * (reach + k + 1) :], row[3 * (reach + k + 2) :]
            first, before = row[3 * (reach - k) :], row[3 * (reach - k - 1) :]
            for i in range(length):
                total[i] += rest * (near[i] - first[i]) + f * (far[i] - before[i])
        levels = out[y]
        for i in range(length):
            levels[i] = np.uint8(np.int32(total[i] * scale + half))


def disk_mean(pixels: Pixels, out: Pixels, radius: float) -> None:
    """Mean over an antialiased disk of any radius; beyond the edges lies what is on them.

    Parameters
    ----------
    pixels, out : uint8 (H, W, 3); `out`, C-contiguous, is written.
    radius : in pixels, at least 0.6 (a smaller disk is within a pixel).
    """
    height, width = pixels.shape[:2]
    half = half_widths(radius)
    # A row under a pixel wide is its middle, in part: its share is taken as the width of a pixel's.
    ends = half - np.float32(0.5)
    whole = np.floor(ends).astype(np.int64)
    part = (ends - whole).astype(np.float32)
    reach, more = int(whole[0]) + 2, half.size - 1
    padded: Any = cv2.copyMakeBorder(pixels, more, more, reach, reach, cv2.BORDER_REPLICATE)
    sums = np.empty((padded.shape[0], 3 * (width + 2 * reach + 1)), np.float32)
    _running(read_only(padded).reshape(padded.shape[0], -1), sums)
    area = 2 * float(half.sum() * 2 - half[0])
    rows = out.reshape(height, 3 * width)
    _disk_mean(sums, rows, whole, part, reach, np.float32(1 / area))
