"""The contracts that every attack, detector and scene keeps; the catalogues enrol, nobody is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from models.detector import Detector
from monitor.attacks.driver import Attack, drive
from monitor.catalog import CATALOG
from monitor.config import AttackSettings
from monitor.distances import Budget, Norm
from monitor.goals import Aim, Goal
from monitor.objective import Answer, Objective

Pixels = npt.NDArray[np.uint8]

ONE_CLASS = (Goal.ANY, Goal.VANISH, Goal.FABRICATE)
"""The goals that a detector of one class can be attacked with; none needs more than its name."""

BUDGETS = {
    Norm.LINF: (0.3 / 255, 1 / 255, 2.5 / 255, 4 / 255, 16 / 255),
    Norm.L2: (0.02, 0.5, 3.0),
}


def attacks() -> Iterator[tuple[str, Attack, Norm]]:
    """Every attack of the catalogue under every norm that it declares."""
    for name, entry in CATALOG.items():
        attack = entry.build(AttackSettings())
        for norm in sorted(attack.norms):
            yield name, attack, norm


def attacked(
    attack: Attack,
    detector: Detector,
    pixels: Pixels,
    budget: Budget,
    aim: Aim | Goal = Goal.VANISH,
    seed: int = 0,
) -> tuple[Objective, Pixels]:
    """Run an attack as the monitor runs it; (the objective with its counts, the attacked frame)."""
    objective = Objective(detector, pixels, aim, threshold=0.5)
    return objective, drive(attack, objective, budget, np.random.default_rng(seed))


def judged(objective: Objective, pixels: Pixels) -> Answer:
    """The model's answer to a frame, asked afresh and not taken from what the attack says of itself."""
    return objective.answer(pixels.copy())
