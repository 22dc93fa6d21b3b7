"""Streaks of falling drops, drawn into a mask with soft sides and thin ends."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[Any]


def streaks_numpy(mask: Plane, drops: Plane, slant: float) -> None:
    """The same in plain numpy; see `streaks`."""
    height, width = mask.shape
    columns = np.arange(width, dtype=np.float32)
    for x, foot, length, thick, bright in drops:
        top = foot - length
        first, last = max(math.ceil(top), 0), min(math.floor(foot), height - 1)
        for y in range(first, last + 1):
            along = np.float32(2) * (np.float32(y) - top) / length - np.float32(1)
            centre = x + np.float32(slant) * (np.float32(y) - foot)
            side = np.float32(0.5) * thick + np.float32(0.5) - np.abs(columns - centre)
            part = np.clip(side, 0, 1) * bright * (np.float32(1) - along * along)
            rest = np.float32(255) - mask[y].astype(np.float32)
            mask[y] += (rest * part + np.float32(0.5)).astype(np.uint8)


@numba.njit(cache=True, nogil=True)
def _streaks(mask: Plane, drops: Plane, slant: np.float32) -> None:
    zero, half, one, two = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
    for i in range(drops.shape[0]):
        x, foot, length = drops[i, 0], drops[i, 1], drops[i, 2]
        reach, bright = half * drops[i, 3] + half, drops[i, 4]
        top = foot - length
        first, last = max(math.ceil(top), 0), min(math.floor(foot), mask.shape[0] - 1)
        for y in range(first, last + 1):
            along = two * (np.float32(y) - top) / length - one
            lit = bright * (one - along * along)
            centre = x + slant * (np.float32(y) - foot)
            left = max(math.ceil(centre - reach), 0)
            right = min(math.floor(centre + reach), mask.shape[1] - 1)
            for column in range(left, right + 1):
                side = min(max(reach - abs(np.float32(column) - centre), zero), one)
                level = mask[y, column]
                rest = np.float32(255) - np.float32(level)
                mask[y, column] = level + np.uint8(rest * (side * lit) + half)


def streaks(mask: Plane, drops: Plane, slant: float) -> None:
    """Draw streaks over one another.

    Parameters
    ----------
    mask : uint8 (H, W), C-contiguous; a streak takes it nearer to 255, in place.
    drops : float32 (N, 5), C-contiguous: x and y of the lower end, length down, thickness (pixels), and
        brightness, 0 to 1.
    slant : pixels to the side for each pixel down.
    """
    _streaks(mask, drops, np.float32(slant))
