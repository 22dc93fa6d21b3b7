"""APGD: PGD with momentum whose step size sets itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from monitor.arrays import Pixels
from monitor.attacks.iterate import Iterate
from monitor.distances import Budget, Norm
from monitor.goals import Criterion
from monitor.knowledge import Knowledge
from monitor.objective import Objective

RISING = 0.75
"""Rho: a step size is kept while this share of its steps raised the loss."""

INERTIA = 0.75
"""Alpha: weight of the new step against the last way gone."""


@dataclass(frozen=True, slots=True)
class APGD:
    """Auto-PGD (Croce, Hein 2020, algorithm 1): the only number to choose is how many steps.

    Steps begin at twice the budget. At checkpoints that come ever closer together the size is halved, and
    the search goes on from the best point, where too few steps raised the loss or nothing changed since the
    last one.

    Attributes
    ----------
    steps : gradient steps.
    random_start : begin at a random point of the ball; else at the frame, whose clean forward is reused.
    early_stop : stop at the first frame that meets the goal.
    loss : what is climbed; the paper runs it with `ce` and with `dlr`.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.LINF, Norm.L2})

    steps: int = 10
    random_start: bool = True
    early_stop: bool = True
    loss: Criterion = Criterion.GOAL

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """The first frame that met the goal, else the one of the greatest loss."""
        point = Iterate(x, budget)
        if self.random_start:
            point.scatter(rng)
        last = best_place = point.offset.copy()
        best_pixels, best_loss, best_slope = point.pixels, -np.inf, np.zeros_like(last)
        size, raised, previous_loss = 2.0, 0, -np.inf
        checks, since = checkpoints(self.steps), 0
        size_then, best_then = size, best_loss
        for i in range(self.steps):
            here_slope = objective.slope(point.pixels, self.loss)
            answer, gradient = here_slope.answer, here_slope.gradient
            if answer.fell and self.early_stop:
                return answer.pixels
            raised += here_slope.value > previous_loss
            previous_loss = here_slope.value
            if here_slope.value > best_loss:
                best_loss, best_pixels = here_slope.value, answer.pixels
                best_place, best_slope = point.offset.copy(), gradient
            if i in checks:
                stalled = size_then == size and best_then == best_loss
                if raised < RISING * (i - since) or stalled:
                    size_then, size = size, size / 2
                    point.put(best_place)
                    last, gradient, previous_loss = best_place, best_slope, best_loss
                else:
                    size_then = size
                since, raised, best_then = i, 0, best_loss
            here = point.offset.copy()
            point.ascend(gradient, size)
            if i:  # the first step has no way behind it
                step, way = point.offset - here, here - last
                point.put(here + INERTIA * step + (1 - INERTIA) * way)
            last = here
        objective.answer(point.pixels)  # the driver compares it with the ones before
        return best_pixels if best_pixels is not x else point.pixels


def checkpoints(steps: int) -> frozenset[int]:
    """The steps after which the size is looked at: 0.22, 0.41, 0.57, ... of all (section 3.2 there)."""
    shares, gap = [0.0, 0.22], 0.22
    while shares[-1] < 1:
        gap = max(gap - 0.03, 0.06)
        shares.append(shares[-1] + gap)
    return frozenset(int(np.ceil(round(share * steps, 6))) for share in shares[1:] if share < 1)
