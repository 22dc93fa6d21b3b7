"""Rows of a frame moved sideways, each by a part of pixels of its own."""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.blocks import read_only

PARTS = 256
"""Of a pixel, to which a shift is rounded."""

Shifts = npt.NDArray[np.int64]


def shift_rows_numpy(pixels: Pixels, out: Pixels, shifts: Shifts) -> None:
    """The same in plain numpy; see `shift_rows`."""
    width = pixels.shape[1]
    whole, part = np.divmod(shifts, PARTS)
    columns = np.arange(width) + whole[:, None]
    rows = np.arange(pixels.shape[0])[:, None]
    near = pixels[rows, np.clip(columns, 0, width - 1)].astype(np.int64)
    far = pixels[rows, np.clip(columns + 1, 0, width - 1)].astype(np.int64)
    mixed = near * (PARTS - part)[:, None, None] + far * part[:, None, None]
    out[...] = ((mixed + PARTS // 2) // PARTS).astype(np.uint8)


@numba.njit(parallel=True, cache=True, nogil=True)
def _shift_rows(padded: Pixels, out: Pixels, starts: Shifts, part: Any) -> None:
    length = out.shape[1]
    for y in numba.prange(out.shape[0]):
        far_share = part[y]
        near_share = np.uint16(np.uint16(PARTS) - far_share)
        start = 3 * starts[y]
        near, far = padded[y, start : start + length], padded[y, start + 3 : start + 3 + length]
        levels = out[y]
        for i in range(length):
            mixed = np.uint16(np.uint16(near[i]) * near_share + np.uint16(far[i]) * far_share)
            levels[i] = np.uint8(np.uint16(mixed + np.uint16(PARTS // 2)) >> np.uint16(8))


def shift_rows(pixels: Pixels, out: Pixels, shifts: Shifts) -> None:
    """Show in each row what lies some way to its right; beyond the edges lies what is on them.

    Parameters
    ----------
    pixels, out : uint8 (H, W, 3); `out`, C-contiguous, is written.
    shifts : int64 (H,), in parts of a pixel (`PARTS`).
    """
    height, width = pixels.shape[:2]
    whole, part = np.divmod(shifts, PARTS)
    whole = np.clip(whole, -width, width)
    left, right = max(-int(whole.min()), 0), max(int(whole.max()), 0) + 1
    padded: Any = cv2.copyMakeBorder(pixels, 0, 0, left, right, cv2.BORDER_REPLICATE)
    rows = read_only(padded).reshape(height, -1)
    _shift_rows(rows, out.reshape(height, 3 * width), whole + left, part.astype(np.uint16))
