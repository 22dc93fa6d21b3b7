"""How a picture moved since the last one: optical flow to carry what lies on it along, and scene cuts."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels

Grey = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]

WIDTH: Final = 160
"""Pixels; both pictures are looked at about this wide: motion of whole regions is what counts."""

STILL: Final = 0.5
"""Pixels of the frame; where nearly all has moved less, nothing is carried: resampling would blur it."""

CUT: Final = 0.35
"""Distance of histograms (0 to 1) from which two pictures are of two scenes."""


class Motion:
    """The motion from each picture to the next."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._last: Grey | None = None

    def reset(self) -> None:
        """Forget the last picture."""
        self._last = None

    def step(self, pixels: Pixels) -> tuple[bool, Map | None]:
        """Take the next picture; (a new scene has begun, where each pixel was in the last one).

        The map is float32 (H, W, 2), x and y in the last picture, for `cv2.remap`; None where nothing has
        to be carried: at the first picture, at a cut, and where hardly anything moved.
        """
        small = _small(pixels)
        last, self._last = self._last, small
        if last is None or last.shape != small.shape or _is_cut(last, small):
            return True, None
        back = np.asarray(self._flow.calc(small, last, np.zeros((*small.shape, 2), np.float32)))
        height, width = pixels.shape[:2]
        scale = width / small.shape[1]
        if float(np.quantile(np.abs(back).max(axis=2), 0.98)) * scale < STILL:
            return False, None
        grown = cv2.resize(back, (width, height), interpolation=cv2.INTER_LINEAR)
        x = np.arange(width, dtype=np.float32) + grown[..., 0] * np.float32(scale)
        y = np.arange(height, dtype=np.float32)[:, None] + grown[..., 1] * np.float32(scale)
        return False, np.stack([x, y], axis=-1)


def carried(values: Gradient, where: Map) -> Gradient:
    """Values (H, W, 3) looked up where each pixel came from; 0 for what was not in the picture."""
    moved = cv2.remap(  # type: ignore[call-overload]
        values, where, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT
    )
    return np.asarray(moved, dtype=np.float32)


def _small(pixels: Pixels) -> Grey:
    height, width = pixels.shape[:2]
    scale = min(WIDTH / width, 1.0)
    size = max(round(width * scale), 16), max(round(height * scale), 16)
    shrunk = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(shrunk, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _is_cut(last: Grey, now: Grey) -> bool:
    """Half the L1 distance of the histograms of grey in 32 bins: 0 for one picture, 1 for disjoint ones."""
    first, second = (
        np.bincount(picture.reshape(-1) >> 3, minlength=32) / picture.size
        for picture in (last, now)
    )
    return float(np.abs(first - second).sum()) / 2 > CUT
