"""The L0 update: a step, the pixels that moved most are kept and all others put back."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels
from monitor.kernels.select import cut

_ROWS = 4_096
"""Pixels a thread takes at a time."""


def l0_update_numpy(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    out: Pixels,
    step: float,
    eps: float,
    steepest: bool = False,
) -> None:
    """The same in plain numpy, by sorting; see `l0_update`."""
    base = clean.reshape(-1, clean.shape[-1]).astype(np.float32)
    slope = np.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0).reshape(base.shape)
    place = offset.reshape(base.shape)
    here = base + place
    if steepest:
        move = np.where(slope > 0, np.float32(255) - here, -here) * (slope != 0)
        score = (np.abs(slope) * np.abs(move)).sum(axis=1)
        moved = place + move
    else:
        mean = np.abs(slope).mean(dtype=np.float64)
        rate = np.float32(step / mean) if mean > 0 else np.float32(0)
        moved = np.clip(here + rate * slope, 0, 255) - base
        score = np.square(moved).sum(axis=1)
    kept = np.zeros(len(base), bool)
    kept[np.argsort(-score, kind="stable")[: int(eps)]] = True
    kept &= score > 0
    place[...] = np.where(kept[:, None], moved, 0)
    out[...] = np.floor(base + place + np.float32(0.5)).astype(np.uint8).reshape(out.shape)


@numba.njit(parallel=True, cache=True, nogil=True)
def _mean_size(gradient: Gradient) -> float:
    largest = np.float32(np.finfo(np.float32).max)
    parts = (gradient.size + _ROWS - 1) // _ROWS
    sums = np.zeros(parts, np.float64)
    for part in numba.prange(parts):
        total = np.float64(0)
        slopes = gradient[part * _ROWS : (part + 1) * _ROWS]
        for i in range(slopes.size):
            size = abs(slopes[i])
            total += np.float64(size) if size <= largest else 0.0
        sums[part] = total
    total = 0.0
    for part in range(parts):
        total += sums[part]
    return total / gradient.size


@numba.njit(parallel=True, cache=True, nogil=True)
def _move(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    score: Gradient,
    rate: np.float32,
    steepest: bool,
) -> None:
    """Move every pixel, and score it: by what it gains (steepest), or by how far it is from the clean one."""
    zero, white = np.float32(0), np.float32(255)
    largest = np.float32(np.finfo(np.float32).max)
    for part in numba.prange((score.size + _ROWS - 1) // _ROWS):
        for row in range(part * _ROWS, min((part + 1) * _ROWS, score.size)):
            total = zero
            for channel in range(clean.shape[1]):
                base, slope = np.float32(clean[row, channel]), gradient[row, channel]
                slope = slope if abs(slope) <= largest else zero
                here = base + offset[row, channel]
                if steepest:
                    there = here
                    if slope > 0:
                        there = white
                    elif slope < 0:
                        there = zero
                    total += abs(slope) * abs(there - here)
                    offset[row, channel] = there - base
                else:
                    place = min(max(here + rate * slope, zero), white) - base
                    total += place * place
                    offset[row, channel] = place
            score[row] = total


@numba.njit(cache=True, nogil=True)
def _keep(
    clean: Pixels, offset: Gradient, out: Pixels, score: Gradient, threshold: np.float32, left: int
) -> None:
    half = np.float32(0.5)
    for row in range(score.size):
        keep = score[row] > threshold
        if score[row] == threshold and left > 0:
            keep, left = True, left - 1
        if not keep or score[row] <= 0:
            for channel in range(clean.shape[1]):
                offset[row, channel] = 0
                out[row, channel] = clean[row, channel]
        else:
            for channel in range(clean.shape[1]):
                base = np.float32(clean[row, channel])
                out[row, channel] = np.uint8(np.int32(base + offset[row, channel] + half))


def l0_update(
    clean: Pixels,
    gradient: Gradient,
    offset: Gradient,
    out: Pixels,
    step: float,
    eps: float,
    steepest: bool = False,
) -> None:
    """One step of PGD under L0 (Croce, Hein 2019, section 4), all channels of a pixel together.

    Every value moves along the gradient, `step` on average, within [0, 255]; the `eps` pixels that are then
    farthest from the clean frame stay, the others go back. `steepest`: every value goes as far uphill as it
    can and the pixels that gain most stay, which is the optimum of a linear loss from the clean frame.

    Parameters
    ----------
    clean : uint8 (..., channels), C-contiguous; not written.
    gradient : float32, same shape; values that are not finite count as 0.
    offset : float32, same shape, grey levels; position relative to `clean`, updated in place.
    out : uint8, same shape; written.
    step : mean size of a move, grey levels.
    eps : number of pixels that may differ.
    """
    channels = clean.shape[-1]
    flat, slope = clean.reshape(-1, channels), gradient.reshape(-1, channels)
    place, target = offset.reshape(-1, channels), out.reshape(-1, channels)
    mean = 0.0 if steepest else _mean_size(gradient.reshape(-1))
    rate = np.float32(step / mean) if mean > 0 else np.float32(0)
    score: npt.NDArray[np.float32] = np.empty(len(flat), np.float32)
    _move(flat, slope, place, score, rate, steepest)
    threshold, left = cut(score, np.ones_like(score), float(int(eps)))
    _keep(flat, place, target, score, np.float32(threshold), int(left))
