"""How the kernels cut their work."""

from __future__ import annotations

import math

BLOCK = 16_384
"""Values in a block. Fixed, and sums are added block by block in order, so that results do not depend on
the number of threads; large enough that starting a block costs nothing, small enough for L1 and L2."""


def whole_levels(eps: float) -> int:
    """The grey levels that fit into `eps`; 3.9999998, which is what 4/255 * 255 may come to, is 4."""
    return math.floor(eps + 1e-4)
