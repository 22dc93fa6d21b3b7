"""One pixel format for the whole package."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from streams.frame import Pixels


def as_bgr8(picture: npt.NDArray[Any]) -> Pixels:
    """Convert a decoded picture to uint8 BGR.

    Parameters
    ----------
    picture : uint8 or uint16, shape (H, W), (H, W, 1) grey, (H, W, 3) BGR or (H, W, 4) BGRA. 16 bits are
        taken as full range (65535 is white). Alpha is dropped, not blended: there is nothing behind it.

    Returns
    -------
    uint8 (H, W, 3); the same array where nothing had to be done.

    Raises
    ------
    ValueError : any other type or shape.
    """
    channels = 1 if picture.ndim == 2 else picture.shape[2] if picture.ndim == 3 else 0
    if picture.dtype not in (np.uint8, np.uint16) or channels not in (1, 3, 4) or not picture.size:
        raise ValueError(
            f"a picture is uint8 or uint16 of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), "
            f"got {picture.dtype} of shape {picture.shape}"
        )
    if picture.dtype == np.uint16:
        # 65535 / 257 = 255: black stays black, white stays white, and rounding is to the nearest.
        picture = np.asarray(cv2.convertScaleAbs(picture, alpha=1 / 257)).reshape(picture.shape)
    if channels == 1:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    if channels == 4:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2BGR), dtype=np.uint8)
    return np.asarray(picture, dtype=np.uint8)
