"""A studentised block bootstrap of ratios over a video's frames, and of sums of such ratios.

Each resample is judged by its own standard error, and the ends of an interval come from the quantiles of
t* = (resampled - value) / (standard error in the resample): Götze and Künsch 1996, "Second-order correctness
of the blockwise bootstrap for stationary observations". Percentiles of the resamples themselves end too soon
on both sides where blocks are few, and on the side of more misses where these are rare: the figures stand in
`monitor/drift/intervals.py`. Symmetric quantiles, of |t*|, miss rare misses on one side: of 300 videos with a
rate of 0.01 at rho = 0.5, 5.3 of 100 intervals lay below the truth and 0.7 above; equal tails: 2.0 and 1.3.

The value's own standard error comes from blocks of b frames. Its variance falls short by c / b, as blocks
lose what reaches over their ends; half as long ones tell c (Politis and Romano 1995: a flat-top window).
Without that 1 to 3 more intervals of a hundred miss the truth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.drift.block_length import block_length
from monitor.kernels.bootstrap import block_sums, resampled

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

MIN_FRAMES = 10
"""Under this many frames there are no blocks to speak of, and nothing is resampled."""

STRETCH = 1.5
"""Blocks are so many times as long as is best for the variance. Of 1, 1.5, 2 and 3 the first held the truth
less often on short clips (100 frames at rho = 0.5: 93 of 100, not 96; 400 frames, rho = 0.8, a rate of 0.1:
93, not 95), and the last makes intervals a tenth wider for nothing (2,000 frames at rho = 0.9)."""

LEAST_BLOCKS = 5
"""A video holds so many blocks at least, where their length is chosen here."""

_NOISE = 1e-12  # of the largest numerator: what is left of residuals that are 0


@dataclass(frozen=True)
class Ratio:
    """sum(over) / sum(under) over a video, one entry a frame, with the sign it has in a sum of ratios."""

    over: Floats
    under: Floats
    sign: float = 1.0

    @property
    def value(self) -> float:
        """Without the sign."""
        return float(self.over.sum() / self.under.sum())

    @property
    def residuals(self) -> Floats:
        """What each frame has more than its part, float64 (frames,); 0 where that is no more than noise."""
        left = self.over - self.under * self.value
        if np.abs(left).max() <= _NOISE * np.abs(self.over).max():
            return np.zeros_like(left)
        return left

    def span(self) -> tuple[float, float]:
        """The least and the largest ratio of a frame, with the sign: no mean of them lies outside."""
        some = self.under > 0
        if (self.over[~some] != 0).any():  # then it can
            return -math.inf, math.inf
        each = self.sign * self.over[some] / self.under[some]
        return float(each.min()), float(each.max())


@dataclass(frozen=True)
class Resamples:
    """A sum of ratios and its resamples.

    Attributes
    ----------
    value : in the video.
    deviations : float64 (resamples,), how far the resampled values are from it.
    pivots : float64 (resamples,), the same in standard errors of each resample; infinite where all of its
        blocks agree.
    error : the standard error of `value`; 0 where all frames are alike.
    span : that no limit leaves.
    """

    value: float
    deviations: Floats
    pivots: Floats
    error: float
    span: tuple[float, float]

    def limit(self, share: float) -> float:
        """What the truth lies below with a probability of `share`, within the span."""
        if self.error == 0:
            return self.value
        pivot = float(np.quantile(self.pivots, 1 - share, method="inverted_cdf"))
        return min(max(self.value - pivot * self.error, self.span[0]), self.span[1])


def resample(
    ratios: Sequence[Ratio],
    clips: Sequence[int],
    *,
    seed: int,
    resamples: int,
    block: int | None = None,
) -> Resamples | None:
    """Draw blocks of frames, the same for all ratios, and sum up the ratios of what was drawn.

    Parameters
    ----------
    ratios : of the same frames.
    clips : frames of each clip; no block reaches from one into another.
    seed : of the draws.
    resamples : how many.
    block : frames a block; None: chosen, `STRETCH` times `block_length`.

    Returns
    -------
    None where it is not defined: fewer than `MIN_FRAMES`, nothing to divide by, or, by chance, nothing to
    divide by in more than one resample of a hundred.

    Raises
    ------
    ValueError : a block that is shorter than 1 or longer than the video.
    """
    frames = len(ratios[0].over)
    if frames < MIN_FRAMES or any(ratio.under.sum() <= 0 for ratio in ratios):
        return None
    parts = [ratio.sign * ratio.residuals / ratio.under.sum() for ratio in ratios]
    influence: Floats = np.sum(parts, axis=0)
    block = chosen_block(influence, clips) if block is None else block
    if not 1 <= block <= frames:
        raise ValueError(f"blocks of {block} frames in a video of {frames}")
    starts = starts_of(clips)
    # Residuals in place of numerators: what is squared and subtracted is then small.
    rows = [row for ratio in ratios for row in (ratio.sign * ratio.residuals, ratio.under)]
    table, length = block_sums(np.stack(rows), starts, block)
    blocks = max(2, round(frames / length))
    if any((1 - np.mean(table[1::2] > 0, axis=1)) ** blocks > 0.01):
        return None
    value = sum(ratio.sign * ratio.value for ratio in ratios)
    error = _standard_error(influence, clips, block)
    if error == 0:
        still = np.zeros(resamples)
        return Resamples(value, still, still, 0.0, (value, value))
    deviations, pivots = _judged(*resampled(table, blocks, resamples, seed), blocks)
    ends = np.sum([ratio.span() for ratio in ratios], axis=0)
    if not np.isfinite(ends).all():
        ends = value + np.array([deviations.min(), deviations.max()])
    return Resamples(value, deviations, pivots, error, (float(ends[0]), float(ends[1])))


def chosen_block(series: Floats, clips: Sequence[int]) -> int:
    """Frames a block, long enough for the series."""
    most = max(1, min(len(series) // LEAST_BLOCKS, max(clips)))
    return min(round(STRETCH * block_length(series, clips)), most)


def starts_of(clips: Sequence[int]) -> Places:
    """Where each clip begins, and the number of frames: int64 (clips + 1,)."""
    return np.concatenate([[0], np.cumsum(clips)]).astype(np.int64)


def variance(influence: Floats, starts: Places, block: int) -> tuple[float, float]:
    """Of the sum over a video, were its blocks independent; and the mean number of frames in these.

    Parameters
    ----------
    influence : float64 (frames,), what each frame adds, of mean 0.
    starts : of the clips, see `starts_of`.
    block : frames a block.
    """
    sums, length = block_sums(influence[None], starts, block)
    return float(np.mean(sums**2)) * len(influence) / length, length


def _standard_error(influence: Floats, clips: Sequence[int], block: int) -> float:
    """Of a sum of ratios, from what each frame adds to it (linearised)."""
    frames, starts, half = len(influence), starts_of(clips), block // 2
    whole, length = variance(influence, starts, block)
    if length >= frames or not influence.any():
        return 0.0
    if half:  # not at block 1
        # A clip no longer than a block loses nothing at its ends.
        cut = np.where(np.repeat(clips, clips) > block, influence, 0.0)
        lost = variance(cut, starts, block)[0] - variance(cut, starts, half)[0]
        # Never less than the blocks say: a noisy c must not make an interval shorter.
        whole += max(0.0, lost * half / (block - half))
    # The residuals of the video sum up to 0, which takes a block's share of it from their variance.
    return math.sqrt(whole / (1 - length / frames))


def _judged(sums: Floats, products: Floats, blocks: int) -> tuple[Floats, Floats]:
    """How far each resample is from the value, and how many of its own standard errors that is.

    Those with nothing to divide by are left out.
    """
    defined = (sums[:, 1::2] > 0).all(axis=1)
    over, under = sums[defined, 0::2], sums[defined, 1::2]
    each = over / under
    deviations = each.sum(axis=1)
    # What a block adds to the deviation, residual - each * under, is linear in the block's sums.
    by = np.empty((len(each), sums.shape[1]))
    by[:, 0::2], by[:, 1::2] = 1 / under, -each / under
    squares = np.einsum("ri,rij,rj->r", by, products[defined], by)
    errors = np.sqrt(np.maximum(squares, 0) * blocks / (blocks - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        pivots = deviations / errors
    return deviations, np.nan_to_num(pivots, nan=0.0, posinf=math.inf, neginf=-math.inf)
