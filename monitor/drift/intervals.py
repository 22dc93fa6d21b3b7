"""95 % intervals of rates over a video, by a moving-block bootstrap over its frames.

Consecutive frames are not independent, so a resample draws whole blocks of them (Künsch 1989, "The
jackknife and the bootstrap for general stationary observations", section 2.3).

Measured, 200 simulated videos of 400 frames, a miss rate of 0.5 whose correlation from frame to frame
comes from an AR(1) process: the 95 % interval held the truth in 94, 90, 88, 77 % of them at rho = 0,
0.5, 0.8, 0.95; drawing single frames instead, in 94, 83, 55, 31 %. So on a short clip that hardly changes
the interval is still somewhat too narrow, and a report says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 2000
MIN_FRAMES = 10
"""Under this many frames there are no blocks to speak of, and no interval is given."""

_DRAWS_AT_ONCE = 4_000_000  # bounds the memory of one vectorised draw to about 100 MB


def ratio_interval(
    numerators: Sequence[float] | Floats,
    denominators: Sequence[float] | Floats,
    *,
    seed: int,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    block: int | None = None,
) -> tuple[float, float] | None:
    """Percentile interval of sum(numerators) / sum(denominators), one entry a frame.

    Parameters
    ----------
    numerators, denominators : shape (frames,), in the order of the video.
    seed : of the draws; same seed and numbers, same interval.
    level : share of the resamples inside.
    resamples : how many are drawn.
    block : frames a block; None: `block_length` of the frames' residuals.

    Returns
    -------
    (low, high), or None where it is not defined: fewer than ten frames, nothing to divide by, or
    nothing to divide by in more than one resample of a hundred.

    Raises
    ------
    ValueError : two lengths, or a block that is shorter than 1 or longer than the video.
    """
    over = np.asarray(numerators, dtype=np.float64)
    under = np.asarray(denominators, dtype=np.float64)
    if over.shape != under.shape or over.ndim != 1:
        raise ValueError(
            f"numerators {over.shape} and denominators {under.shape}: one entry a frame"
        )
    frames = len(over)
    total = float(under.sum())
    if frames < MIN_FRAMES or total <= 0:
        return None
    if block is None:
        block = block_length(over - under * (over.sum() / total))
    if not 1 <= block <= frames:
        raise ValueError(f"blocks of {block} frames in a video of {frames}")
    rng = np.random.default_rng(seed)
    sums_over, sums_under = _resampled((over, under), block, resamples, rng)
    defined = sums_under > 0
    if np.count_nonzero(defined) < 0.99 * resamples:
        return None
    rates = sums_over[defined] / sums_under[defined]
    low, high = np.quantile(rates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def block_length(residuals: Floats) -> int:
    """Frames a block, chosen from the data (Politis and White 2004, corrected by Patton et al. 2009).

    The optimal length of the circular bootstrap, b = (2 G^2 / D)^(1/3) n^(1/3) with D = 4/3 g(0)^2;
    Künsch's moving blocks share it (Lahiri 1999). G and g(0) come from autocovariances under a
    flat-top window that ends at twice the lag behind which correlations are no longer told from noise.
    At most min(3 sqrt(n), n / 3), as there; at least 1.
    """
    n = len(residuals)
    centred = residuals - residuals.mean()
    variance = float(centred @ centred) / n
    if variance <= 1e-24:
        return 1  # all frames alike: any length gives the same
    most = min(math.isqrt(n) + max(5, math.ceil(math.log10(n))), n - 1)
    covariance = np.array(
        [float(centred[: n - lag] @ centred[lag:]) / n for lag in range(most + 1)]
    )
    width = min(2 * _last_lag(covariance / covariance[0], n), most)
    lags = np.arange(1, width + 1)
    window = np.clip(2 * (1 - lags / width), 0, 1) if width else np.ones(0)
    spectrum = covariance[0] + 2 * float(window @ covariance[1 : width + 1])
    slope = 2 * float((window * lags) @ covariance[1 : width + 1])
    longest: int = max(1, min(math.ceil(3 * math.sqrt(n)), n // 3))
    if spectrum <= 0:
        return longest
    best: float = (2 * slope**2 / (4 / 3 * spectrum**2)) ** (1 / 3) * n ** (1 / 3)
    return min(max(math.ceil(best), 1), longest)


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


def _resampled(
    series: tuple[Floats, Floats], block: int, resamples: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Sums of both series over resamples of as many frames as the video has; the last block is cut.

    Sums of blocks come from running sums, so a resample costs as many additions as it has blocks.
    """
    frames = len(series[0])
    whole, rest = divmod(frames, block)
    running = [np.concatenate([[0.0], np.cumsum(values)]) for values in series]
    sums = [np.empty(resamples), np.empty(resamples)]
    chunk = max(1, _DRAWS_AT_ONCE // (whole + 1))
    for first in range(0, resamples, chunk):
        part = slice(first, min(first + chunk, resamples))
        count = part.stop - part.start
        starts = rng.integers(0, frames - block + 1, size=(count, whole))
        last = rng.integers(0, frames - block + 1, size=count)
        for total, added in zip(sums, running, strict=True):
            total[part] = (added[starts + block] - added[starts]).sum(axis=1)
            total[part] += added[last + rest] - added[last]
    return sums[0], sums[1]
