"""Confidence intervals of rates over a video, by a studentised block bootstrap over its frames.

Consecutive frames are not independent, so a resample draws whole blocks of them (Künsch 1989, "The jackknife
and the bootstrap for general stationary observations"); how is said in `monitor/drift/resampling.py`.

Measured (`tests/benchmarks/interval_coverage.py`, 600 simulated videos each, so give or take 0.9): of a
hundred 95 % intervals these held the truth; in brackets the percentiles of moving blocks that stood here
before.

| rho, frame to frame | 0 | 0.5 | 0.8 | 0.9 |
| --- | --- | --- | --- | --- |
| 2,000 frames, 0 to 6 objects, rate 0.3 | 95.7 (95.0) | 94.0 (92.5) | 94.8 (93.2) | 93.3 (89.0) |
| the same, rate 0.05 | 94.2 (94.3) | 94.0 (92.8) | 93.0 (90.7) | 95.2 (90.5) |
| 2,000 frames, one object, rate 0.5 | 95.2 (95.7) | 95.2 (93.8) | 96.7 (94.8) | 95.2 (92.8) |

With 400 frames at rho = 0.95, 95.7 (80.2) of one object and a rate of 0.5, as intervals are then half of
[0, 1] wide; but 89.8 (75.3) of several objects and a rate of 0.1, so that on a short clip that hardly changes
they are somewhat too narrow still. One-sided 95 % upper bounds held in 94 to 97 of the table's cases and in
87.8 of the last. At a rate of 0.003, one object, rho = 0.9, some five runs of misses: 91.3 (74.7), most of
them without an upper end; with `proportion` 99.0, a median of 0.04 wide.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monitor.drift.block_length import block_length
from monitor.drift.few_misses import largest_rate
from monitor.drift.resampling import MIN_FRAMES, Ratio, Resamples, resample

__all__ = [
    "MIN_FRAMES",
    "RESAMPLES",
    "block_length",
    "lower_bound",
    "paired_interval",
    "ratio_interval",
    "ratio_resamples",
    "upper_bound",
]

Floats = npt.NDArray[np.float64]
Numbers = Sequence[float] | Floats

RESAMPLES = 10_000


def ratio_interval(
    numerators: Numbers,
    denominators: Numbers,
    *,
    seed: int,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    block: int | None = None,
    clips: Sequence[int] | None = None,
    proportion: bool = False,
) -> tuple[float, float] | None:
    """Interval of sum(numerators) / sum(denominators), one entry a frame; both ends miss equally often.

    It never leaves the range of the frames' own ratios, so what is in [0, 1] in every frame stays there;
    where all frames are alike it is a single point. Where chance alone can leave a resample without a miss
    (three runs of misses or fewer) no upper end can be told, and it is the end of that range.

    Parameters
    ----------
    numerators, denominators : shape (frames,), in the order of the video; denominators not negative.
    seed : of the draws; same seed and numbers, same interval.
    level : probability with which it holds the truth, half of the rest on either side; in (0, 1).
    resamples : how many are drawn.
    block : frames a block; None: chosen from the frames' residuals.
    clips : frames of each clip, where several stand one behind the other; no block reaches from one into
        another. None: one clip.
    proportion : the ratio is a share, 0 <= numerator <= denominator in every frame. Where the bootstrap
        then has no say, as nothing or everything counts or next to it, that end comes from Clopper and
        Pearson's interval (1934) on blocks of frames: `monitor/drift/few_misses.py`.

    Returns
    -------
    (low, high), or None where it is not defined: fewer than ten frames, nothing to divide by, or
    nothing to divide by in more than one resample of a hundred.

    Raises
    ------
    ValueError : two lengths, clips that do not add up to the frames, a block that is shorter than 1 or longer
        than the video, a level outside (0, 1), no proportion.
    """
    _check_level(level)
    shares = ((1 - level) / 2, (1 + level) / 2)
    ends = _limits((numerators, denominators), shares, seed, resamples, block, clips, proportion)
    return None if ends is None else (ends[0], ends[1])


def upper_bound(
    numerators: Numbers,
    denominators: Numbers,
    *,
    seed: int,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    block: int | None = None,
    clips: Sequence[int] | None = None,
    proportion: bool = False,
) -> float | None:
    """What the ratio is at most, with the probability `level`; one-sided, else as `ratio_interval`."""
    _check_level(level)
    pair = numerators, denominators
    ends = _limits(pair, (level,), seed, resamples, block, clips, proportion)
    return None if ends is None else ends[0]


def lower_bound(
    numerators: Numbers,
    denominators: Numbers,
    *,
    seed: int,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    block: int | None = None,
    clips: Sequence[int] | None = None,
    proportion: bool = False,
) -> float | None:
    """What the ratio is at least, with the probability `level`; one-sided, else as `ratio_interval`."""
    _check_level(level)
    pair = numerators, denominators
    ends = _limits(pair, (1 - level,), seed, resamples, block, clips, proportion)
    return None if ends is None else ends[0]


def paired_interval(
    over_a: Numbers,
    under_a: Numbers,
    over_b: Numbers,
    under_b: Numbers,
    *,
    seed: int,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    block: int | None = None,
    clips: Sequence[int] | None = None,
) -> tuple[float, float] | None:
    """Interval of sum(over_a) / sum(under_a) - sum(over_b) / sum(under_b) over the same frames.

    The same blocks are drawn for both, so what makes a frame hard for both does not count as doubt. For the
    rest see `ratio_interval`.
    """
    _check_level(level)
    a, b = _ratio(over_a, under_a), _ratio(over_b, under_b, -1)
    if a.over.shape != b.over.shape:
        raise ValueError(f"{len(a.over)} frames beside {len(b.over)}: both must be of the same")
    parts = _clips(clips, len(a.over))
    drawn = resample([a, b], parts, seed=seed, resamples=resamples, block=block)
    if drawn is None:
        return None
    low, high = (
        _beside(drawn, drawn.limit(share), share) for share in ((1 - level) / 2, (1 + level) / 2)
    )
    return low, high


def ratio_resamples(
    numerators: Numbers,
    denominators: Numbers,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    block: int | None = None,
    clips: Sequence[int] | None = None,
) -> Floats | None:
    """The ratio in each resample, float64 (resamples,); those with nothing to divide by are left out.

    To draw or to carry on with. Its quantiles are percentile intervals, which are too narrow: for bounds take
    `upper_bound` and `lower_bound`. None and errors as `ratio_interval`.
    """
    ratio = _ratio(numerators, denominators)
    parts = _clips(clips, len(ratio.over))
    drawn = resample([ratio], parts, seed=seed, resamples=resamples, block=block)
    return None if drawn is None else drawn.value + drawn.deviations


def _limits(
    pair: tuple[Numbers, Numbers],
    shares: Sequence[float],
    seed: int,
    resamples: int,
    block: int | None,
    clips: Sequence[int] | None,
    proportion: bool,
) -> list[float] | None:
    """What the truth lies below with each probability of `shares`."""
    ratio = _ratio(*pair)
    if proportion and not ((ratio.over >= 0) & (ratio.over <= ratio.under)).all():
        raise ValueError("no proportion: a numerator below 0 or above its denominator")
    parts = _clips(clips, len(ratio.over))
    drawn = resample([ratio], parts, seed=seed, resamples=resamples, block=block)
    if drawn is None:
        return None
    if proportion:
        limits = [_share_limit(drawn, ratio, share, parts, block) for share in shares]
    else:
        limits = [drawn.limit(share) for share in shares]
    return [_beside(drawn, limit, share) for limit, share in zip(limits, shares, strict=True)]


def _beside(drawn: Resamples, limit: float, share: float) -> float:
    """The limit on its own side of the figure: skewed draws may put both ends on one side of it."""
    return max(limit, drawn.value) if share > 0.5 else min(limit, drawn.value)


def _share_limit(
    drawn: Resamples, ratio: Ratio, share: float, clips: Sequence[int], block: int | None
) -> float:
    """The bootstrap's limit of a proportion, or the blocks' where it has none."""
    limit = drawn.limit(share)
    if drawn.error == 0 and 0 < drawn.value < 1:
        return limit
    if share > 0.5 and limit >= drawn.span[1]:
        most = largest_rate(ratio.over, ratio.under, clips, share=share, block=block)
        return most if drawn.error == 0 else min(limit, most)
    if share < 0.5 and limit <= drawn.span[0]:
        rest = ratio.under - ratio.over
        least = 1 - largest_rate(rest, ratio.under, clips, share=1 - share, block=block)
        return least if drawn.error == 0 else max(limit, least)
    return limit


def _ratio(numerators: Numbers, denominators: Numbers, sign: float = 1) -> Ratio:
    over = np.asarray(numerators, dtype=np.float64)
    under = np.asarray(denominators, dtype=np.float64)
    if over.shape != under.shape or over.ndim != 1:
        raise ValueError(
            f"numerators {over.shape} and denominators {under.shape}: one entry a frame"
        )
    return Ratio(over, under, sign)


def _clips(clips: Sequence[int] | None, frames: int) -> list[int]:
    if clips is None:
        return [frames]
    found = [int(clip) for clip in clips]
    if sum(found) != frames or min(found, default=1) < 1:
        raise ValueError(
            f"clips of {sum(found)} frames beside {frames} entries: give the frames of each clip, at least 1"
        )
    return found


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"a level of {level}: a probability between 0 and 1")
