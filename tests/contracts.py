"""The contracts that every attack, detector and scene keeps; the catalogues enrol, nobody is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from linear import LinearDetector

from models.detector import Detector
from monitor.answers import Answer
from monitor.attack_settings import AttackSettings
from monitor.attacks.driver import Attack, drive
from monitor.catalog import CATALOG
from monitor.distances import Budget, Norm
from monitor.goals import Aim, Goal
from monitor.knowledge import Knowledge
from monitor.objective import Objective
from monitor.perturbers import per_frame

Pixels = npt.NDArray[np.uint8]

ONE_CLASS = (Goal.ANY, Goal.VANISH, Goal.FABRICATE)
"""The goals that a detector of one class can be attacked with; none needs more than its name."""

BUDGETS = {
    Norm.LINF: (0.3 / 255, 1 / 255, 2.5 / 255, 4 / 255, 16 / 255),
    Norm.L2: (0.02, 0.5, 3.0),
    Norm.L1: (0.02, 1.5, 40.0),
    Norm.L0: (1, 7, 400),
}

STRENGTH = {Norm.LINF: 6 / 255, Norm.L2: 6.0, Norm.L1: 120.0, Norm.L0: 400}
"""Budgets under which an attack must beat noise on a real model."""


QUICK = AttackSettings(queries=12, population=4)
"""Settings of the contracts that are kept after 12 queries as after 500; the others are the defaults."""

BLACK_BOX = (Knowledge.SCORE, Knowledge.LABEL)
"""What an attack knows that is strong by its queries: test_black_box_contract.py has how strong."""


def linear_reach(norm: Norm, eps: float, weights: np.ndarray) -> float:
    """How far a linear loss can rise from a grey frame of 128: in closed form, in pixel units.

    Linf and L2: eps times the dual norm. L1: the steepest values go to black or white, as many as the budget
    pays for. L0: so do all channels of the pixels that gain most.
    """
    size = np.abs(weights)
    room = np.where(weights > 0, 127, 128) / 255
    if norm is Norm.LINF:
        return float(eps * size.sum())
    if norm is Norm.L2:
        return float(eps * np.linalg.norm(size))
    if norm is Norm.L0:
        gains = np.sort((size * room).sum(axis=-1).reshape(-1))[::-1]
        return float(gains[: int(eps)].sum())
    order = np.argsort(-size.reshape(-1))
    before = np.concatenate([[0.0], np.cumsum(room.reshape(-1)[order])[:-1]])
    spent = np.clip(eps - before, 0, room.reshape(-1)[order])
    return float((size.reshape(-1)[order] * spent).sum())


def lost_at(norm: Norm, far: float) -> tuple[LinearDetector, Pixels]:
    """One thing that is lost at that distance and no nearer, and its grey frame of 16 x 16."""
    weights = np.random.default_rng(3).standard_normal((2, 16, 16, 3)).astype(np.float32)
    weights[1] = 0
    reach = linear_reach(norm, far, -weights[0])
    bias = float(-(weights[0] * (128 / 255)).sum() + reach * (1 - 1e-4))
    return LinearDetector(weights, (bias, -50.0)), np.full((16, 16, 3), 128, np.uint8)


def attacks() -> Iterator[tuple[str, Attack, Norm]]:
    """Every attack of the catalogue under every norm that it declares, with the settings of `QUICK`."""
    for name, entry in CATALOG.items():
        attack = entry.build(QUICK)
        for norm in sorted(attack.norms):
            yield name, attack, norm


def uses_chance(attack: Attack) -> bool:
    """True where the catalogue says that another seed gives another frame."""
    same = (e for e in CATALOG.values() if e.build(QUICK) == attack)
    return next(same).chance


def alone(attack: Attack) -> bool:
    """True for attacks that do all they can on one frame; the others need some to get there."""
    same = (e for e in CATALOG.values() if e.build(QUICK) == attack)
    return next(same).lift is per_frame


def black_box() -> Iterator[tuple[str, Attack, Norm]]:
    """Every attack that asks the model for answers alone, under every norm that it declares."""
    for name, entry in CATALOG.items():
        attack = entry.build(AttackSettings())
        if attack.knowledge in BLACK_BOX:
            for norm in sorted(attack.norms):
                yield name, attack, norm


def lifted() -> Iterator[tuple[str, Norm]]:
    """Every attack that is carried over a stream, under every norm; the others go frame by frame."""
    for name, entry in CATALOG.items():
        if entry.lift is not per_frame:
            for norm in sorted(entry.build(AttackSettings()).norms):
                yield name, norm


def attacked(
    attack: Attack,
    detector: Detector,
    pixels: Pixels,
    budget: Budget,
    aim: Aim | Goal = Goal.VANISH,
    seed: int = 0,
) -> tuple[Objective, Pixels]:
    """Run an attack as the monitor runs it; (the objective with its counts, the attacked frame)."""
    objective = Objective(
        detector,
        pixels,
        aim,
        threshold=0.5,
        # The model stands in as its own surrogate: what is tested is the attack, not how alike models are.
        surrogate=lambda: Objective(detector, pixels, aim, threshold=0.5),
    )
    return objective, drive(attack, objective, budget, np.random.default_rng(seed))


def judged(objective: Objective, pixels: Pixels) -> Answer:
    """The model's answer to a frame, asked afresh and not taken from what the attack says of itself."""
    return objective.answer(pixels.copy())
