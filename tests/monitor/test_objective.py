"""What attackers may ask, what it costs, and what a view keeps from them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from contracts import ONE_CLASS, attacked, judged
from linear import LinearDetector

from models.centerface import CenterFace
from monitor.attacks.driver import drive
from monitor.attacks.fgsm import FGSM
from monitor.attacks.pgd import PGD
from monitor.distances import Budget, Norm
from monitor.errors import AttackContractError
from monitor.goals import Aim, Goal
from monitor.knowledge import Knowledge, LabelView, ScoreView, view_for
from monitor.objective import Objective

LINF_4 = Budget(Norm.LINF, 4 / 255)


def test_fgsm_costs_two_forwards_and_one_backward(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    objective, frame = attacked(FGSM(), faces, photograph, LINF_4)
    objective.answer(frame)  # the attacked answer: judged already
    assert (objective.counts.forwards, objective.counts.backwards) == (2, 1)


def test_pgd_from_the_frame_reuses_the_clean_forward(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    attack = PGD(steps=3, random_start=False, early_stop=False)
    objective, _ = attacked(attack, faces, photograph, LINF_4)
    assert (objective.counts.forwards, objective.counts.backwards) == (4, 3)


def test_restarts_end_with_the_first_that_falls(faces: CenterFace, photograph: np.ndarray) -> None:
    eager, _ = attacked(PGD(restarts=5), faces, photograph, LINF_4)
    alone, _ = attacked(PGD(restarts=1), faces, photograph, LINF_4)
    assert alone.best is not None
    assert alone.best.fell
    assert eager.counts == alone.counts


def test_starts_from_the_frame_itself_are_not_repeated(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    attack = PGD(steps=2, restarts=7, random_start=False, early_stop=False)
    objective, _ = attacked(attack, faces, photograph, LINF_4)
    assert objective.counts.backwards == 2


def test_the_gradient_agrees_with_finite_differences() -> None:
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((2, 2, 12, 12, 3)).astype(np.float32) / 10
    pixels = rng.integers(20, 200, (12, 12, 3), dtype=np.uint8)
    level = (weights * (pixels / 255)).sum(axis=(2, 3, 4))
    detector = LinearDetector(weights, [[3, 2], [-5, -5.5]] - level, ("a", "b"))
    aims = [*map(Aim, ONE_CLASS), Aim(Goal.MISLABEL, 1), Aim(Goal.FABRICATE, 1)]
    for aim in aims:
        objective = Objective(detector, pixels, aim, threshold=0.1)
        assert len(objective.clean) == 1
        _, gradient = objective.gradient(pixels)
        here = objective.answer(pixels.copy()).loss
        for y, x, c in [(0, 0, 0), (5, 7, 1), (11, 11, 2)]:
            moved = pixels.copy()
            moved[y, x, c] += 1
            there = objective.answer(moved).loss
            assert there - here == pytest.approx(gradient[y, x, c] / 255, rel=0.05, abs=2e-4)


def test_the_best_attempt_is_kept_even_if_the_attack_walks_on(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    class Wanderer:
        """Finds a fallen frame, then hands in one that has not."""

        knowledge = Knowledge.WHITE_BOX
        norms = frozenset({Norm.LINF})

        def run(self, objective, x, budget, rng):  # type: ignore[no-untyped-def]
            PGD().run(objective, x, budget, rng)
            return x.copy()

    objective, frame = attacked(Wanderer(), faces, photograph, LINF_4)
    assert judged(objective, frame).fell


def test_vanish_has_nothing_to_work_on_where_nothing_is_seen(faces: CenterFace) -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    assert not Objective(faces, grey, Goal.VANISH, threshold=0.5).applies
    assert Objective(faces, grey, Goal.FABRICATE, threshold=0.5).applies


@pytest.mark.parametrize(
    ("hand_in", "reason"),
    [
        (lambda x: x, "expected a new uint8"),
        (lambda x: x.astype(np.float32), "expected a new uint8"),
        (lambda x: x[:-1].copy(), "expected a new uint8"),
        (lambda x: np.clip(x.astype(int) + 9, 0, 255).astype(np.uint8), "the budget is 4.000/255"),
    ],
)
def test_the_driver_refuses_what_breaks_the_contract(
    hand_in, reason: str, faces: CenterFace, photograph: np.ndarray
) -> None:  # type: ignore[no-untyped-def]
    class Rogue:
        knowledge = Knowledge.WHITE_BOX
        norms = frozenset({Norm.LINF})

        def run(self, objective, x, budget, rng):  # type: ignore[no-untyped-def]
            return hand_in(x)

    with pytest.raises(AttackContractError, match=reason):
        attacked(Rogue(), faces, photograph, LINF_4)


def test_a_norm_that_the_attack_does_not_know_is_refused(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    class OnlyLinf:
        knowledge = Knowledge.LABEL
        norms = frozenset({Norm.LINF})

        def run(self, objective, x, budget, rng):  # type: ignore[no-untyped-def]
            raise AssertionError("never asked")

    with pytest.raises(AttackContractError, match="keeps budgets in linf, not in l2"):
        attacked(OnlyLinf(), faces, photograph, Budget(Norm.L2, 1.0))


def everything_public(view: object) -> list[str]:
    return [name for name in dir(view) if not name.startswith("_")]


def test_a_view_hands_out_no_more_than_its_knowledge(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    objective = Objective(faces, photograph, Goal.VANISH, threshold=0.5)
    label, score = view_for(Knowledge.LABEL, objective), view_for(Knowledge.SCORE, objective)
    assert everything_public(label) == ["fell", "fell_many", "queries_left"]
    assert everything_public(score) == ["queries_left", "score", "scores", "scores_of"]
    assert isinstance(label, LabelView)
    assert isinstance(score, ScoreView)
    assert type(label.fell(photograph)) is bool
    loss, fell = score.score(photograph.copy())
    assert type(loss) is float  # no tensor, so no graph to walk back along
    assert type(fell) is bool
    assert not hasattr(label, "__dict__")
    with pytest.raises(AttributeError):
        _ = label.gradient  # type: ignore[attr-defined]


def test_a_score_of_the_clean_frame_is_its_loss(faces: CenterFace, photograph: np.ndarray) -> None:
    for goal in ONE_CLASS:
        objective = Objective(faces, photograph, goal, threshold=0.5)
        view = view_for(Knowledge.SCORE, objective)
        assert isinstance(view, ScoreView)
        asked, _ = view.score(photograph)
        afresh, _ = view.score(photograph.copy())
        known, _ = objective.gradient(photograph)
        assert asked == pytest.approx(afresh, abs=1e-3)
        assert asked == pytest.approx(known.loss, abs=1e-3)


def test_gradients_taken_behind_the_drivers_back_are_found_out(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    smuggled = Objective(faces, photograph, Goal.VANISH, threshold=0.5)

    class Cheat:
        knowledge = Knowledge.SCORE
        norms = frozenset({Norm.LINF})

        def run(self, objective, x, budget, rng):  # type: ignore[no-untyped-def]
            return FGSM().run(smuggled, x, budget, rng)

    with pytest.raises(AttackContractError, match="took gradients"):
        drive(Cheat(), smuggled, LINF_4, np.random.default_rng(0))


def test_no_graph_outlives_the_attack(faces: CenterFace, photograph: np.ndarray) -> None:
    objective, _ = attacked(FGSM(), faces, photograph, LINF_4)
    assert objective._clean_graph is None
    assert not torch.is_grad_enabled() or all(p.grad is None for p in faces._network.parameters())
