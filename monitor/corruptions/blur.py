"""Blur: of a shaken camera, of a lens out of focus, of a zoom, of a frosted pane."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.corruptions.fault import ROWS, Shape, at_severity, blended, step_of
from monitor.kernels.dice import key
from monitor.kernels.disk import disk_mean
from monitor.kernels.shuffled import Places, swapped_places, taken_from
from monitor.kernels.taps import WHOLE, sum_of_taps


class MotionBlur:
    """A camera that is moved while the shutter is open (ImageNet-C; Hendrycks, Dietterich 2019).

    The trace of a point is half of a Gaussian. Its angle, drawn anew for a picture there, drifts here.
    """

    radii = (10.0, 15.0, 15.0, 15.0, 20.0)
    """Half of the trace's length, in pixels at 480 rows (ImageNet-C)."""

    sigmas = (3.0, 5.0, 8.0, 12.0, 15.0)
    """Standard deviations of the Gaussian, in pixels at 480 rows (ImageNet-C)."""

    widest = 45.0
    """The angle stays between minus and plus this many degrees (ImageNet-C)."""

    periods = (210.0, 330.0)
    """Frames of the two swings that the angle is made of: a degree a frame at most."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._scale = shape[0] / ROWS
        self._phases = np.random.default_rng((seed, 1)).uniform(0, 2 * np.pi, 2)

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        radius = self._scale * at_severity(self.radii, severity, 0)
        sigma = self._scale * at_severity(self.sigmas, severity, 0)
        offsets, weights = trace(radius, sigma, math.radians(self.angle(at)))
        out = np.empty(pixels.shape, np.uint8)
        sum_of_taps(pixels, out, offsets, weights)
        return out

    def angle(self, at: int) -> float:
        """Of the movement in a frame, in degrees against the horizontal."""
        swings = np.sin(2 * np.pi * at / np.array(self.periods) + self._phases)
        return self.widest * float(np.array([0.65, 0.35]) @ swings)


def trace(
    radius: float, sigma: float, angle: float
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint16]]:
    """Offsets (rows, columns) of a half Gaussian along an angle, in radians, and their weights."""
    along = np.arange(int(2 * radius) + 1)
    density = np.exp(-np.square(along / max(sigma, 1e-3)) / 2)
    # Rounding where the sum has got to leaves every weight right on average, and the sum whole.
    upto = np.rint(WHOLE * np.cumsum(density) / density.sum()).astype(np.int64)
    weights = np.diff(upto, prepend=0)
    there = np.ceil(along[:, None] * np.array([math.sin(angle), math.cos(angle)]) - 0.5)
    offsets, which = np.unique(there.astype(np.int32), axis=0, return_inverse=True)
    summed = np.bincount(which.reshape(-1), weights)
    used = summed > 0
    return np.ascontiguousarray(offsets[used]), summed[used].astype(np.uint16)


class DefocusBlur:
    """A lens out of focus: a point becomes a disk (ImageNet-C)."""

    radii = (3.0, 4.0, 6.0, 8.0, 10.0)
    """Of the disk, in pixels at 480 rows (ImageNet-C)."""

    least = 0.6
    """A disk of a smaller radius is within a pixel."""

    most = 10.5
    """A larger one is drawn on a reduced frame, which it leaves no detail of anyway."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del seed
        self._scale = shape[0] / ROWS

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        radius = self._scale * at_severity(self.radii, severity, 0)
        if radius < self.least:
            return pixels.copy()
        height, width = pixels.shape[:2]
        if radius <= self.most:
            out = np.empty(pixels.shape, np.uint8)
            disk_mean(pixels, out, radius)
            return out
        part = self.most / radius
        size = (max(round(width * part), 1), max(round(height * part), 1))
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        out = np.empty(small.shape, np.uint8)
        disk_mean(small, out, self.most)
        whole = cv2.resize(out, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(whole, np.uint8)


class ZoomBlur:
    """A zoom, or a camera that rushes forward, while the shutter is open (ImageNet-C).

    There 11 to 16 zooms by factors of equal distances are summed; here 2 to the `doublings`, by factors of
    equal ratios, each half of the steps being the other half zoomed on.
    """

    factors = (1.11, 1.15, 1.20, 1.24, 1.30)
    """The largest zoom (ImageNet-C)."""

    extras = (0.077, 0.059, 0.083, 0.071, 0.083)
    """Share of the frame that is not zoomed at all and is counted once more, 1 / (zooms + 1) (ImageNet-C)."""

    doublings = 4

    def __init__(self, shape: Shape, seed: int) -> None:
        del seed
        self._middle = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        least = math.log(at_severity(self.factors, severity, 1)) / (2**self.doublings - 1)
        blurred = pixels
        for doubling in range(self.doublings):
            zoomed = self._zoomed(blurred, math.exp(least * 2**doubling))
            blurred = np.asarray(cv2.addWeighted(blurred, 0.5, zoomed, 0.5, 0), np.uint8)
        extra = at_severity(self.extras, severity, 0)
        return np.asarray(cv2.addWeighted(blurred, 1 - extra, pixels, extra, 0), np.uint8)

    def _zoomed(self, pixels: Pixels, factor: float) -> Pixels:
        x, y = self._middle
        back = np.array([[1 / factor, 0, x - x / factor], [0, 1 / factor, y - y / factor]])
        height, width = pixels.shape[:2]
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        zoomed = cv2.warpAffine(
            pixels, back, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(zoomed, np.uint8)


class GlassBlur:
    """A pane of frosted glass before the lens, which stays as it is (ImageNet-C).

    There a pixel is overwritten by one near it; here the two change places, up to as far in every direction.
    So the third step, of three rounds, is milder by a sixth, and no longer worse than the fourth.
    Frames of fewer than 480 rows have the pane of 480.
    """

    sigmas = (0.7, 0.9, 1.0, 1.1, 1.5)
    """Of a Gaussian blur before and after, in pixels at 480 rows (ImageNet-C)."""

    deltas = (1, 2, 2, 3, 4)
    """How far a pixel may change places at once, in pixels at 480 rows (ImageNet-C)."""

    rounds = (2, 1, 3, 2, 2)
    """How often it may (ImageNet-C)."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._shape, self._seed = shape, seed
        self._scale = max(shape[0] / ROWS, 1.0)  # a smaller frame has no smaller steps to take
        self._panes: dict[int, Places] = {}

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        sigma = self._scale * at_severity(self.sigmas, max(severity, 1), 0)
        out = np.empty(pixels.shape, np.uint8)
        taken_from(_smooth(pixels, sigma), out, self._pane(step_of(severity)))
        return blended(pixels, _smooth(out, sigma), severity)

    def _pane(self, step: int) -> Places:
        if step not in self._panes:
            delta = max(round(self._scale * self.deltas[step]), 1)
            self._panes[step] = swapped_places(
                *self._shape[:2], delta, self.rounds[step], key(self._seed, 1)
            )
        return self._panes[step]


def _smooth(pixels: Pixels, sigma: float) -> Pixels:
    return np.asarray(
        cv2.GaussianBlur(pixels, (0, 0), max(sigma, 0.1), borderType=cv2.BORDER_REPLICATE), np.uint8
    )
