"""BIM: FGSM in small steps, from the frame itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from monitor.arrays import Pixels
from monitor.attacks.pgd import PGD
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge
from monitor.objective import Objective

CROSSING = 2.5
"""What all steps have together, in eps (Madry et al. 2018, figure 6)."""


@dataclass(frozen=True, slots=True)
class BIM:
    """The basic iterative method (Kurakin, Goodfellow, Bengio 2017, section 2.2): PGD without a random start.

    Nothing is drawn by chance, and the clean answer's own graph serves the first step. All steps are
    2.5 / steps of eps long, so that the edge of the ball is reached from any place in it, and a little more.

    Attributes
    ----------
    steps, early_stop : see `PGD`.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.LINF, Norm.L2})

    steps: int = 10
    early_stop: bool = True

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """The first frame that met the goal, else the last one."""
        steps = PGD(
            self.steps,
            step_size=min(CROSSING / self.steps, 1.0),
            anneal=False,
            random_start=False,
            early_stop=self.early_stop,
        )
        return steps.run(objective, x, budget, rng)
