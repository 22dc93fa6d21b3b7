"""Gaps say how far a goal is off; cross-entropy and DLR climb towards it too."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from models.centerface import CenterFace
from models.classifier import WholeFrame
from models.detector import Candidates
from models.log_odds import of_softmax
from monitor import criteria
from monitor.goals import Aim, Criterion, Goal
from monitor.losses import Owned, owned_candidates
from monitor.objective import Objective

BOXES = torch.tensor(
    [[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [40, 0, 50, 10], [60, 0, 70, 10.0]]
)
TWO = sv.Detections(
    np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32), class_id=np.array([0, 1])
)


def owners(logits: torch.Tensor) -> Owned:
    return owned_candidates(Candidates(logits[None], lambda: BOXES[None]), TWO)


def gap(aim: Aim, logits: torch.Tensor, bar: float = 0.0) -> float:
    return float(criteria.BOXES[Criterion.GAP](aim, logits, owners(logits), bar))


LOGITS = torch.tensor([[4.0, -9], [2, -9], [-9, 3], [-2, -9], [-9, -9]])


@pytest.mark.parametrize(
    ("aim", "expected"),
    [
        (Aim(Goal.VANISH), -4.0),  # the strongest object is 4 over the bar
        (Aim(Goal.FABRICATE), -2.0),  # the strongest free candidate is 2 under it
        (Aim(Goal.FABRICATE, 1), -9.0),  # none is near being of class 1
        (Aim(Goal.ANY), -2.0),  # a new box is the nearest way out
        (Aim(Goal.MISLABEL, 1), -13.0),  # class 0's object would have to gain 13
        (Aim(Goal.MISLABEL, 0), -12.0),
    ],
)
def test_the_gap_is_the_lead_that_the_goal_is_missed_by(aim: Aim, expected: float) -> None:
    assert gap(aim, LOGITS) == expected


def test_a_bar_moves_what_counts() -> None:
    assert gap(Aim(Goal.VANISH), LOGITS, bar=1.0) == -3
    assert gap(Aim(Goal.VANISH), LOGITS - 5.0) == 1


def test_any_has_a_way_out_for_every_object_and_one_for_a_new_box() -> None:
    ways = criteria.goal_ways(Aim(Goal.ANY), LOGITS, owners(LOGITS), 0.0, 10)
    assert [float(way) for way in ways] == [-2, -3, -4, -12, -13]
    assert len(criteria.goal_ways(Aim(Goal.ANY), LOGITS, owners(LOGITS), 0.0, 2)) == 2


NOBODY = torch.zeros(1, dtype=torch.bool)


@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 12))
@settings(max_examples=50, deadline=None)
def test_a_classifiers_criteria_are_those_of_its_softmax(seed: int, classes: int) -> None:
    z = torch.from_numpy(np.random.default_rng(seed).normal(0, 3, classes))
    label = int(z.argmax())
    owned = Owned((torch.tensor([0]),), (label,), NOBODY, NOBODY)
    logits = of_softmax(z[None])
    ranked = z.sort(descending=True).values

    def value(criterion: Criterion, aim: Aim) -> float:
        return float(criteria.LABEL[criterion](aim, logits, owned, 0.0))

    lead = float(ranked[1] - ranked[0])
    any_other = Aim(Goal.ANY)
    assert value(Criterion.GAP, any_other) == pytest.approx(lead, abs=1e-6)
    entropy = float(F.cross_entropy(z[None], torch.tensor([label])))
    assert value(Criterion.CE, any_other) == pytest.approx(entropy, abs=1e-6)
    third = float(ranked[min(2, classes - 1)])
    expected = lead / (float(ranked[0]) - third) if float(ranked[0]) > third else 0
    assert value(Criterion.DLR, any_other) == pytest.approx(expected, abs=1e-6)
    target = int(z.argmin())
    towards = Aim(Goal.MISLABEL, target)
    assert value(Criterion.GAP, towards) == pytest.approx(float(z[target] - ranked[0]), abs=1e-6)
    log_p = float(F.log_softmax(z, 0)[target])
    assert value(Criterion.CE, towards) == pytest.approx(log_p, abs=1e-6)


@pytest.mark.parametrize("criterion", list(Criterion))
@pytest.mark.parametrize("goal", [Goal.ANY, Goal.VANISH, Goal.FABRICATE])
def test_a_step_along_each_criterion_closes_the_gap(
    criterion: Criterion, goal: Goal, faces: CenterFace, photograph: np.ndarray
) -> None:
    objective = Objective(faces, photograph, goal, threshold=0.5)
    before = objective.slope(photograph, criterion)
    place = photograph + 0.5 * np.sign(before.gradient).astype(np.float32)
    after = objective.slope(place, criterion)
    assert after.value > before.value
    assert objective.best is None  # no camera delivers half grey levels
    gaps = [objective.slope(x, Criterion.GAP).value for x in (photograph, place)]
    assert gaps[1] > gaps[0]


def test_a_gap_of_zero_is_where_the_label_changes(
    imagenet: WholeFrame, photograph: np.ndarray
) -> None:
    objective = Objective(imagenet, photograph, Goal.ANY, threshold=0.5)
    place = photograph.astype(np.float32)
    for _ in range(60):
        slope = objective.slope(place, Criterion.GAP)
        assert slope.answer.fell is (slope.value > 0)
        if slope.value > 0:
            break
        place = place + 0.1 * np.sign(slope.gradient)
    else:
        pytest.fail("60 steps of a tenth of a level did not change the label")


def test_ways_are_the_best_other_labels(imagenet: WholeFrame, photograph: np.ndarray) -> None:
    objective = Objective(imagenet, photograph, Goal.ANY, threshold=0.5)
    answer, ways = objective.ways(photograph, 3)
    assert answer.detections.class_id is not None
    assert len(ways) == 3
    values = [way.value for way in ways]
    assert values == sorted(values, reverse=True)
    assert values[0] < 0
    assert objective.counts.backwards == 3
    assert objective.counts.forwards == 1  # the clean answer's own graph
    assert ways[0].value == pytest.approx(
        Objective(imagenet, photograph, Goal.ANY, threshold=0.5)
        .slope(photograph, Criterion.GAP)
        .value,
        abs=1e-4,
    )
