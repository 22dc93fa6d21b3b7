"""How the kernels cut their work, and how they are handed what they only read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

BLOCK = 16_384
"""Values in a block. Fixed, and sums are added block by block in order, so that results do not depend on
the number of threads; large enough that starting a block costs nothing, small enough for L1 and L2."""

FINITE = np.float32(np.finfo(np.float32).max)
"""NaN and infinity fail `abs(value) <= FINITE`; unlike isfinite, the comparison vectorises."""


def whole_levels(eps: float) -> int:
    """The grey levels that fit into `eps`; 3.9999998, which is what 4/255 * 255 may come to, is 4."""
    return math.floor(eps + 1e-4)


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A flat view that cannot be written.

    A frame's pixels are read-only, a test's or a candidate's are not, and numba compiles a kernel anew for
    either. Handing all of them over as read-only leaves one form to compile, and to have compiled before
    the first frame.
    """
    view = array.reshape(-1)
    view.flags.writeable = False
    return view
