"""What the largest rate can be where next to nothing was missed, from how many blocks of frames held a miss.

A bootstrap of a video without a miss has nothing to draw but that. But of blocks that are as good as
independent, K in number, k of them with a miss, the share of blocks with a miss is at most the upper end of
Clopper and Pearson's interval (1934), and the miss rate is no larger than that share. With k = 0 it is
1 - a^(1/K), the "rule of three": about 3 / K at a = 0.05 (Hanley and Lippman-Hand 1983; Jovanovic and Levy
1997). Blocks that hold few objects count for less: K is Kish's effective number (1965), as Korn and Graubard
(1998) do with clusters of a survey.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monitor.drift.resampling import chosen_block, starts_of, variance
from monitor.kernels.bootstrap import block_sums

Floats = npt.NDArray[np.float64]


def largest_rate(
    over: Floats, under: Floats, clips: Sequence[int], *, share: float, block: int | None = None
) -> float:
    """What the rate sum(over) / sum(under) lies below with a probability of `share` or more, in [0, 1].

    Parameters
    ----------
    over, under : float64 (frames,), 0 <= over <= under, and some of `under` above 0.
    clips : frames of each clip.
    share : in (0, 1).
    block : frames a block; None: chosen, from the misses as for a bootstrap, or, where there are none,
        as said in `_without_misses`.
    """
    from scipy.special import betaincinv

    if block is None and over.any():
        block = chosen_block(over - under * (over.sum() / under.sum()), clips)
    elif block is None:
        block = _without_misses(under, clips)
    rows = np.stack([np.asarray(over > 0, np.float64), under])
    (missed, objects), length = block_sums(rows, starts_of(clips), block)
    trials = len(over) / length * float(objects.mean() ** 2 / np.mean(objects**2))
    # Of the blocks that hold anything: the empty ones of a rare class say nothing of it, either way.
    hits = trials * float(np.mean(missed[objects > 0] > 0.5))
    if hits >= trials:
        return 1.0
    return float(betaincinv(hits + 1, trials - hits, share))


def _without_misses(under: Floats, clips: Sequence[int]) -> int:
    """Frames a block where nothing says how long misses would last.

    As many as are worth one independent frame by the numbers of objects, which say how fast the scene
    changes (the design effect of their mean, Kish 1965); at least the cube root of all, at which the length
    grows that is best for a variance (Künsch 1989): 13 of 2,000, 47 of 100,000.
    """
    centred = under - under.mean()
    least = math.ceil(len(under) ** (1 / 3))
    if centred.any():
        starts = starts_of(clips)
        long, _ = variance(centred, starts, chosen_block(centred, clips))
        single, _ = variance(centred, starts, 1)
        least = max(least, math.ceil(long / single))
    return int(min(least, max(clips)))
