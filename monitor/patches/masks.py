"""What shows of a patch: all of it, or a few rectangles, as of stickers on a sign.

Stickers are robust physical perturbations (Eykholt et al. 2018): the same training under another mask.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.errors import PatchError

MOST: Final = 12
"""Rectangles."""


def parse_mask(text: str, width: int, height: int) -> npt.NDArray[np.uint8]:
    """uint8 (height, width), 255 where the patch shows.

    Parameters
    ----------
    text : rectangles in shares of the patch, "0.1,0.2,0.9,0.35; 0.1,0.65,0.9,0.8" (left, top, right,
        bottom); empty: all of it.

    Raises
    ------
    PatchError : no rectangles, too many of them, or one without a pixel.
    """
    if not text.strip():
        return np.full((height, width), 255, np.uint8)
    mask = np.zeros((height, width), np.uint8)
    parts = [part for part in text.split(";") if part.strip()]
    try:
        if not 1 <= len(parts) <= MOST:
            raise ValueError
        for part in parts:
            left, top, right, bottom = (float(value) for value in part.split(","))
            if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
                raise ValueError
            shown = mask[
                round(top * height) : round(bottom * height),
                round(left * width) : round(right * width),
            ]
            if not shown.size:
                raise ValueError
            shown[...] = 255
    except ValueError:
        raise PatchError(
            f"mask = {text!r}: write 1 to {MOST} rectangles in shares of the patch, left, top, right, "
            'bottom, like "0.1,0.2,0.9,0.35; 0.1,0.65,0.9,0.8", each of at least a pixel'
        ) from None
    return mask
