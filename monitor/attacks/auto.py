"""Auto: several attacks that fail for different reasons, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from monitor.arrays import Pixels
from monitor.attacks.driver import Attack
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge, view_for
from monitor.objective import Objective


@dataclass(frozen=True, slots=True)
class Auto:
    """An ensemble in the spirit of AutoAttack (Croce, Hein 2020, section 5): a frame that fell is let go.

    What one loss or one kind of search misses, another finds: gradients that are masked or saturate do not
    stop a search that asks for scores alone.

    Attributes
    ----------
    members : attacks in the order in which they are tried, the cheap and the strong ones first; each is
        handed the view of its own knowledge. Those that cannot keep the budget's norm are passed over.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.LINF, Norm.L2})

    members: tuple[Attack, ...]

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """The frame of the first member that met the goal, else that of the last one."""
        found = x.copy()
        for member in self.members:
            if budget.norm not in member.norms:
                continue
            found = member.run(view_for(member.knowledge, objective), x, budget, rng)
            objective.answer(found)
            if objective.best is not None and objective.best.fell:
                break
        return found
