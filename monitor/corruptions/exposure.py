"""Light that is too little, too much, unsteady or of the wrong colour, and how a camera answers to it."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.corruptions.fault import GAMMA, Shape, at_severity
from monitor.kernels.dice import key
from monitor.kernels.graded import graded
from monitor.kernels.noise import DRAWS_BITS, add_normal, draw_levels


class LowLight:
    """A dark scene: less light, and what the amplifier makes of the few photons that are left."""

    stops = (1.5, 2.5, 3.3, 4.0, 4.6)
    """Of light that is missing, each half of what was there."""
    photons = 900.0
    """That a white value is counted as in full light."""
    read_noise = 1.5
    """Standard deviation of the reading itself, in grey levels."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape
        self._seed = seed

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        dark, out = np.empty_like(pixels), np.empty_like(pixels)
        table = dim_levels(at_severity(self.stops, severity, 0), self.photons)
        draw_levels(pixels, dark, table, key(self._seed, at))
        add_normal(dark, out, self.read_noise * min(severity, 1), key(self._seed, at, 1))
        return out


@lru_cache(maxsize=32)
def dim_levels(stops: float, photons: float) -> npt.NDArray[np.uint8]:
    """What each level may become in less light, (256, 2**DRAWS_BITS), photons counted as a Poisson variable.

    Its quantiles are those of a normal variable of the same mean and variance: in the dark a handful of
    photons remain, and the difference is less than a grey level.
    """
    from scipy.special import ndtri

    draws = ndtri((np.arange(1 << DRAWS_BITS) + 0.5) / (1 << DRAWS_BITS))
    mean = (np.arange(256)[:, None] / 255) ** GAMMA * photons * 2.0**-stops
    fewer = np.maximum(mean + min(stops, 1.0) * np.sqrt(mean) * draws, 0)
    levels = 255 * (fewer / photons) ** (1 / GAMMA)
    table: npt.NDArray[np.uint8] = np.clip(levels + 0.5, 0, 255).astype(np.uint8)
    return table


class OverExposure:
    """Too much light: all brighter, and what was bright is white."""

    stops = (0.5, 1.0, 1.5, 2.1, 2.8)
    """Of light too much, each twice as much."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape, seed

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        gain = 2.0 ** at_severity(self.stops, severity, 0)
        light = (np.arange(256) / 255) ** GAMMA * gain
        levels = 255 * np.minimum(light, 1) ** (1 / GAMMA)
        return np.asarray(cv2.LUT(pixels, np.rint(levels).astype(np.uint8)), dtype=np.uint8)


class Brightness:
    """The value of every colour raised (ImageNet-C)."""

    rises = (0.1, 0.2, 0.3, 0.4, 0.5)
    """Of the largest of red, green and blue, in pixel units of [0, 1]; the other two rise in proportion."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape, seed

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        out = np.empty_like(pixels)
        graded(pixels, out, 255 * at_severity(self.rises, severity, 0))
        return out


class Contrast:
    """Less contrast about each channel's mean (ImageNet-C)."""

    shares = (0.4, 0.3, 0.2, 0.1, 0.05)
    """Of the contrast that are left."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape, seed

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        share = at_severity(self.shares, severity, 1)
        means = np.asarray(cv2.mean(pixels)[:3])
        table = (np.arange(256)[:, None] - means) * share + means
        return np.asarray(cv2.LUT(pixels, np.rint(table).astype(np.uint8)[None]), dtype=np.uint8)


class Flicker:
    """Lamps on the mains: bright and dark bands that wander, as rows are exposed one after the other.

    A lamp on 60 Hz is brightest 120 times a second. A sensor that reads its rows over 1/48 s holds two and a
    half bands in a frame; at 29.8 frames a second each frame begins a fortieth of one later.
    """

    depths = (0.12, 0.25, 0.4, 0.55, 0.7)
    """Of the light that is gone in the middle of a dark band."""
    bands = 2.5
    """In the height of a frame."""
    wander = 120 / 29.8 % 1
    """Bands from a frame to the next."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._height = shape[0]
        self._phase = float(np.random.default_rng(seed).random())

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        depth = at_severity(self.depths, severity, 0)
        rows = np.arange(self._height) / max(self._height, 1) * self.bands
        turns = rows + self._phase + at * self.wander
        light = 1 - depth * (1 - np.cos(2 * math.pi * turns)) / 2
        gains = (light ** (1 / GAMMA)).astype(np.float32)[:, None, None]
        moved = cv2.multiply(pixels, np.broadcast_to(gains, pixels.shape).copy(), dtype=cv2.CV_8U)
        return np.asarray(moved, dtype=np.uint8)


class ColourCast:
    """A white balance that is off, and hunts slowly between a warm and a cold light."""

    shifts = (0.15, 0.3, 0.45, 0.65, 0.9)
    """Stops by which red rises and blue falls, or the other way round."""
    period = 600
    """Frames from the warmest to the warmest again; the swing is a tenth of the shift."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape
        rng = np.random.default_rng(seed)
        self._side = 1.0 if rng.random() < 0.5 else -1.0
        self._phase = float(rng.random())

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        swing = 0.9 + 0.1 * math.cos(2 * math.pi * (at / self.period + self._phase))
        stops = self._side * swing * at_severity(self.shifts, severity, 0)
        gains = 2.0 ** (np.array([-stops, 0.0, stops]) / GAMMA)  # of the levels, blue green red
        table = np.minimum(np.arange(256)[:, None] * gains, 255)
        return np.asarray(cv2.LUT(pixels, np.rint(table).astype(np.uint8)[None]), dtype=np.uint8)
