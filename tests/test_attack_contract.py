"""What every attack of the catalogue must keep; enrolled from the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from contracts import (
    BLACK_BOX,
    BUDGETS,
    ONE_CLASS,
    STRENGTH,
    alone,
    attacked,
    attacks,
    judged,
    linear_reach,
    uses_chance,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from linear import LinearDetector

from models.centerface import CenterFace
from models.classifier import WholeFrame
from monitor.attacks.driver import Attack, Minimal
from monitor.attacks.iterate import Iterate
from monitor.attacks.noise import Noise
from monitor.attacks.pgd import PGD
from monitor.distances import Budget, Norm
from monitor.goals import Aim, Goal
from monitor.knowledge import Knowledge
from monitor.objective import Objective

ENROLLED = [pytest.param(attack, norm, id=f"{name}-{norm}") for name, attack, norm in attacks()]
STRONG = [
    pytest.param(attack, norm, id=f"{name}-{norm}")
    for name, attack, norm in attacks()
    # A baseline is exempt from having to be strong; test_stream_contract.py has what is carried over time,
    # test_black_box_contract.py what only asks.
    if attack.knowledge not in (Knowledge.NONE, *BLACK_BOX) and alone(attack)
]


LOUD = [
    # A minimal attack stops where the goal is met: test_minimal_contract.py has how far it went.
    *(each for each in STRONG if not isinstance(each.values[0], Minimal))
]


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_the_quantised_frame_keeps_the_budget(
    attack: Attack, norm: Norm, faces: CenterFace, portrait: np.ndarray
) -> None:
    # A minimal attack takes as long under a small budget as under a large one: the middle one does.
    budgets = BUDGETS[norm][1:2] if isinstance(attack, Minimal) else BUDGETS[norm]
    for eps in budgets:
        _, frame = attacked(attack, faces, portrait, Budget(norm, eps))
        moved = frame.astype(np.int64) - portrait.astype(np.int64)
        if norm is Norm.L0:
            assert np.count_nonzero(moved.any(axis=2)) <= eps
        else:
            order = {Norm.LINF: np.inf, Norm.L2: 2, Norm.L1: 1}[norm]
            assert np.linalg.norm(moved.reshape(-1), order) <= eps * 255 + 1e-6
        assert frame.dtype == np.uint8
        assert frame.shape == portrait.shape


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_the_budget_holds_on_any_picture_and_at_any_eps(
    attack: Attack, norm: Norm, data: st.DataObject
) -> None:
    seed = data.draw(st.integers(0, 2**32 - 1), label="seed")
    rng = np.random.default_rng(seed)
    # Black and white as often as not: clipping at the ends is where budgets break.
    pixels = rng.choice(np.array([0, 1, 128, 254, 255], np.uint8), size=(16, 16, 3))
    detector = LinearDetector(rng.standard_normal((2, 16, 16, 3)).astype(np.float32), (50.0, -50.0))
    many = st.integers(0, 300) if norm is Norm.L0 else st.floats(0, 1 if norm is Norm.LINF else 20)
    eps = data.draw(many, label="eps")
    budget = Budget(norm, eps)
    _, frame = attacked(attack, detector, pixels, budget, Goal.ANY, seed)
    assert budget.holds(pixels, frame)


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_zero_eps_returns_the_frame_bit_for_bit(
    attack: Attack, norm: Norm, faces: CenterFace, portrait: np.ndarray
) -> None:
    objective, frame = attacked(attack, faces, portrait, Budget(norm, 0.0))
    assert np.array_equal(frame, portrait)
    assert objective.answer(frame).progress == 0


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_the_frame_is_new_the_input_left_alone_and_the_seed_decides(
    attack: Attack, norm: Norm, faces: CenterFace, portrait: np.ndarray
) -> None:
    budget, before = Budget(norm, BUDGETS[norm][-1]), portrait.copy()
    objective, once = attacked(attack, faces, portrait, budget, seed=1)
    assert np.array_equal(portrait, before), "the input was written"
    assert not np.shares_memory(once, portrait)
    assert not np.array_equal(once, portrait)
    if attack.knowledge is not Knowledge.WHITE_BOX:
        assert objective.counts.backwards == 0
    if uses_chance(attack):
        _, again = attacked(attack, faces, portrait, budget, seed=1)
        assert np.array_equal(once, again)
    _, other = attacked(attack, faces, portrait, budget, seed=2)
    assert np.array_equal(once, other) is not uses_chance(attack)


LINEAR = {Norm.LINF: 4 / 255, Norm.L2: 2.0, Norm.L1: 8.0, Norm.L0: 20}
"""Budgets on a picture of 16 x 16 pixels."""

REACHED = {Norm.LINF: 0.999, Norm.L2: 0.97, Norm.L1: 0.95, Norm.L0: 0.999}
"""Of the optimum. Rounding to whole grey levels costs the L2 ball a little; Linf at 4/255 nothing. Under
L1 PGD spreads its steps."""


@pytest.mark.parametrize(("attack", "norm"), STRONG)
def test_on_a_linear_model_the_attack_reaches_the_optimum(attack: Attack, norm: Norm) -> None:
    check_the_linear_optimum(attack, norm)


def check_the_linear_optimum(attack: Attack, norm: Norm) -> None:
    """As much as a linear loss can rise, and no more."""
    rng = np.random.default_rng(3)
    weights = rng.standard_normal((2, 16, 16, 3)).astype(np.float32)
    weights[1] = 0
    pixels = np.full((16, 16, 3), 128, np.uint8)
    eps = LINEAR[norm]
    reach = linear_reach(norm, eps, -weights[0])
    bias = float(-(weights[0] * (128 / 255)).sum() + reach * 1.5)  # out of reach: no early stop
    detector = LinearDetector(weights, (bias, -50.0))
    start = detector.logits(pixels)[0]
    _, frame = attacked(attack, detector, pixels, Budget(norm, eps))
    gained = (start - detector.logits(frame)[0]) / reach
    assert REACHED[norm] <= gained <= 1.001


@pytest.mark.parametrize(("attack", "norm"), STRONG)
def test_on_a_linear_model_mislabel_reaches_the_optimum(attack: Attack, norm: Norm) -> None:
    # The lead of class b over class a grows by at most eps * ||w_b - w_a|| in the dual norm. Both stay
    # above the threshold, so that the lead is all that counts, and b stays behind: no early stop.
    rng = np.random.default_rng(4)
    weights = rng.standard_normal((2, 2, 16, 16, 3)).astype(np.float32)
    weights[1] = 0
    apart = weights[0, 1] - weights[0, 0]
    pixels = np.full((16, 16, 3), 128, np.uint8)
    eps = LINEAR[norm]
    reach = linear_reach(norm, eps, apart)
    level = -(weights[0] * (128 / 255)).sum(axis=(1, 2, 3))
    bias = [level + np.array([3, 1.5]) * reach, [-50, -50]]
    detector = LinearDetector(weights, bias, ("a", "b"))
    objective, frame = attacked(attack, detector, pixels, Budget(norm, eps), Aim(Goal.MISLABEL, 1))
    assert objective.clean.class_id is not None
    assert objective.clean.class_id.tolist() == [0]
    leads = [float(x[0, 1] - x[0, 0]) for x in map(detector.class_logits, (pixels, frame))]
    gained = (leads[1] - leads[0]) / reach
    assert REACHED[norm] <= gained <= 1.001


@pytest.mark.parametrize("target", ["tabby", "espresso"])
@pytest.mark.parametrize(("attack", "norm"), LOUD)
def test_mislabel_beats_noise_of_the_same_budget_on_the_real_classifier(
    attack: Attack, norm: Norm, target: str, imagenet: WholeFrame, photograph: np.ndarray
) -> None:
    budget = Budget(norm, STRENGTH[norm])
    aim = Aim(Goal.MISLABEL, imagenet.class_names.index(target))
    objective, frame = attacked(attack, imagenet, photograph, budget, aim)
    rival, noisy = attacked(Noise(), imagenet, photograph, budget, aim)
    assert judged(objective, frame).loss > judged(rival, noisy).loss + 1.0
    assert not judged(rival, noisy).fell
    if isinstance(attack, PGD) and norm in (Norm.LINF, Norm.L2):
        assert judged(objective, frame).fell


@pytest.mark.parametrize("goal", ONE_CLASS)
@pytest.mark.parametrize(("attack", "norm"), LOUD)
def test_the_attack_beats_noise_of_the_same_budget_on_the_real_detector(
    attack: Attack, norm: Norm, goal: Goal, faces: CenterFace, photograph: np.ndarray
) -> None:
    check_it_beats_noise(attack, norm, goal, faces, photograph)


@pytest.mark.parametrize("norm", list(Norm))
def test_pgd_reaches_the_goals_in_every_norm(
    norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    for goal in ONE_CLASS:
        objective, frame = attacked(PGD(), faces, photograph, Budget(norm, STRENGTH[norm]), goal)
        assert judged(objective, frame).fell, goal


def check_it_beats_noise(
    attack: Attack, norm: Norm, goal: Goal, detector: CenterFace, pixels: np.ndarray
) -> None:
    """The loss is higher by one than that of noise of the same budget, which does not reach the goal."""
    budget = Budget(norm, STRENGTH[norm])
    objective, frame = attacked(attack, detector, pixels, budget, goal)
    rival, noisy = attacked(Noise(), detector, pixels, budget, goal)
    assert judged(objective, frame).loss > judged(rival, noisy).loss + 1.0
    assert not judged(rival, noisy).fell


@dataclass(frozen=True)
class Nothing:
    """Changes as little as an attack may: one value by one level."""

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset(Norm)

    def run(
        self, objective: Objective, x: np.ndarray, budget: Budget, rng: np.random.Generator
    ) -> np.ndarray:
        frame = x.copy()
        frame[0, 0, 0] ^= 1
        return frame


@dataclass(frozen=True)
class Blind(Nothing):
    """PGD along random slopes: all the work, and no gradient."""

    def run(
        self, objective: Objective, x: np.ndarray, budget: Budget, rng: np.random.Generator
    ) -> np.ndarray:
        point = Iterate(x, budget)
        for _ in range(10):
            objective.answer(point.pixels)
            point.ascend(rng.standard_normal(x.shape, dtype=np.float32), 0.25)
        return point.pixels


@pytest.mark.slow  # 12 times PGD's own tests; what is tested here is the tests
@pytest.mark.parametrize("norm", list(Norm))
@pytest.mark.parametrize("attack", [Nothing(), Blind(), Noise()], ids=["nothing", "blind", "noise"])
def test_what_uses_no_gradient_fails_the_tests_of_strength(
    attack: Attack, norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    for goal in ONE_CLASS:
        with pytest.raises(AssertionError):
            check_it_beats_noise(attack, norm, goal, faces, photograph)
    with pytest.raises(AssertionError):
        check_the_linear_optimum(attack, norm)
