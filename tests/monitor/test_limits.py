"""A search ends at the frame's deadline and at its query budget, with its best so far."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from linear import LinearDetector

from models.detector import Candidates
from monitor.attacks.apgd import APGD
from monitor.attacks.driver import Attack, drive
from monitor.attacks.fgsm import FGSM
from monitor.attacks.pgd import PGD
from monitor.attacks.square import Square
from monitor.distances import Budget, Norm
from monitor.goals import Aim, Goal
from monitor.limits import Limits
from monitor.objective import Objective
from monitor.perturbers import PerFrame
from monitor.pipeline import Pipeline
from streams.frame import Frame

PASS = 0.01
"""Seconds that a forward takes, by the injected clock."""

LINF_4 = Budget(Norm.LINF, 4 / 255)


class Slow:
    """A detector whose every forward takes `PASS` seconds of a clock that nothing else moves."""

    def __init__(self, detector: LinearDetector) -> None:
        self.now = 0.0
        self._detector = detector
        self.name, self.class_names = detector.name, detector.class_names
        self.decode = detector.decode
        self.detect = detector.detect

    def forward(self, frames: torch.Tensor) -> Candidates:
        self.now += PASS * len(frames)
        return self._detector.forward(frames)

    def clock(self) -> float:
        return self.now


@pytest.fixture
def slow() -> tuple[Slow, np.ndarray]:
    """A model that no attack within the budget fells."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((2, 16, 16, 3)).astype(np.float32)
    weights[1] = 0
    pixels = rng.integers(40, 210, (16, 16, 3), dtype=np.uint8)
    reach = 4 / 255 * np.abs(weights[0]).sum()
    bias = float(-(weights[0] * (pixels / 255)).sum() + 2 * reach)
    return Slow(LinearDetector(weights, (bias, -50.0))), pixels


def searched(
    attack: Attack, model: Slow, pixels: np.ndarray, seconds: float | None
) -> tuple[Objective, np.ndarray]:
    limits = Limits(deadline=None if seconds is None else model.now + seconds, clock=model.clock)
    objective = Objective(model, pixels, Goal.VANISH, threshold=0.5, limits=limits)
    return objective, drive(attack, objective, LINF_4, np.random.default_rng(0))


@pytest.mark.parametrize("attack", [PGD(steps=50), APGD(steps=50)])
@pytest.mark.parametrize("passes", [3, 8, 20])
def test_a_search_ends_by_its_deadline_with_its_best_so_far(
    slow: tuple[Slow, np.ndarray], attack: Attack, passes: int
) -> None:
    model, pixels = slow
    objective, frame = searched(attack, model, pixels, passes * PASS + 1e-9)
    assert objective.counts.stopped
    assert objective.counts.forwards == passes  # all of the time is used, and no more
    assert model.now <= passes * PASS + 1e-9
    assert objective.best is not None
    assert np.array_equal(frame, objective.best.pixels)
    assert objective.answer(frame).loss > objective.answer(pixels).loss


def test_more_time_is_a_better_frame_until_the_search_is_over(
    slow: tuple[Slow, np.ndarray],
) -> None:
    model, pixels = slow
    losses = []
    for seconds in (3 * PASS, 6 * PASS, 1.0, None):
        objective, frame = searched(PGD(steps=20, step_size=0.1), model, pixels, seconds)
        losses.append(objective.answer(frame).loss)
        assert objective.counts.stopped is (seconds in (3 * PASS, 6 * PASS))
    assert losses[0] < losses[1] < losses[2] == losses[3]


def test_an_attack_of_one_step_is_never_left_without_its_step(
    slow: tuple[Slow, np.ndarray],
) -> None:
    model, pixels = slow
    objective, frame = searched(FGSM(), model, pixels, 0.0)
    assert not objective.counts.stopped
    assert not np.array_equal(frame, pixels)
    assert objective.counts.forwards == 2


def test_a_frame_that_took_too_long_says_so(slow: tuple[Slow, np.ndarray]) -> None:
    model, pixels = slow
    late = []
    for deadline in (0.5 * PASS * 1e3, 50 * PASS * 1e3, None):
        pipeline = Pipeline(
            detector=model,
            perturber=PerFrame(FGSM(), LINF_4),
            aim=Aim(Goal.VANISH),
            place=None,
            threshold=0.5,
            iou=0.5,
            width=16,
            deadline_ms=deadline,
            clock=model.clock,
        )
        late.append(pipeline.observe(Frame(pixels, 0, 0.0, 0.0, "clip")).late)
    assert late == [True, False, False]


@pytest.mark.parametrize("queries", [1, 2, 17])
def test_a_query_budget_is_kept_to_the_last_one(
    slow: tuple[Slow, np.ndarray], queries: int
) -> None:
    model, pixels = slow
    objective = Objective(model, pixels, Goal.VANISH, threshold=0.5, limits=Limits(queries=queries))
    frame = drive(Square(queries=100), objective, LINF_4, np.random.default_rng(0))
    assert objective.counts.queries == queries
    assert (
        objective.counts.forwards <= queries + 2
    )  # the clean answer, and the one of what is shown
    assert LINF_4.holds(pixels, frame)
