"""The L0 update: a step, the pixels that moved most are kept and all others put back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.kernels.blocks import read_only
from monitor.kernels.gather import PARTS, joined, rows
from monitor.kernels.l0_passes import CHANNELS, collect, mean_size, put, scored
from monitor.kernels.sampling import safe_rank, stride
from monitor.kernels.select import top

_WORTHLESS = float(np.finfo(np.float32).tiny)
"""A pixel worth less does not move."""


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
    if steepest:
        here = base + place
        move = np.where(slope > 0, np.float32(255) - here, -here) * (slope != 0)
        score = (np.abs(slope) * np.abs(move)).sum(axis=1)
        moved = place + move
    else:
        mean = np.abs(slope).mean(dtype=np.float64)
        rate = np.float32(step / mean) if mean > 0 else np.float32(0)
        moved = np.clip(place + rate * slope, -base, np.float32(255) - base)
        score = np.square(moved).sum(axis=1)
    kept = np.zeros(len(base), bool)
    kept[np.argsort(-score, kind="stable")[: int(eps)]] = True
    kept &= score > 0
    place[...] = np.where(kept[:, None], moved, 0)
    out[...] = np.floor(base + place + np.float32(0.5)).astype(np.uint8).reshape(out.shape)


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
    clean : uint8 (..., 3), C-contiguous; not written.
    gradient : float32, same shape; values that are not finite count as 0.
    offset : float32, same shape, grey levels; position relative to `clean`, updated in place.
    out : uint8, same shape; written.
    step : mean size of a move, grey levels.
    eps : number of pixels that may differ.
    """
    flat, slope = read_only(clean), read_only(gradient)
    place, target, most = offset.reshape(-1), out.reshape(-1), int(eps)
    mean = 0.0 if steepest else mean_size(slope)
    rate = step / mean if mean > 0 else 0.0
    found, counts = rows(place.size, np.int32), np.zeros(PARTS, np.int64)
    for least in _bars(flat, slope, place, most, rate, steepest):
        bar = max(least, _WORTHLESS)
        collect(flat, slope, place, target, rate, steepest, bar, found, counts)
        some = joined(found, counts)
        moves, worth = scored(flat, slope, place, some, rate, steepest)
        threshold, left = top(worth, most)
        if threshold >= least or least == 0:
            break
    kept = worth > max(threshold, 0.0)
    if threshold > 0:  # what is worth nothing does not stay, however many may
        kept[np.flatnonzero(worth == threshold)[:left]] = True
    put(some, moves, kept, place, target)


def _bars(
    clean: Pixels, gradient: Gradient, offset: Gradient, most: int, rate: float, steepest: bool
) -> Iterator[float]:
    """How much pixels must be worth to be collected; less each time, if that was not enough."""
    pixels = offset.size // CHANNELS
    apart = stride(offset.size)  # fewer pixels than other samples have values, for each is three
    some = np.arange(0, pixels, apart, dtype=np.int32) * np.int32(CHANNELS)
    _, worth = scored(clean, gradient, offset, some, rate, steepest)
    rank = safe_rank(most * len(some) / max(pixels, 1)) if apart > 1 else max(most, 1)
    while rank < len(worth):
        yield float(np.partition(worth, -rank)[-rank])
        rank *= 8
    yield 0.0
