"""Random noise: what a budget does without any knowledge; the baseline that every attack must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from monitor.arrays import Pixels
from monitor.attacks.iterate import Iterate
from monitor.distances import Budget, Norm
from monitor.knowledge import BlindView, Knowledge


@dataclass(frozen=True, slots=True)
class Noise:
    """One random step of the whole budget.

    Linf: a random sign a value. L2: a random direction. L1: random values by random signs. L0: random pixels.

    It asks the model nothing. An attack that does no better has not used what it knows
    (Goodfellow, Shlens, Szegedy 2015, section 4, compare with this noise).
    """

    knowledge: ClassVar[Knowledge] = Knowledge.NONE
    norms: ClassVar[frozenset[Norm]] = frozenset(Norm)

    def run(
        self, objective: BlindView, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """One draw."""
        del objective
        draw = rng.standard_normal(x.shape, dtype=np.float32)
        return Iterate(x, budget).ascend(draw, 1.0)
