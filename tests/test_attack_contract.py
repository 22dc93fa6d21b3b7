"""What every attack of the catalogue must keep; enrolled from the catalogue."""

from __future__ import annotations

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
from monitor.attacks.driver import Attack, Minimal, drive
from monitor.attacks.noise import Noise
from monitor.attacks.pgd import PGD
from monitor.catalog import CATALOG
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


@pytest.mark.parametrize("goal", ONE_CLASS)
@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_the_quantised_frame_keeps_the_budget(
    attack: Attack, norm: Norm, goal: Goal, faces: CenterFace, photograph: np.ndarray
) -> None:
    for eps in BUDGETS[norm]:
        _, frame = attacked(attack, faces, photograph, Budget(norm, eps), goal)
        moved = frame.astype(np.int64) - photograph.astype(np.int64)
        if norm is Norm.L0:
            assert np.count_nonzero(moved.any(axis=2)) <= eps
        else:
            order = {Norm.LINF: np.inf, Norm.L2: 2, Norm.L1: 1}[norm]
            assert np.linalg.norm(moved.reshape(-1), order) <= eps * 255 + 1e-6
        assert frame.dtype == np.uint8
        assert frame.shape == photograph.shape


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
    attack: Attack, norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    objective, frame = attacked(attack, faces, photograph, Budget(norm, 0.0))
    assert np.array_equal(frame, photograph)
    assert objective.answer(frame).progress == 0


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_the_input_is_left_alone_and_no_memory_is_shared(
    attack: Attack, norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    before = photograph.copy()
    _, frame = attacked(attack, faces, photograph, Budget(norm, BUDGETS[norm][-1]))
    assert np.array_equal(photograph, before)
    assert not np.shares_memory(frame, photograph)
    assert not np.array_equal(frame, photograph)


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_the_same_seed_gives_the_same_frame_and_another_seed_another(
    attack: Attack, norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    budget = Budget(norm, BUDGETS[norm][-1])
    _, once = attacked(attack, faces, photograph, budget, seed=1)
    _, again = attacked(attack, faces, photograph, budget, seed=1)
    _, other = attacked(attack, faces, photograph, budget, seed=2)
    assert np.array_equal(once, again)
    assert np.array_equal(once, other) is not uses_chance(attack)


LINEAR = {Norm.LINF: 4 / 255, Norm.L2: 2.0, Norm.L1: 8.0, Norm.L0: 20}
"""Budgets on a picture of 16 x 16 pixels."""

REACHED = {Norm.LINF: 0.999, Norm.L2: 0.97, Norm.L1: 0.95, Norm.L0: 0.9}
"""Of the optimum. Rounding to whole grey levels costs the L2 ball a little; Linf at 4/255 nothing. FGSM,
whose one step is made for a linear loss, has all under L1 and L0; PGD spreads its steps (0.96, 0.90)."""


@pytest.mark.parametrize(("attack", "norm"), STRONG)
def test_on_a_linear_model_the_attack_reaches_the_optimum(attack: Attack, norm: Norm) -> None:
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
    if isinstance(attack, PGD):
        assert judged(objective, frame).fell


@pytest.mark.parametrize("goal", ONE_CLASS)
@pytest.mark.parametrize(("attack", "norm"), LOUD)
def test_the_attack_beats_noise_of_the_same_budget_on_the_real_detector(
    attack: Attack, norm: Norm, goal: Goal, faces: CenterFace, photograph: np.ndarray
) -> None:
    budget = Budget(norm, STRENGTH[norm])
    objective, frame = attacked(attack, faces, photograph, budget, goal)
    noise = CATALOG["noise"]
    from monitor.attack_settings import AttackSettings

    rival, noisy = attacked(noise.build(AttackSettings()), faces, photograph, budget, goal)
    assert judged(objective, frame).loss > judged(rival, noisy).loss + 1.0
    assert not judged(rival, noisy).fell


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_knowledge_is_kept(
    attack: Attack, norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    objective = Objective(faces, photograph, Goal.VANISH, threshold=0.5)
    drive(attack, objective, Budget(norm, BUDGETS[norm][0]), np.random.default_rng(0))
    if attack.knowledge is not Knowledge.WHITE_BOX:
        assert objective.counts.backwards == 0
