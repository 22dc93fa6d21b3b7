"""How long the blocks of a block bootstrap are, from how long a video's frames stay correlated."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

Floats = npt.NDArray[np.float64]


def block_length(residuals: Floats, clips: Sequence[int] | None = None) -> int:
    """Frames a block, chosen from the data (Politis and White 2004, corrected by Patton et al. 2009).

    The optimal length of the circular bootstrap, b = (2 G^2 / D)^(1/3) n^(1/3) with D = 4/3 g(0)^2;
    Künsch's moving blocks share it (Lahiri 1999). G and g(0) come from autocovariances under a
    flat-top window that ends at twice the lag behind which correlations are no longer told from noise.
    At most min(3 sqrt(n), n / 3), as there, and the longest clip; at least 1.

    Parameters
    ----------
    residuals : shape (frames,), in the order of the video.
    clips : frames of each clip, where several stand one behind the other; no frame is compared with one of
        another clip. None: one clip.
    """
    n = len(residuals)
    clips = [n] if clips is None else clips
    centred = residuals - residuals.mean()
    if float(centred @ centred) / n <= 1e-24:
        return 1  # all frames alike: any length gives the same
    most = min(math.isqrt(n) + max(5, math.ceil(math.log10(n))), max(clips) - 1)
    covariance = _covariances(centred, clips, most)
    width = min(2 * _last_lag(covariance / covariance[0], n), most)
    lags = np.arange(1, width + 1)
    window = np.clip(2 * (1 - lags / width), 0, 1) if width else np.ones(0)
    spectrum = covariance[0] + 2 * float(window @ covariance[1 : width + 1])
    slope = 2 * float((window * lags) @ covariance[1 : width + 1])
    longest: int = max(1, min(math.ceil(3 * math.sqrt(n)), n // 3, max(clips)))
    if spectrum <= 0:
        return longest
    best: float = (2 * slope**2 / (4 / 3 * spectrum**2)) ** (1 / 3) * n ** (1 / 3)
    return min(max(math.ceil(best), 1), longest)


def _covariances(centred: Floats, clips: Sequence[int], most: int) -> Floats:
    """Autocovariances at lags 0 to `most`, within clips."""
    n = len(centred)
    # As many zeros as lags behind each clip, so that none reaches the next.
    spread = np.zeros(n + most * len(clips))
    clip = np.repeat(np.arange(len(clips)), clips)
    spread[np.arange(n) + most * clip] = centred
    # By Wiener and Khinchin. Of 100,000 frames a dot product a lag took 2.8 s where BLAS' threads had to wait
    # for others, this takes 0.02 and is the same within 2e-16, on one thread.
    size = next_fast_len(len(spread) + most, real=True)
    power = np.abs(rfft(spread, size)) ** 2
    return np.asarray(irfft(power, size)[: most + 1] / n, np.float64)


def _last_lag(correlation: Floats, n: int) -> int:
    """The lag after which `run` correlations in a row are within noise (Politis, White 2004, 3.2)."""
    run = max(5, math.ceil(math.sqrt(math.log10(n))))
    noise = 2 * math.sqrt(math.log10(n) / n)
    quiet = np.abs(correlation[1:]) < noise
    for lag in range(len(quiet) - run + 1):
        if quiet[lag : lag + run].all():
            return lag
    loud = np.flatnonzero(~quiet)
    return int(loud[-1]) + 1 if len(loud) else 0
