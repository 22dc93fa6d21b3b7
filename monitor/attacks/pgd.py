"""PGD: many small steps, projected back onto the budget after each."""

from __future__ import annotations

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

    Under L1 the steps are sparse (Tramer, Boneh 2019), under L0 lazy (`Iterate.ascend`). Without a random
    start it is the basic iterative method (`monitor.attacks.bim`).

    Attributes
    ----------
    steps : gradient steps of one start.
    step_size : length of one step as a share of eps; 0.25 and 10 steps cross the ball 1.25 times. Under L0
        steps have no length.
    restarts : random starts, tried until one meets the goal.
    random_start : start at a random point of the ball; else at the frame, whose clean forward is reused.
    early_stop : stop at the first frame that meets the goal.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset(Norm)

    steps: int = 10
    step_size: float = 0.25
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
            for _ in range(self.steps):
                answer, gradient = objective.gradient(point.pixels)
                if answer.fell and self.early_stop:
                    return answer.pixels
                point.ascend(gradient, self.step_size)
            if objective.answer(point.pixels).fell and self.early_stop:
                break
        return point.pixels
