"""Whether a camera delivers the same picture over and over."""

from __future__ import annotations

from typing import Final

import numpy as np

from streams.frame import Pixels

# Every 16th pixel both ways: 8,100 of a 1080p picture. Two pictures that differ at all differ there, but
# for a change of a few pixels, so a moving picture costs 0.01 ms and only a frozen one the whole comparison.
_STEP: Final = 16


class FreezeWatch:
    """Measures for how long the picture has been the same, bit for bit.

    A sensor's noise changes some pixel from picture to picture even where nothing moves, so a still scene
    is not a frozen one. A link or a driver that hangs repeats its last picture exactly.
    """

    def __init__(self) -> None:
        self._last: Pixels | None = None
        self._since = 0.0

    def update(self, pixels: Pixels, now: float) -> float:
        """Take a picture in; return the seconds for which it has been the same.

        Parameters
        ----------
        pixels : uint8 (H, W, 3).
        now : when it came [s, monotonic].
        """
        if self._last is None or not _same(self._last, pixels):
            self._last, self._since = pixels, now
        return now - self._since


def _same(a: Pixels, b: Pixels) -> bool:
    if a.shape != b.shape or not np.array_equal(a[::_STEP, ::_STEP], b[::_STEP, ::_STEP]):
        return False
    return np.array_equal(a, b)
