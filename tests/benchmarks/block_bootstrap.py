"""Resamples of 100,000 frames, by the kernel and by the numpy code that the intervals had before.

Blocks of one frame are the most work, as each is drawn by itself; 47 are the cube root of 100,000. The way of
before is timed on fewer resamples, which its time is proportional to.

Prediction, written before it was measured: two look-ups, a draw and three products take 3 ns on one core, so
1.5 s for 10,000 resamples on two.

Seen on two quiet cores: 1.2 s, of the pair of two ratios 3.1 s; with the length chosen (a few frames here)
0.7 s. The kernel is 6 to 11 x as fast as the code before at one frame a block, and 7 x at 47.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from harness import at_most, free, race

from monitor.drift.intervals import paired_interval, ratio_interval
from monitor.kernels.bootstrap import block_sums, resampled

Floats = npt.NDArray[np.float64]

FRAMES, RESAMPLES = 100_000, 10_000

FEW = 100
"""Resamples in the race."""

LIMIT = 5
"""Seconds that 10,000 resamples may take."""


def run(rounds: int) -> dict[str, Any]:
    """Times and ratios."""
    rng = np.random.default_rng(0)
    under = rng.integers(0, 6, FRAMES).astype(np.float64)
    over = rng.binomial(under.astype(np.int64), 0.1).astype(np.float64)
    other = rng.binomial(under.astype(np.int64), 0.2).astype(np.float64)
    starts = np.array([0, FRAMES])
    times, ratios = {}, {}
    for block in (1, 47):
        table, _ = block_sums(np.stack([over, under]), starts, block)

        def kernel(table: Floats = table, block: int = block) -> object:
            return resampled(table, FRAMES // block, FEW, 0)

        def before(block: int = block) -> object:
            return by_numpy((over, under), block, FEW, np.random.default_rng(0))

        names = [f"{way}, {FEW} resamples, block {block}" for way in ("kernel", "numpy before")]
        times |= race(dict(zip(names, (kernel, before), strict=True)), rounds=rounds, warm_up=2)
        ratios[f"numpy before / kernel, block {block}"] = free(
            times[names[1]]["median_ms"] / times[names[0]]["median_ms"], "more is better"
        )
    contest = {
        f"ratio_interval, {RESAMPLES} resamples, block 1": lambda: ratio_interval(
            over, under, seed=0, block=1, resamples=RESAMPLES
        ),
        f"ratio_interval, {RESAMPLES} resamples, block chosen": lambda: ratio_interval(
            over, under, seed=0, resamples=RESAMPLES
        ),
        f"paired_interval, {RESAMPLES} resamples, block 1": lambda: paired_interval(
            over, under, other, under, seed=0, block=1, resamples=RESAMPLES
        ),
    }
    # Each takes seconds: that is told from few rounds as well.
    whole = race(contest, rounds=3, warm_up=1)
    for name, row in whole.items():
        ratios[name] = at_most(row["median_ms"] / 1e3, LIMIT, unit="s")
    return {"times": times | whole, "ratios": ratios}


def by_numpy(
    series: tuple[Floats, Floats], block: int, resamples: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Sums of both series over resamples, from running sums; moving blocks, of which the last is cut."""
    frames = len(series[0])
    whole, rest = divmod(frames, block)
    running = [np.concatenate([[0.0], np.cumsum(values)]) for values in series]
    sums = [np.empty(resamples), np.empty(resamples)]
    chunk = max(1, 4_000_000 // (whole + 1))
    for first in range(0, resamples, chunk):
        part = slice(first, min(first + chunk, resamples))
        count = part.stop - part.start
        starts = rng.integers(0, frames - block + 1, size=(count, whole))
        last = rng.integers(0, frames - block + 1, size=count)
        for total, added in zip(sums, running, strict=True):
            total[part] = (added[starts + block] - added[starts]).sum(axis=1)
            total[part] += added[last + rest] - added[last]
    return sums[0], sums[1]
