"""The noise of a camera's sensor, a pure function of seed and frame number."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from streams.frame import Pixels

_ROOM: Final = 96  # the noise is cut out of a sheet larger than the frame by this much


class Grain:
    """Normal noise, mostly of brightness and a little of colour, cut out of one sheet.

    Drawing fresh normal noise would cost 7 ms a frame of 640x480 instead of less than one.

    Parameters
    ----------
    seed : what else chooses the noise of a frame.
    rng : draws the sheet.
    width, height : of the frame, in pixels.
    grey, colour : standard deviations, of 255.
    """

    def __init__(
        self,
        seed: int,
        rng: np.random.Generator,
        width: int,
        height: int,
        *,
        grey: float = 1.5,
        colour: float = 1.0,
    ) -> None:
        self._seed = seed
        shape = (height + _ROOM, width + _ROOM)
        noise = grey * rng.standard_normal((*shape, 1), dtype=np.float32)
        noise = noise + colour * rng.standard_normal((*shape, 3), dtype=np.float32)
        self._sheet = noise.round().astype(np.int16)
        self._size = (width, height)

    def over(self, pixels: Pixels, index: int) -> Pixels:
        """Return the picture with the noise of frame `index` on it."""
        rng = np.random.default_rng((self._seed, index))
        left, top = rng.integers(0, _ROOM + 1, 2)
        width, height = self._size
        grain = self._sheet[top : top + height, left : left + width]
        return np.asarray(cv2.add(pixels, grain, dtype=cv2.CV_8U), dtype=np.uint8)
