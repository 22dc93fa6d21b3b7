"""What every minimal attack of the catalogue must keep: it meets the goal, no farther away than need be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from contracts import STRENGTH, attacked, attacks, judged, lost_at

from models.centerface import CenterFace
from models.classifier import WholeFrame
from models.detector import Detector
from monitor.attack_settings import AttackSettings
from monitor.attacks.balls import length
from monitor.attacks.driver import Attack, Minimal
from monitor.attacks.noise import Noise
from monitor.attacks.shortest import Shortest
from monitor.catalog import CATALOG
from monitor.distances import Budget, Norm
from monitor.goals import Aim, Goal
from monitor.knowledge import Knowledge
from monitor.objective import Objective

FEW = (Norm.L1, Norm.L0)
"""Norms in which few values move, so that searches take more steps than the ten of the settings."""

ENROLLED = [
    pytest.param(
        CATALOG[name].build(AttackSettings(steps=30 if norm in FEW else 10)),
        norm,
        id=f"{name}-{norm}",
    )
    for name, attack, norm in attacks()
    if isinstance(attack, Minimal)
]

LINEAR = {Norm.LINF: 4 / 255, Norm.L2: 2.0, Norm.L1: 8.0, Norm.L0: 20}
"""How far the boundary is on a grey picture of 16 x 16 pixels."""

FARTHER = {Norm.LINF: 5 / 255, Norm.L2: 2.2, Norm.L1: 8.8, Norm.L0: 22}
"""Budgets that have room for rounding."""

NEAR = {Norm.LINF: 1.01, Norm.L2: 1.01, Norm.L1: 1.05, Norm.L0: 1.05}
"""Of the closed form, between the levels."""

HALF = 0.5
"""Of a budget within which noise achieves nothing: a minimal attack needs no more than this share."""

FAR = 0.75
"""The same towards one label that is far away."""


def check_the_closed_form(attack: Attack, norm: Norm) -> None:
    """Between the levels the distance is that of the closed form; rounded the frame still falls."""
    assert isinstance(attack, Minimal)
    detector, pixels = lost_at(norm, LINEAR[norm])
    objective = Objective(detector, pixels, Goal.VANISH, threshold=0.5)
    offset = attack.search.nearest(objective, pixels, norm, np.random.default_rng(0))
    assert offset is not None
    assert objective.answer((pixels + offset).astype(np.float32)).fell
    unit = 1 if norm is Norm.L0 else 255
    assert 0.999 <= length(offset, norm) / unit / LINEAR[norm] <= NEAR[norm]
    budget = Budget(norm, FARTHER[norm])
    objective, frame = attacked(attack, detector, pixels, budget)
    assert judged(objective, frame).fell
    assert budget.holds(pixels, frame)


def check_it_is_near(
    attack: Attack,
    norm: Norm,
    detector: Detector,
    pixels: np.ndarray,
    aim: Aim | Goal,
    share: float = HALF,
) -> None:
    """The frame falls well inside a budget under which noise does not fall at all."""
    budget = Budget(norm, STRENGTH[norm])
    objective, frame = attacked(attack, detector, pixels, budget, aim)
    assert judged(objective, frame).fell
    assert budget.length(pixels, frame) <= share * budget.levels
    rival, noisy = attacked(Noise(), detector, pixels, budget, aim)
    assert not judged(rival, noisy).fell


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_on_a_linear_model_the_distance_is_that_of_the_closed_form(
    attack: Attack, norm: Norm
) -> None:
    check_the_closed_form(attack, norm)


@pytest.mark.slow
@pytest.mark.parametrize("goal", [Goal.VANISH, Goal.FABRICATE])
@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_the_real_detector_falls_well_inside_the_budget(
    attack: Attack, norm: Norm, goal: Goal, faces: CenterFace, photograph: np.ndarray
) -> None:
    check_it_is_near(attack, norm, faces, photograph, goal)


@pytest.mark.slow
@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_the_real_classifier_falls_well_inside_the_budget(
    attack: Attack, norm: Norm, imagenet: WholeFrame, cup: np.ndarray
) -> None:
    check_it_is_near(attack, norm, imagenet, cup, Goal.ANY)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["daisy", "teapot"])
@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_mislabel_falls_well_inside_the_budget_under_linf_and_l2(
    attack: Attack, norm: Norm, target: str, imagenet: WholeFrame, cup: np.ndarray
) -> None:
    if norm in FEW:
        pytest.skip("a far goal for so few values: it takes steps by the hundred")
    aim = Aim(Goal.MISLABEL, imagenet.class_names.index(target))
    check_it_is_near(attack, norm, imagenet, cup, aim, FAR)


@dataclass(frozen=True)
class Idle:
    """Finds nothing."""

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset(Norm)

    def nearest(
        self, objective: Objective, x: np.ndarray, norm: Norm, rng: np.random.Generator
    ) -> np.ndarray | None:
        return None


@dataclass(frozen=True)
class Still(Idle):
    """Calls the frame itself the nearest place."""

    def nearest(
        self, objective: Objective, x: np.ndarray, norm: Norm, rng: np.random.Generator
    ) -> np.ndarray | None:
        return np.zeros(x.shape, np.float32)


@dataclass(frozen=True)
class Blind(Idle):
    """Goes a random way, as far as it takes, without a look at a gradient."""

    def nearest(
        self, objective: Objective, x: np.ndarray, norm: Norm, rng: np.random.Generator
    ) -> np.ndarray | None:
        way = rng.choice(np.array([-1, 1], np.float32), x.shape)
        for far in 2.0 ** np.arange(-3, 8):
            offset = np.clip(x + np.float32(far) * way, 0, 255) - x
            if objective.answer((x + offset).astype(np.float32)).fell:
                return offset.astype(np.float32)
        return None


@pytest.mark.parametrize("norm", list(Norm))
@pytest.mark.parametrize("search", [Idle(), Still(), Blind()], ids=["idle", "still", "blind"])
def test_a_search_that_does_not_search_keeps_none_of_this(
    search: Idle, norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    attack = Shortest(search)  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        check_the_closed_form(attack, norm)
    with pytest.raises(AssertionError):
        check_it_is_near(attack, norm, faces, photograph, Goal.FABRICATE)


@pytest.mark.parametrize("norm", list(Norm))
def test_noise_is_no_minimal_attack(norm: Norm, faces: CenterFace, photograph: np.ndarray) -> None:
    with pytest.raises(AssertionError):
        check_the_closed_form(Noise(), norm)
    with pytest.raises(AssertionError):
        check_it_is_near(Noise(), norm, faces, photograph, Goal.FABRICATE)
