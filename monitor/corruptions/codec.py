"""What coding for a thin line does to a picture: JPEG, the blocks of a starved encoder, few pixels."""

from __future__ import annotations

import cv2
import numpy as np

from monitor.arrays import Pixels
from monitor.corruptions.fault import Shape, at_severity, blended
from monitor.kernels.block_codec import code_planes
from monitor.kernels.dice import key


class Jpeg:
    """A camera that sends JPEG pictures of a low quality (ImageNet-C; Hendrycks, Dietterich 2019)."""

    qualities = (25.0, 18.0, 15.0, 10.0, 7.0)
    """Of libjpeg's scale to 100 (ImageNet-C)."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape, seed

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        quality = round(at_severity(self.qualities, severity, 100))
        _, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


class Blocking:
    """A video encoder of H.264's kind that is starved of bits, without deblocking.

    Luma and chroma of half the resolution are coded in blocks of 8 x 8 pixels, on frames of any size. Between
    key frames only what changed is coded, against what was last shown: a block that hardly changed stays, and
    what moves leaves traces that are under the quantiser's step.
    """

    parameters = (32.0, 36.0, 40.0, 44.0, 48.0)
    """Quantisation parameters, QP; six more double the step (ITU-T H.264, 8.5.9)."""

    finest = 4.0
    """The QP whose step is one grey level; a camera without the fault has it."""

    key_every = 60
    """Frames from a key frame to the next."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._height, self._width = shape[:2]
        self._more = (-self._height % 16, -self._width % 16)
        self._phase = key(seed, 1) % self.key_every
        rows = self._height + self._more[0]
        self._shown = np.zeros((rows * 3 // 2, self._width + self._more[1]), np.uint8)
        self._group: int | None = None

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        group = (at + self._phase) // self.key_every
        afresh, self._group = group != self._group, group
        below, right = self._more
        whole = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)
        planes = np.asarray(cv2.cvtColor(whole, cv2.COLOR_BGR2YUV_I420), np.uint8)
        code_planes(planes, self._shown, self.step(severity), afresh)
        back = cv2.cvtColor(self._shown, cv2.COLOR_YUV2BGR_I420)[: self._height, : self._width]
        return blended(pixels, np.array(back, np.uint8, order="C"), severity)

    def step(self, severity: float) -> float:
        """Of the quantiser, in grey levels."""
        parameter = at_severity(self.parameters, severity, self.finest)
        return float(2 ** ((parameter - self.finest) / 6))


class DownSampling:
    """A sensor or a line of few pixels, enlarged without smoothing (ImageNet-C's pixelate)."""

    factors = (0.6, 0.5, 0.4, 0.3, 0.25)
    """Of the frame's width and height (ImageNet-C)."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape, seed

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        height, width = pixels.shape[:2]
        # Between 1 and the first factor a nearest neighbour would shove whole rows: a mixture does not.
        factor = at_severity(self.factors, max(severity, 1), 1)
        size = (max(round(width * factor), 1), max(round(height * factor), 1))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        large = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        return blended(pixels, np.asarray(large, np.uint8), severity)
