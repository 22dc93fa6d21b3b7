"""Where a threshold will lie, from a sample, so that one pass over the frame settles it.

A threshold up to which many values share a budget could be found by passing over them again and again, or by
histograms of all of them. A sample says to a few per cent where it lies; the pass that has to be made anyway
then notes the values in doubt, and among these few the exact one is found (the idea of SELECT, Floyd, Rivest
1975). A sample that misleads costs another pass, not the result. A 1080p frame on one thread: L2 by halvings
over all values 22.6 ms, so 6.7; L1 by histograms and Newton's steps over all of them 113 ms, so 6.0.
"""

from __future__ import annotations

import math

SAMPLE = 16_384
"""Values looked at, at least, where there are as many. With twice as many a third fewer values are in doubt,
and what that saves goes into the sample."""

DEVIATIONS = 3.0
"""Standard deviations of the sample's error that the doubt covers: 216 L2 steps along smooth gradients of
three shapes made 6 passes more than planned, as many under L1 and L0 none."""


def stride(size: int) -> int:
    """Every which value is taken: the sample meets all three channels, and all values of a small frame."""
    step = size // SAMPLE
    if step <= 1:
        return 1
    step -= step % 2 == 0  # odd and no multiple of 3: in step with no channel and few widths
    return step - 2 if step % 3 == 0 else step


def safe_rank(rank: float) -> int:
    """A rank in the sample that the true one, of which `rank` is an estimate, hardly ever exceeds."""
    return math.ceil(rank + DEVIATIONS * math.sqrt(rank) + 2 * DEVIATIONS)
