"""HopSkipJump: along the boundary towards the frame, its slope guessed from which way probes fall."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import cv2
import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.attacks.iterate import Iterate
from monitor.attacks.starts import offsets
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge, LabelView

PROBES: Final = 40
"""Of the first step; the i-th takes sqrt(i) times as many (section 3.3 there, where it is 100)."""

GRID: Final = 14
"""Values a side that a probe is drawn from, then enlarged. The distances of 16 photographs of 112 x 112 after
500 queries, geometric mean of L2: 1.85 where every value is drawn for itself, as in the paper; 1.72 with 7
a side, 1.48 with 14. Low frequencies are those of Li et al. 2020 (QEBA, section 3.3)."""

LEVEL: Final = 1.0
"""Root mean square of a probe in grey levels; the paper's are too short to be seen after rounding."""

BATCH: Final = 16
"""Probes asked for at once."""

FINE: Final = 0.02
"""Share of a way to the boundary that is not looked at any closer."""

HALVINGS: Final = 8
"""Of a step that goes too far."""

FEW: Final = 20
"""Queries with which no step is begun."""


@dataclass(frozen=True, slots=True)
class HopSkipJump:
    """HopSkipJump (Chen, Jordan, Wainwright 2020, algorithm 2): it asks whether a frame fell, no more.

    From the boundary on a way from the frame to one that fell: a step along the slope that probes round it
    tell, halved until it ends in a fallen frame, then back to the boundary.

    Attributes
    ----------
    queries : answers asked for at most.
    early_stop : stop at the first frame inside the budget that falls; else go on to nearer ones.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.LABEL
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.L2})
    comes_nearer: ClassVar[bool] = True

    queries: int = 500
    early_stop: bool = True

    def run(self, view: LabelView, x: Pixels, budget: Budget, rng: np.random.Generator) -> Pixels:
        """A frame inside the budget: one that fell, else one on the way to the nearest that did."""
        hops = _Hops(view, x, budget, min(self.queries, view.queries_left), self.early_stop)
        for way in offsets(x, rng):
            hops.begin(way)
        step = 0
        while hops.offset is not None and not hops.done and hops.left >= FEW:
            step += 1
            count = min(int(PROBES * math.sqrt(step)), int(hops.left) - FEW // 2)
            hops.hop(hops.slope(count, rng), step)
        return hops.inside()


class _Hops:
    """The nearest fallen frame so far, and the ways to nearer ones.

    offset : leads to it, float32 (H, W, 3) in grey levels; None before any fell.
    left : queries.
    """

    def __init__(
        self, view: LabelView, x: Pixels, budget: Budget, queries: float, early_stop: bool
    ) -> None:
        self._view, self._x, self._budget = view, x, budget
        self._base = x.astype(np.float32)
        self._early_stop = early_stop
        self._inside: Pixels | None = None
        self._fallen = False
        self.left = queries
        self.offset: Gradient | None = None

    @property
    def done(self) -> bool:
        """Fallen inside the budget, or out of queries."""
        return self.left < 1 or (self._fallen and self._early_stop)

    def begin(self, way: Gradient) -> None:
        """Go a way, so far only as is nearer than before, and back to the boundary."""
        if self._inside is None:
            # Inside the budget first: an attempt to fall back on, whatever stops the search.
            self._falls(Iterate(self._x, self._budget).put(way))
        reach = 1.0 if self.offset is None else (1 - FINE) * _long(self.offset) / _long(way)
        there = np.float32(min(reach, 1)) * way
        if not self.done and self._falls(self._frame(there)):
            self.offset = self._back(there)

    def slope(self, count: int, rng: np.random.Generator) -> Gradient:
        """The way into which most probes round the place fell (eq. 9 and 16 there)."""
        assert self.offset is not None
        height, width, channels = self._x.shape
        zoom = max(min(height, width) / GRID, 1)
        small = round(height / zoom), round(width / zoom), channels
        probes = rng.standard_normal((count, *small), dtype=np.float32)
        votes = np.empty(count, np.float32)
        for first in range(0, count, BATCH):
            part = slice(first, min(first + BATCH, count))
            frames = [self._frame(self.offset + self._enlarged(probe)) for probe in probes[part]]
            votes[part] = np.where(self._view.fell_many(np.stack(frames)), 1, -1)
            self.left -= len(frames)
        if np.ptp(votes):
            votes -= votes.mean()
        return self._enlarged(np.tensordot(votes, probes, 1))  # linear: once, after the sum

    def hop(self, slope: Gradient, step: int) -> None:
        """One step, shorter from hop to hop, and back to the boundary."""
        assert self.offset is not None
        far = _long(self.offset)
        size = far / math.sqrt(step) / _long(slope)
        for _ in range(HALVINGS):
            if self.done:
                return
            there = np.clip(self._base + self.offset + np.float32(size) * slope, 0, 255)
            there -= self._base
            if self._falls(self._frame(there)):
                nearer = self._back(there)
                self.offset = nearer if _long(nearer) < far else self.offset
                return
            size /= 2

    def inside(self) -> Pixels:
        """A frame inside the budget: fallen if any is known."""
        if self._inside is not None and (self._fallen or self.offset is None):
            return self._inside
        way = np.zeros_like(self._base) if self.offset is None else self.offset
        return Iterate(self._x, self._budget).put(way)

    def _back(self, offset: Gradient) -> Gradient:
        low, high = 0.0, 1.0
        while high - low > FINE and not self.done:
            middle = (low + high) / 2
            if self._falls(self._frame(np.float32(middle) * offset)):
                high = middle
            else:
                low = middle
        return np.float32(high) * offset

    def _falls(self, frame: Pixels) -> bool:
        self.left -= 1
        fell = self._view.fell(frame)
        if self._budget.holds(self._x, frame) and (fell or self._inside is None):
            self._inside, self._fallen = frame, fell
        return fell

    def _frame(self, offset: Gradient) -> Pixels:
        frame: Pixels = np.clip(np.rint(self._base + offset), 0, 255).astype(np.uint8)
        return frame

    def _enlarged(self, probe: Gradient) -> Gradient:
        height, width, _ = self._x.shape
        whole = cv2.resize(probe, (width, height), interpolation=cv2.INTER_CUBIC)
        size = max(float(np.sqrt(np.square(whole).mean())), 1e-12)
        return np.asarray(whole * np.float32(LEVEL / size), np.float32)


def _long(offset: Gradient) -> float:
    return max(float(np.linalg.norm(offset)), 1e-6)
