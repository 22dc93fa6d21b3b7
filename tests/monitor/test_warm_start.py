"""The attack carried over time, on a linear model whose optimum is known and on the real face detector."""

from __future__ import annotations

import numpy as np
import pytest
from linear import LinearDetector

from models.centerface import CenterFace
from monitor.attacks.fgsm import FGSM
from monitor.distances import Budget, Norm
from monitor.goals import Goal
from monitor.limits import Limits
from monitor.objective import Objective
from monitor.perturbers import PerFrame, Perturbed
from monitor.warm_start import BACKWARD, LEARNING, SAVED, WarmStart, WarmStep, Warmth
from monitor.warm_start import FGSM as FGSM_COST
from streams.frame import Frame

LINF_4 = Budget(Norm.LINF, 4 / 255)


def frame(pixels: np.ndarray, index: int) -> Frame:
    return Frame(pixels, index, index / 25, 0.0, "clip.avi")


def perturbed(
    perturber: WarmStart | PerFrame,
    detector: object,
    pixels: np.ndarray,
    index: int,
    limits: Limits | None = None,
) -> tuple[Objective, Perturbed]:
    objective = Objective(
        detector,  # type: ignore[arg-type]
        pixels,
        Goal.VANISH,
        threshold=0.5,
        with_gradient=perturber.needs_gradient,
        limits=limits or Limits(),
    )
    return objective, perturber.perturb(frame(pixels, index), objective)


def stubborn(share: float = 0.75) -> tuple[LinearDetector, np.ndarray]:
    """A linear detector that needs this share of the budget to lose its object."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((2, 16, 16, 3)).astype(np.float32)
    weights[1] = 0
    pixels = rng.integers(40, 210, (16, 16, 3), dtype=np.uint8)
    reach = 4 / 255 * np.abs(weights[0]).sum()
    bias = float(-(weights[0] * (pixels / 255)).sum() + share * reach)
    return LinearDetector(weights, (bias, -50.0)), pixels


def test_steps_add_up_over_frames_until_the_goal_is_met() -> None:
    detector, pixels = stubborn()
    warm = WarmStart(WarmStep(step=0.25, steps=1), LINF_4)
    fell = []
    for index in range(6):
        objective, result = perturbed(warm, detector, pixels, index)
        assert LINF_4.holds(pixels, result.pixels)
        fell.append(objective.answer(result.pixels).fell)
    assert fell == [False, False, True, True, True, True]


def test_a_frame_that_fell_as_it_was_carried_costs_no_more_than_fgsm() -> None:
    detector, pixels = stubborn()
    warm = WarmStart(WarmStep(step=0.5), LINF_4)
    for index in range(8):
        objective, _ = perturbed(warm, detector, pixels, index)
        cost = objective.counts.forwards, objective.counts.backwards
    rival, _ = perturbed(PerFrame(FGSM(), LINF_4), detector, pixels, 0)
    assert cost == (rival.counts.forwards, rival.counts.backwards) == (2, 1)


def test_a_stream_that_never_falls_costs_what_its_account_allows() -> None:
    detector, pixels = stubborn(share=3.0)
    step = WarmStep(cost=1.2)
    warm, spent = WarmStart(step, LINF_4), 0.0
    frames = 60
    for index in range(frames):
        objective, _ = perturbed(warm, detector, pixels, index)
        counts = objective.counts
        spent += counts.forwards + BACKWARD * counts.backwards
    assert spent / frames <= step.cost * FGSM_COST + SAVED / frames


def test_going_back_in_the_film_begins_anew() -> None:
    detector, pixels = stubborn()
    warm = WarmStart(WarmStep(step=0.25, steps=1), LINF_4)
    for index in range(4):
        objective, result = perturbed(warm, detector, pixels, index)
    assert objective.answer(result.pixels).fell
    objective, result = perturbed(warm, detector, pixels, 0)
    assert not objective.answer(result.pixels).fell
    assert warm.restarts == 1


def test_a_cut_begins_anew() -> None:
    detector, pixels = stubborn()
    warm = WarmStart(WarmStep(), LINF_4)
    for index in range(4):
        perturbed(warm, detector, pixels, index)
    perturbed(warm, detector, np.full_like(pixels, 3), 4)
    assert warm.restarts == 1


def test_without_a_budget_nothing_is_done() -> None:
    detector, pixels = stubborn()
    held = frame(pixels, 0)
    objective = Objective(detector, held.pixels, Goal.VANISH, threshold=0.5)
    result = WarmStart(WarmStep(), Budget(Norm.LINF, 0.0)).perturb(held, objective)
    assert not result.attacked
    assert result.pixels is held.pixels


def test_out_of_time_it_makes_one_step_and_says_so() -> None:
    detector, pixels = stubborn(share=3.0)
    warm = WarmStart(WarmStep(cost=9.0), LINF_4)
    objective, result = perturbed(
        warm, detector, pixels, 0, Limits(deadline=0.0, clock=lambda: 1.0)
    )
    assert result.attacked
    assert objective.counts.stopped
    assert objective.counts.backwards == 1


@pytest.mark.parametrize("norm", [Norm.LINF, Norm.L2])
def test_a_panning_camera_on_a_real_face(
    faces: CenterFace, photograph: np.ndarray, norm: Norm
) -> None:
    budget = Budget(norm, 4 / 255 if norm is Norm.LINF else 2.0)
    warm, fallen = WarmStart(WarmStep(), budget), []
    for index in range(10):
        pixels = np.ascontiguousarray(photograph[:200, 3 * index : 3 * index + 280])
        objective, result = perturbed(warm, faces, pixels, index)
        assert budget.holds(pixels, result.pixels)
        fallen.append(objective.answer(result.pixels).fell)
    assert warm.restarts == 0
    assert all(fallen[4:])


def test_where_nothing_carries_frames_begin_afresh_at_the_cost_of_fgsm() -> None:
    """Every frame is another model's: what was carried is wrong, and one step from the frame is enough."""
    rng = np.random.default_rng(2)
    pixels = np.full((16, 16, 3), 128, np.uint8)
    warm, fell, ways = WarmStart(WarmStep(), LINF_4), [], []
    for index in range(40):
        weights = rng.standard_normal((2, 16, 16, 3)).astype(np.float32)
        weights[1] = 0
        reach = 4 / 255 * np.abs(weights[0]).sum()
        bias = float(-(weights[0] * (128 / 255)).sum() + 0.75 * reach)
        ways.append(warm.needs_gradient)
        objective, result = perturbed(warm, LinearDetector(weights, (bias, -50.0)), pixels, index)
        fell.append(objective.answer(result.pixels).fell)
        if ways[-1]:
            assert (objective.counts.forwards, objective.counts.backwards) == (2, 1)
    assert not any(ways[:LEARNING])
    assert all(ways[LEARNING + 15 :])
    assert all(fell[LEARNING + 15 :])


def test_the_way_that_holds_more_often_is_gone_and_the_other_tried_again() -> None:
    warmth = Warmth.fresh(np.zeros((2, 2, 3), np.uint8))
    for _ in range(LEARNING):
        assert warmth.carries
        warmth.tell(carried=True, fell=False)
    gone = []
    for _ in range(400):
        gone.append(warmth.carries)
        warmth.tell(carried=warmth.carries, fell=not warmth.carries)
    assert sum(gone[LEARNING:]) < 20, "afresh holds always, carrying never"
    assert any(gone[100:]), "carrying is tried again"
    for _ in range(400):
        gone.append(warmth.carries)
        warmth.tell(carried=warmth.carries, fell=warmth.carries)
    assert all(gone[-300:]), "now it is the other way round"
