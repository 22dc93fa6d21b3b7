"""Minimal perturbations: the nearest place that meets the goal, then the nearest frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.attacks.balls import length
from monitor.attacks.iterate import Iterate
from monitor.attacks.on_levels import on_levels
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge
from monitor.objective import Objective

WALK: Final = 10
"""Gradient steps from a place that rounding loses at every length: towards a far label DeepFool's lie on a
thin ridge, and what is longer along them is another label again."""

STRIDE: Final = 0.5
"""Length of such a step, as a share of the place's own."""


class Search(Protocol):
    """A frozen dataclass of hyper-parameters that finds the nearest place between the grey levels."""

    @property
    def knowledge(self) -> Knowledge:
        """Which view `nearest` is handed."""
        ...

    @property
    def norms(self) -> frozenset[Norm]:
        """What it can be near in."""
        ...

    def nearest(
        self, objective: Objective, x: Pixels, norm: Norm, rng: np.random.Generator
    ) -> Gradient | None:
        """The offset of the nearest place found that meets the goal, float32 (H, W, 3) in grey levels.

        Relative to `x`; x plus it lies within [0, 255]. None: none was found.
        """
        ...


@dataclass(frozen=True, slots=True)
class Shortest:
    """An attack that looks for the nearest frame that falls; the budget is how far it may look.

    Attributes
    ----------
    search : finds the nearest place, as if a camera had no grey levels. The frame that is nearest on them
        lies 2 to 3 times as far away under L2, a whole level under Linf.
    """

    search: Search

    @property
    def knowledge(self) -> Knowledge:
        """That of the search."""
        return self.search.knowledge

    @property
    def norms(self) -> frozenset[Norm]:
        """Those of the search."""
        return self.search.norms

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """The nearest frame found that falls; where none does, as far towards the nearest place as allowed.

        One step of the whole budget comes first: it is what is left where time runs out.
        """
        point = Iterate(x, budget)
        first = point.ascend(objective.gradient(x)[1], 1.0, whole=True)
        objective.answer(first)
        offset = self.search.nearest(objective, x, budget.norm, rng)
        if offset is None:
            return first
        found = on_levels(objective, x, budget, offset)
        if objective.best is not None and objective.best.fell:
            return found
        return _walked(objective, x, budget, offset)


def _walked(objective: Objective, x: Pixels, budget: Budget, offset: Gradient) -> Pixels:
    """From the rounded place uphill until it falls, then as near as that way allows."""
    point = Iterate(x, budget)
    point.put(offset)
    share = STRIDE * min(length(offset, budget.norm) / budget.levels, 1.0)
    for _ in range(WALK):
        answer, gradient = objective.gradient(point.pixels)
        if answer.fell:
            return on_levels(objective, x, budget, point.offset.copy())
        point.ascend(gradient, share)
    return point.pixels
