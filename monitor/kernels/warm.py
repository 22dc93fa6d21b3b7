"""Compilation before the first frame; numba keeps the result on disk."""

from __future__ import annotations

import numpy as np

from monitor.kernels.l0_update import l0_update
from monitor.kernels.l1_update import l1_update
from monitor.kernels.l2_update import l2_update
from monitor.kernels.laid import lay
from monitor.kernels.linf_update import linf_update
from monitor.kernels.moved import moved
from monitor.kernels.select import FEW, cut
from monitor.kernels.warp import edged_by_one, warp

_SIDE = 170
"""Of a picture with more values than a sample has, so that what only large frames need is compiled too."""


def warm_up() -> None:
    """Compile every kernel, or load it from numba's cache, for the types that frames have."""
    clean = np.full((_SIDE, _SIDE, 3), 100, dtype=np.uint8)
    clean.flags.writeable = False  # as a frame's pixels are
    gradient = np.ones(clean.shape, dtype=np.float32)
    gradient[0] = 2
    for update in (linf_update, l2_update, l1_update, l0_update):
        offset = np.zeros(clean.shape, dtype=np.float32)
        # Twice: some is only done to what is off the clean frame.
        for _ in range(2):
            update(clean, gradient, offset, np.empty_like(clean), 3.0, 3.0)
    many = np.ones(FEW + 1, dtype=np.float32)
    cut(many, many, 1.0)
    moved(clean, np.zeros_like(clean))
    layer = np.empty((8, 8, 4), dtype=np.uint8)
    warp(edged_by_one(np.full((8, 8, 4), 9, dtype=np.uint8)), np.eye(3), layer)
    lay(clean.copy(), layer, (1, 1), *np.ones((2, 3), np.float32))
