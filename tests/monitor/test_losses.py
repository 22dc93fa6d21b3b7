"""Which candidates a loss looks at, and which way it goes."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv
import torch

from models.detector import Candidates
from monitor.goals import Aim, Goal
from monitor.losses import ENOUGH, goal_loss, label_loss, owned_candidates

# Candidates 0 and 1 lie on the object at the left, 2 to 4 are free.
BOXES = torch.tensor(
    [[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [40, 0, 50, 10], [60, 0, 70, 10.0]]
)
CLEAN = sv.Detections(np.array([[0, 0, 10, 10]], np.float32), class_id=np.array([0]))
A, B, C = range(3)


def slope(
    aim: Aim, values: list[list[float]], bar: float = 0.0, clean: sv.Detections = CLEAN
) -> tuple[float, np.ndarray]:
    """(loss, its gradient (5, 3))."""
    logits = torch.tensor(values, requires_grad=True)
    owned = owned_candidates(Candidates(logits[None], lambda: BOXES[None]), clean, aim.region)
    loss = goal_loss(aim, logits, owned, bar)
    (gradient,) = torch.autograd.grad(loss, logits)
    return float(loss.detach()), gradient.numpy()


QUIET = [[-9.0, -9.0, -9.0]] * 3


def test_mislabel_raises_the_target_and_lowers_the_best_other_where_the_object_is() -> None:
    _, gradient = slope(Aim(Goal.MISLABEL, B), [[4, -5, -6], [-2, -9, -9], *QUIET])
    assert gradient[0, B] > 0.9
    assert gradient[0, A] < -0.9
    assert gradient[0, C] == 0
    assert np.all(gradient[2:] == 0)


def test_mislabel_only_raises_the_target_once_the_others_are_under_the_bar() -> None:
    values = [[-1, -2, -6], [-2, -9, -9], *QUIET]
    _, gradient = slope(Aim(Goal.MISLABEL, B), values, bar=0.0)
    assert gradient[0, B] > 0.9
    assert np.all(gradient[:, A] == 0)
    _, gradient = slope(Aim(Goal.MISLABEL, B), values, bar=-4.0)
    assert gradient[0, A] < 0


def test_what_is_won_is_let_go_and_what_is_lost_is_not() -> None:
    two = sv.Detections(
        np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32), class_id=np.array([A, A])
    )
    values = [[-9, 4 * ENOUGH, -9], [-9, -9, -9], [50, -50, -9], *QUIET[:2]]
    _, gradient = slope(Aim(Goal.MISLABEL, B), values, clean=two)
    assert 0 < gradient[0, B] < 0.01
    assert gradient[2, B] == pytest.approx(1, abs=0.01)  # however far behind: nothing saturates


def test_an_object_of_the_target_class_is_left_alone() -> None:
    clean = sv.Detections(CLEAN.xyxy, class_id=np.array([B]))
    loss, gradient = slope(Aim(Goal.MISLABEL, B), [[-9, 4, -9], [-9, -9, -9], *QUIET], clean=clean)
    assert loss == 0
    assert np.all(gradient == 0)


def test_fabricate_climbs_free_candidates_alone_and_in_the_region_only() -> None:
    values = [[4.0, -5, -6], [-2, -9, -9], [-7, -9, -9], [-8, -9, -9], [-9, -9, -9]]
    _, gradient = slope(Aim(Goal.FABRICATE), values)
    assert np.all(gradient[:2] == 0)
    assert gradient[2, A] > 0.9
    _, gradient = slope(Aim(Goal.FABRICATE, None, ((55.0, 0.0, 75.0, 10.0),)), values)
    assert np.all(gradient[:4] == 0)
    assert gradient[4].sum() == pytest.approx(1, abs=1e-3)


def test_fabricate_of_a_class_wants_it_to_be_the_candidates_best() -> None:
    values = [[4.0, -5, -6], [-2, -9, -9], [-3, -6, -9], *QUIET[:2]]
    _, gradient = slope(Aim(Goal.FABRICATE, B), values)
    assert gradient[2, B] > 0
    assert gradient[2, A] < 0
    ahead, _ = slope(
        Aim(Goal.FABRICATE, B), [[4.0, -5, -6], [-2, -9, -9], [-6, -3, -9], *QUIET[:2]]
    )
    behind, _ = slope(Aim(Goal.FABRICATE, B), values)
    assert ahead > behind


def test_a_region_without_a_free_candidate_has_no_slope() -> None:
    everywhere = Aim(Goal.FABRICATE, None, ((0.0, 0.0, 12.0, 12.0),))
    loss, gradient = slope(everywhere, [[4.0, -5, -6], [-2, -9, -9], *QUIET])
    assert loss == 0
    assert np.all(gradient == 0)


def test_a_class_loss_leads_from_the_clean_label_or_to_the_target() -> None:
    logits = torch.tensor([[3.0, 1.0, -2.0]])
    clean = sv.Detections(np.array([[0, 0, 10, 10]], np.float32), class_id=np.array([A]))
    owned = owned_candidates(Candidates(logits[None], lambda: BOXES[None, :1]), clean)
    assert float(label_loss(Aim(Goal.ANY), logits, owned)) == -2
    assert float(label_loss(Aim(Goal.MISLABEL, C), logits, owned)) == -2
    assert float(label_loss(Aim(Goal.ANY), logits.flip(1), owned)) == 5
