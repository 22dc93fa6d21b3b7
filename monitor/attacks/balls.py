"""Offsets between the grey levels: how long they are, the box they live in, and the balls around 0.

What `Iterate` does for frames on the levels, for searches that take them last of all. Offsets are float32
(H, W, 3) in grey levels relative to a clean frame; lengths are in grey levels, under L0 in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.distances import Norm
from monitor.kernels.l1_update import l1_update

_HALVINGS: Final = 30
"""Of a length that is looked for; 1e-9 of where it began."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """How far every value can go from a place until it is black or white.

    Attributes
    ----------
    clean : the frame, uint8 (H, W, 3).
    low, high : what can be added to the place, float32 (H, W, 3), at most 0 and at least 0, in grey levels.
    """

    clean: Pixels
    low: Gradient
    high: Gradient

    @staticmethod
    def around(clean: Pixels) -> Box:
        """The box of a frame."""
        base = np.ascontiguousarray(clean).astype(np.float32)
        return Box(clean, -base, np.float32(255) - base)

    def seen_from(self, offset: Gradient) -> Box:
        """What is left of the box from another place inside."""
        return Box(self.clean, self.low - offset, self.high - offset)

    def clip(self, offset: Gradient) -> Gradient:
        """The nearest offset inside."""
        clipped: Gradient = np.clip(offset, self.low, self.high)
        return clipped

    def place(self, offset: Gradient) -> Gradient:
        """The place at that offset, float32 in grey levels, within [0, 255] to the last digit."""
        there: Gradient = np.clip(offset - self.low, np.float32(0), np.float32(255))
        return there

    def room(self, slope: Gradient) -> Gradient:
        """How far every value can go uphill, at least 0."""
        ways: Gradient = np.where(slope > 0, self.high, -self.low)
        return ways


def length(offset: Gradient, norm: Norm) -> float:
    """How long an offset is."""
    match norm:
        case Norm.LINF:
            return float(np.abs(offset).max())
        case Norm.L2:
            return float(np.linalg.norm(offset))
        case Norm.L1:
            return float(np.abs(offset).sum(dtype=np.float64))
        case Norm.L0:
            return float(np.count_nonzero(offset.any(axis=-1)))


def steepness(slope: Gradient, norm: Norm) -> float:
    """The most that a linear function rises along an offset of length 1: the dual norm, without the box.

    Under L0 a pixel is taken to move by 255, from one end of the range to the other.
    """
    match norm:
        case Norm.LINF:
            return float(np.abs(slope).sum(dtype=np.float64))
        case Norm.L2:
            return float(np.linalg.norm(slope))
        case Norm.L1:
            return float(np.abs(slope).max())
        case Norm.L0:
            return 255.0 * float(np.abs(slope).sum(axis=-1).max())


def project(offset: Gradient, box: Box, norm: Norm, size: float) -> Gradient:
    """The nearest offset of at most `size` inside the box; a new array.

    All are exact. L2: the nearest point is clip(s * offset), with s such that it fits (the conditions of
    Karush, Kuhn and Tucker). L1: `monitor.kernels.l1_update`. L0: the pixels that are longest stay.
    """
    match norm:
        case Norm.LINF:
            return box.clip(np.clip(offset, np.float32(-size), np.float32(size)))
        case Norm.L2:
            return _scaled(offset, box, size)
        case Norm.L1:
            place = offset.astype(np.float32)
            l1_update(box.clean, np.zeros_like(place), place, np.empty_like(box.clean), 0, size)
            return place
        case Norm.L0:
            clipped = box.clip(offset)
            return only(clipped, np.square(clipped).sum(axis=-1), int(size))


def only(offset: Gradient, worth: Gradient, count: int) -> Gradient:
    """The offset in the `count` pixels of most worth (H, W), 0 in all others; a new array."""
    kept = np.zeros(worth.size, bool)
    if count > 0:
        first = max(worth.size - count, 0)
        kept[np.argpartition(worth.reshape(-1), min(first, worth.size - 1))[first:]] = True
    return offset * kept.reshape(worth.shape)[..., None]


def _scaled(offset: Gradient, box: Box, size: float) -> Gradient:
    clipped = box.clip(offset)
    if length(clipped, Norm.L2) <= size:
        return clipped
    low, high = size / length(offset, Norm.L2), 1.0
    clipped = box.clip(np.float32(low) * offset)
    if length(clipped, Norm.L2) >= size * (1 - 1e-6):  # as a rule
        return clipped
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        there = box.clip(np.float32(middle) * offset)
        if length(there, Norm.L2) <= size:
            low, clipped = middle, there
        else:
            high = middle
    return clipped
