"""RayS: the nearest frame along a sign vector, of which ever smaller blocks are changed while that helps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from monitor.arrays import Pixels
from monitor.attacks.starts import Signs, beginnings
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge, LabelView

BEGINNINGS: Final = 8
"""Stripes tried before any sign is changed."""

FINE: Final = 0.25
"""Grey levels by which a ray has to be shorter, and to which its length is found out."""

_WHITE: Final = 255.0


@dataclass(frozen=True, slots=True)
class RayS:
    """Ray searching (Chen, Gu 2020, algorithms 1 to 3): it asks whether a frame fell, and nothing else.

    A sign vector, times a radius, leads from the frame to where it falls. A block of signs is changed; where
    the frame still falls a little nearer, the radius is found anew by halving. The blocks get smaller.

    Beside the paper: it begins with stripes; a block is a part of the picture and gets new signs, one a
    channel, instead of a part of the vector that is flipped; and a radius between two grey levels is made
    of both, in a fixed random pattern, so that frames of whole levels are told apart by less than one.
    Nearest levels after 500 queries, geometric mean over 16 photographs of 112 x 112: the paper's 6.6, with
    stripes 3.2, and whole radii 4.0; with blocks of the picture 2.9. A face under CenterFace after 300, mean
    of 4 seeds: parts of the vector 38.7, blocks 22.2.

    Attributes
    ----------
    queries : answers asked for at most.
    early_stop : stop at the first frame inside the budget that falls; else go on to nearer ones.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.LABEL
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.LINF})
    comes_nearer: ClassVar[bool] = True

    queries: int = 500
    early_stop: bool = True

    def run(self, view: LabelView, x: Pixels, budget: Budget, rng: np.random.Generator) -> Pixels:
        """A frame inside the budget: one that fell, else the one on the shortest ray that was found."""
        eps = float(int(budget.levels + 1e-6))
        if eps == 0:
            return x.copy()
        rays = _Rays(view, x, rng, self.queries, eps if self.early_stop else FINE)
        first, *others = beginnings(x.shape, BEGINNINGS // 2, rng)
        best = first
        # Inside the budget first: an attempt to fall back on, whatever stops the search.
        rays.try_at(first, eps)
        for signs in (first, *others):
            if rays.shorter(signs):
                best = signs
        if math.isinf(rays.radius):  # nothing falls, however far: some goals have no start
            return rays.frame(best, eps)
        for block in blocks(x.shape[:2], rng):
            if rays.done:
                break
            changed = best.copy()
            changed[block] = rng.choice(np.array([-1, 1], np.int8), (1, 1, x.shape[2]))
            if not np.array_equal(changed[block], best[block]) and rays.shorter(changed):
                best = changed
        return rays.frame(best, min(rays.radius, eps))


class _Rays:
    """Frames along sign vectors, and the radius of the nearest that fell.

    radius : in grey levels; infinity before any fell.
    """

    def __init__(
        self, view: LabelView, x: Pixels, rng: np.random.Generator, queries: int, enough: float
    ) -> None:
        self._view, self._base, self._enough = view, x.astype(np.float32), enough
        # Not up to 1: in float32 127 + 0.99999994 is 128, a level beyond the budget.
        self._pattern = np.float32(0.999) * rng.random(x.shape, dtype=np.float32)
        self._left = min(queries, view.queries_left)
        self.radius = math.inf

    @property
    def done(self) -> bool:
        """Near enough, or out of queries."""
        return self.radius <= self._enough or self._left < 1

    def frame(self, signs: Signs, radius: float) -> Pixels:
        """At most `radius` levels away, rounded up."""
        place = self._base + signs * np.floor(np.float32(radius) + self._pattern)
        frame: Pixels = np.clip(place, 0, 255).astype(np.uint8)
        return frame

    def try_at(self, signs: Signs, radius: float) -> bool:
        """Whether the frame there falls; one query. The shortest radius is noted."""
        self._left -= 1
        fell = self._view.fell(self.frame(signs, radius))
        if fell:
            self.radius = min(self.radius, radius)
        return fell

    def shorter(self, signs: Signs) -> bool:
        """Whether these signs lead to a fallen frame that is nearer; how near, is found by halving."""
        if self.done or not self.try_at(signs, min(self.radius - FINE, _WHITE)):
            return False
        low = self._enough - FINE
        while self.radius - low > FINE and not self.done:
            middle = (low + self.radius) / 2
            if not self.try_at(signs, middle):
                low = middle
        return True


def blocks(size: tuple[int, int], rng: np.random.Generator) -> Iterator[tuple[slice, slice]]:
    """The halves of a frame, its quarters, its eighths, ...: rows and columns, each kind in random order."""
    height, width = size
    for level in range(1, 2 * max(size).bit_length() + 1):
        down, across = min(2 ** ((level + 1) // 2), height), min(2 ** (level // 2), width)
        for cell in rng.permutation(down * across):
            row, column = divmod(int(cell), across)
            yield (
                slice(row * height // down, (row + 1) * height // down),
                slice(column * width // across, (column + 1) * width // across),
            )
