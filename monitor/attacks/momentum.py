"""MI-FGSM: signed steps along a momentum of gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.attacks.iterate import Iterate
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge
from monitor.objective import Objective


@dataclass(frozen=True, slots=True)
class MomentumFGSM:
    """The momentum iterative method (Dong et al. 2018, algorithm 1): g = mu g + grad / ||grad||_1.

    From the frame itself, in steps of eps / `steps`, so that the last one can reach the edge of the budget.

    Attributes
    ----------
    steps : gradient steps.
    decay : mu; 1 sums all gradients, 0 is the basic iterative method.
    early_stop : stop at the first frame that meets the goal.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.LINF, Norm.L2})

    steps: int = 10
    decay: float = 1.0
    early_stop: bool = True

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """The first frame that met the goal, else the last one."""
        del rng
        point = Iterate(x, budget)
        momentum = np.zeros(x.shape, np.float32)
        for _ in range(self.steps):
            answer, gradient = objective.gradient(point.pixels)
            if answer.fell and self.early_stop:
                return answer.pixels
            take_in(momentum, gradient, self.decay)
            point.ascend(momentum, 1 / self.steps)
        return point.pixels


def take_in(momentum: Gradient, gradient: Gradient, decay: float) -> bool:
    """Mu g + grad / mean |grad|, written to `momentum`; False, and nothing is, for a gradient of no size."""
    size = float(np.abs(gradient).mean())
    if not (size > 0 and np.isfinite(size)):
        return False
    momentum *= np.float32(decay)
    momentum += gradient / np.float32(size)
    return True
