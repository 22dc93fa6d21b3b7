"""PGD: many small steps, projected back onto the budget after each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from monitor.arrays import Pixels
from monitor.attacks.iterate import Iterate
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge
from monitor.objective import Objective


@dataclass(frozen=True, slots=True)
class PGD:
    """Projected gradient descent on the goal's loss (Madry et al. 2018, eq. 4; under L2, section 5.3 there).

    Under L1 the steps are sparse (Tramer, Boneh 2019), under L0 lazy (`Iterate.ascend`). From the frame
    itself and in steps that are all alike it is the basic iterative method (`monitor.attacks.bim`).

    By default the steps shrink along half a cosine (Loshchilov, Hutter 2017, eq. 5), from the whole budget
    to none: the first goes where FGSM would, the last settle. 10 such steps beside 10 of eps / 4, VANISH at
    4/255: ball on 25 photographs 24 and 23, signs on 25, hard ones among them, 21 and 16; labels of 40
    photographs under L2 0.25: 30 both, with 177 gradients and 215; "tabby" instead, L2 0.5: 13 and 10.

    Attributes
    ----------
    steps : gradient steps of one start.
    step_size : length of the first step as a share of eps. Under L0 steps have no length.
    anneal : steps shrink; else all are as long as the first (0.25 and 10 steps cross the ball 1.25 times).
    restarts : random starts, tried until one meets the goal.
    random_start : start at a random point of the ball; else at the frame, whose clean forward is reused.
    early_stop : stop at the first frame that meets the goal.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset(Norm)

    steps: int = 10
    step_size: float = 1.0
    anneal: bool = True
    restarts: int = 1
    random_start: bool = True
    early_stop: bool = True

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """The first frame that met the goal, else the last one of the last start."""
        # From the frame itself every start would walk the same way.
        for _ in range(self.restarts if self.random_start else 1):
            point = Iterate(x, budget)
            if self.random_start:
                point.scatter(rng)
            for step in range(self.steps):
                answer, gradient = objective.gradient(point.pixels)
                if answer.fell and self.early_stop:
                    return answer.pixels
                point.ascend(gradient, self._length(step))
            if objective.answer(point.pixels).fell and self.early_stop:
                break
        return point.pixels

    def _length(self, step: int) -> float:
        if not self.anneal:
            return self.step_size
        return self.step_size * (1 + math.cos(math.pi * step / self.steps)) / 2
