"""Compilation before the first frame; numba keeps the result on disk."""

from __future__ import annotations

import numpy as np

from monitor.kernels.l2_update import l2_update
from monitor.kernels.linf_update import linf_update
from monitor.kernels.moved import moved


def warm_up() -> None:
    """Compile every kernel, or load it from numba's cache, for the types that frames have."""
    clean = np.zeros((2, 2, 3), dtype=np.uint8)
    gradient = np.ones(clean.shape, dtype=np.float32)
    offset = np.zeros(clean.shape, dtype=np.float32)
    for update in (linf_update, l2_update):
        update(clean, gradient, offset, np.empty_like(clean), 1.0, 1.0)
    moved(clean, clean)
