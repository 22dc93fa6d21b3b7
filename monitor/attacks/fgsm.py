"""FGSM: one step of the whole budget along the gradient."""

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
class FGSM:
    """The fast gradient sign method (Goodfellow, Shlens, Szegedy 2015, section 4).

    x' = x + eps * sign(grad_x L) under Linf; under L2 the gradient's direction, eps long (the fast
    gradient method of Miyato, Dai, Goodfellow 2017). One backward on the clean answer's own graph.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    # Under L1 and L0 a single step did no better than noise on a real classifier: PGD has these.
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.LINF, Norm.L2})

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """One gradient, one step."""
        del rng
        _, gradient = objective.gradient(x)
        return Iterate(x, budget).ascend(gradient, 1.0, whole=True)
