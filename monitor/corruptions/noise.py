"""Noise that a sensor adds: new in every frame, but for what its rows and columns keep."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.corruptions.fault import Shape, at_severity
from monitor.kernels.dice import key
from monitor.kernels.noise import DRAWS_BITS, add_normal, black_and_white, draw_levels, shifted


class GaussianNoise:
    """Additive normal noise, as of an amplifier (ImageNet-C; Hendrycks, Dietterich 2019)."""

    deviations = (0.08, 0.12, 0.18, 0.26, 0.38)
    """Standard deviations, in pixel units of [0, 1]."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape
        self._seed = seed

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        out = np.empty_like(pixels)
        add_normal(
            pixels, out, 255 * at_severity(self.deviations, severity, 0), key(self._seed, at)
        )
        return out


class ShotNoise:
    """Poisson noise of the few photons that arrive (ImageNet-C): a bright value gets more of it."""

    photons = (60.0, 25.0, 12.0, 5.0, 3.0)
    """That a white value is counted as."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape
        self._seed = seed

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        out = np.empty_like(pixels)
        draw_levels(pixels, out, poisson_levels(self.count(severity)), key(self._seed, at))
        return out

    def count(self, severity: float) -> float:
        """Photons of white; the variance, their inverse, is what is interpolated."""
        return 1 / at_severity([1 / n for n in self.photons], severity, 0)


@lru_cache(maxsize=32)
def poisson_levels(photons: float) -> npt.NDArray[np.uint8]:
    """What each level may become, (256, 2**DRAWS_BITS), outcomes of the same probability in rising order."""
    from scipy.stats import poisson

    draws = (np.arange(1 << DRAWS_BITS) + 0.5) / (1 << DRAWS_BITS)
    mean = np.arange(256)[:, None] / 255 * photons
    counts = poisson.ppf(draws, mean)
    levels = np.clip(counts / photons * 255 + 0.5, 0, 255)
    table: npt.NDArray[np.uint8] = np.nan_to_num(levels).astype(np.uint8)
    return table


class ImpulseNoise:
    """Salt and pepper: values that read black or white (ImageNet-C)."""

    shares = (0.03, 0.06, 0.09, 0.17, 0.27)
    """Of the values."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape
        self._seed = seed

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        out = np.empty_like(pixels)
        share = at_severity(self.shares, severity, 0)
        black_and_white(pixels, out, share, key(self._seed, at))
        return out


class BandingNoise:
    """Rows and columns read with an offset: columns keep theirs, rows get a new one in every frame."""

    deviations = (4.0, 8.0, 13.0, 20.0, 30.0)
    """Standard deviations of a row's offset, in grey levels; a column's is half of it."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._seed, self._shape = seed, shape
        rng = np.random.default_rng((seed, 1))
        self._columns = rng.standard_normal(shape[1]).astype(np.float32) / 2

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        rng = np.random.default_rng((self._seed, 2, at))
        rows = rng.standard_normal(self._shape[0]).astype(np.float32)
        deviation = np.float32(at_severity(self.deviations, severity, 0))
        out = np.empty_like(pixels)
        shifted(pixels, out, deviation * rows, deviation * self._columns)
        return out
