"""The L2 update: normalised step, projection onto the ball, clip to [0, 255], rounding inside the budget."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels
from monitor.kernels.blocks import FINITE, read_only
from monitor.kernels.gather import PARTS, joined, rows
from monitor.kernels.l2_passes import (
    changes,
    largest_scale,
    move_and_round,
    products,
    raise_some,
    sampled,
    square_sum,
)
from monitor.kernels.sampling import DEVIATIONS, stride

_LAST = float(FINITE)

_WIDER = 1.02
"""Where the sample misled, the scale is looked for this much farther, then the square of it, and so on."""


def l2_update_numpy(
    clean: Pixels, gradient: Gradient, offset: Gradient, out: Pixels, step: float, eps: float
) -> None:
    """The same in plain numpy, in float64 where sums are taken; see `l2_update`."""
    slope = np.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0)
    steepness = math.sqrt(float(np.square(slope, dtype=np.float64).sum()))
    rate = np.float32(step / steepness) if steepness > 0 else np.float32(0)
    moved = offset + rate * slope
    length = math.sqrt(float(np.square(moved, dtype=np.float64).sum()))
    shrink = np.float32(eps / length) if length > eps else np.float32(1)
    base = clean.astype(np.float32)
    np.clip(shrink * moved, -base, np.float32(255) - base, out=offset)
    out[...] = (clean.astype(np.int64) + round_l2_numpy(offset, eps)).astype(np.uint8)


def round_l2_numpy(offset: Gradient, eps: float) -> npt.NDArray[np.int64]:
    """Whole levels near an offset, inside the budget; what `l2_update` rounds by.

    At a scale s every value becomes rint(s * value), but never more than the next whole number away from 0.
    s is the largest whose squares do not sum to more than there is to spend: as much as rounding to the
    nearest level takes, at least as much as the offset's own length, at most the budget. What is left goes to
    the values that would be raised next, in order.
    """
    size = np.abs(offset).reshape(-1)

    def levels(bits: int) -> npt.NDArray[np.int64]:
        scale = np.array(bits, np.uint32).view(np.float32)
        with np.errstate(over="ignore"):
            return np.minimum(np.rint(scale * size), np.ceil(size)).astype(np.int64)

    long = float(np.square(size, dtype=np.float64).sum())
    there_is = _to_spend(long, float(np.square(np.rint(size), dtype=np.float64).sum()), eps)
    low, high = 0, int(FINITE.view(np.uint32))
    while high - low > 1:
        middle = (low + high) // 2
        fits = np.square(levels(middle)).sum() <= there_is
        low, high = (middle, high) if fits else (low, middle)
    here, more = levels(low), levels(high)
    left = there_is - int(np.square(here).sum())
    for i in np.flatnonzero(more > here):
        cost = int(more[i] ** 2 - here[i] ** 2)
        if cost <= left:
            here[i], left = more[i], left - cost
    return (np.sign(offset.reshape(-1)).astype(np.int64) * here).reshape(offset.shape)


def _to_spend(long: float, nearest: float, eps: float) -> int:
    """Squared length that the rounded offset may have; whole, for levels are."""
    budget = math.floor(eps * eps)
    if nearest > budget:
        return budget
    # A length that was shrunk to the budget in float32 is it but for 1e-7.
    return int(nearest) if nearest >= long else min(math.floor(long * (1 + 1e-6)), budget)


def _short(value: float) -> float:
    """The nearest float32."""
    return float(np.float32(value))


def l2_update(
    clean: Pixels, gradient: Gradient, offset: Gradient, out: Pixels, step: float, eps: float
) -> None:
    """One projected normalised-gradient step, rounded so that the quantised frame keeps the budget.

    Rounding to the nearest level may lengthen a perturbation (many values of 0.5 become 1), and it may leave
    nothing of it: 51 levels spread over the 150,528 values of a small frame are 0.13 each. So the offset is
    scaled before it is rounded, down or up, until its length is what it was: for rint(s * offset) is, of all
    whole points of that length, the one that a linear loss would choose (where raising a value from n to
    n + 1 costs 2n + 1, the largest |offset| / (2n + 1) are raised). Where rounding to the nearest level fits
    and loses no length, it is that; no value goes past the next whole number. `round_l2_numpy` says it
    exactly.

    Two passes over the frame are needed, as the first step's length depends on all values, and two are made
    unless the sample that says where s lies misleads (see `kernels/sampling.py`).

    Parameters
    ----------
    clean : uint8, any shape, C-contiguous; not written.
    gradient : float32, same shape; values that are not finite count as 0.
    offset : float32, same shape, grey levels; position relative to `clean`, updated in place.
    out : uint8, same shape; written.
    step, eps : Euclidean lengths in grey levels (255 times pixel units), at least 0.
    """
    flat, slope, place, target = (
        read_only(clean),
        read_only(gradient),
        offset.reshape(-1),
        out.reshape(-1),
    )
    sums = products(slope, place)
    steep, across, square = (float(v) for v in sums.sum(axis=0))
    rate = _short(step / math.sqrt(steep)) if steep > 0 else 0.0
    # The length after the step from sums over what was before it: no pass for it alone.
    square = max(square + rate * (2 * across + rate * steep), 0.0)
    shrink = _short(eps / math.sqrt(square)) if square > eps * eps else 1.0
    sizes, lost, doubt = sampled(flat, slope, place, stride(place.size), rate, shrink)
    share = place.size / max(sizes.size, 1)
    low, high = _guess(sizes, share, min(square, eps * eps) - share * lost, eps, doubt)

    found, moves = rows(place.size, np.int32), rows(place.size, np.float32)
    counts = np.zeros(PARTS, np.int64)
    wider = _WIDER
    while True:
        low, high = _short(low), _short(high)
        sums = move_and_round(
            flat, slope, place, target, rate, shrink, low, high, found, moves, counts
        )
        long, nearest, least, most = (float(v) for v in sums.sum(axis=0))
        there_is = _to_spend(long, nearest, eps)
        found_it = least <= there_is < most or least == there_is
        if found_it or (
            least < there_is and low == _LAST
        ):  # the latter: all are raised, and some is left
            break
        low, high = (low / wider, low) if least > there_is else (high, high * wider)
        high, wider = min(high, _LAST), wider * wider
        rate, shrink = 0.0, 1.0  # it has moved: from now on only the rounding
    if least < there_is:
        doubtful, values = joined(found, counts), joined(moves, counts)
        sizes = np.abs(values)
        have = square_sum(sizes, low) + there_is - least
        scales = largest_scale(sizes, have, low, high)
        raise_some(doubtful, values, target, (low, *scales), have - square_sum(sizes, scales[0]))


def _guess(
    sizes: Gradient, share: float, square: float, eps: float, doubt: float
) -> tuple[float, float]:
    """Two scales between which the right one will lie; both 1 where rounding to the nearest level will do.

    `sizes` are the sample's, each for `share` of the frame's, whose squared length is `square`. With that
    known, what is had from the sample is only how much rounding adds, which varies far less.
    """
    own, added, _ = changes(sizes, 1.0)
    nearest = square + share * added
    if square <= nearest <= eps * eps:
        return 1.0, 1.0
    have = own + (max(eps * eps - square, 0.0) / share if nearest > eps * eps else 0.0)
    low, high = largest_scale(sizes, have, 0.0, _LAST)
    if share > 1:
        error = DEVIATIONS * math.sqrt(1 + changes(sizes, low)[2] + doubt)
        low, _ = largest_scale(sizes, have - error, 0.0, low)
        _, high = largest_scale(sizes, have + error, high, _LAST)
    return low, high
