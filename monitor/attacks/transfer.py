"""Transfer: the frame that fools one model, shown to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from monitor.arrays import Pixels
from monitor.attacks.momentum import MomentumFGSM
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge
from monitor.objective import Objective


@dataclass(frozen=True, slots=True)
class Transfer:
    """A white-box attack on a surrogate (Papernot, McDaniel, Goodfellow 2016); the victim is asked nothing.

    The momentum method does not stop when the surrogate falls: what goes deeper into its error carries over
    better (Dong et al. 2018, section 3).

    Attributes
    ----------
    steps : gradient steps on the surrogate.
    decay : of the momentum.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.SURROGATE
    norms: ClassVar[frozenset[Norm]] = MomentumFGSM.norms

    steps: int = 10
    decay: float = 1.0

    def run(
        self, surrogate: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """The last frame of the attack on the surrogate; x where that sees nothing to attack."""
        if not surrogate.applies:
            return x.copy()
        attack = MomentumFGSM(self.steps, self.decay, early_stop=False)
        return attack.run(surrogate, x, budget, rng)
