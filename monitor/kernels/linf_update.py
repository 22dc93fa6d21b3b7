"""The Linf update: signed step, projection onto the ball, clip to [0, 255], rounding inside the budget."""

from __future__ import annotations

import numba
import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.kernels.blocks import BLOCK, read_only, whole_levels


def linf_update_numpy(
    clean: Pixels, gradient: Gradient, offset: Gradient, out: Pixels, step: float, eps: float
) -> None:
    """The same in plain numpy; see `linf_update`."""
    base = clean.astype(np.float32)
    moved = offset + np.float32(step) * np.sign(np.nan_to_num(gradient, nan=0.0))
    moved = np.clip(moved, -np.float32(eps), np.float32(eps))
    value = np.clip(base + moved, np.float32(0), np.float32(255))
    np.subtract(value, base, out=offset)
    reach = np.float32(whole_levels(eps))
    out[...] = np.floor(base + np.clip(offset, -reach, reach) + np.float32(0.5)).astype(np.uint8)


@numba.njit(parallel=True, cache=True, nogil=True)
def _update(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    out: Pixels,
    step: np.float32,
    eps: np.float32,
    reach: np.float32,
) -> None:
    zero, white, half = np.float32(0), np.float32(255), np.float32(0.5)
    for block in numba.prange((clean.size + BLOCK - 1) // BLOCK):
        start = block * BLOCK
        stop = min(start + BLOCK, clean.size)
        # Slices, not offsets into the whole: without them the loop is not vectorised, and a 1080p
        # frame takes 20.9 ms instead of 1.4.
        bases, slopes = clean[start:stop], gradient[start:stop]
        places, levels = offset[start:stop], out[start:stop]
        for i in range(bases.size):
            base, slope = np.float32(bases[i]), slopes[i]
            push = step if slope > 0 else zero
            push = -step if slope < 0 else push
            moved = min(max(places[i] + push, -eps), eps)
            place = min(max(base + moved, zero), white) - base
            places[i] = place
            levels[i] = np.uint8(np.int32(base + min(max(place, -reach), reach) + half))


def linf_update(
    clean: Pixels, gradient: Gradient, offset: Gradient, out: Pixels, step: float, eps: float
) -> None:
    """One projected signed-gradient step (Madry et al. 2018, eq. 4), all in one pass over memory.

    Parameters
    ----------
    clean : uint8, any shape, C-contiguous; not written.
    gradient : float32, same shape; only its sign counts, NaN counts as 0.
    offset : float32, same shape, grey levels; the exact position relative to `clean`, updated in place.
        It is kept beside the rounded frame because a step under half a level would round to nothing.
    out : uint8, same shape; written: the position rounded to the nearest level inside the budget.
    step, eps : grey levels (255 times pixel units), at least 0.
    """
    _update(
        read_only(clean),
        read_only(gradient),
        offset.reshape(-1),
        out.reshape(-1),
        np.float32(step),
        np.float32(eps),
        np.float32(whole_levels(eps)),
    )
