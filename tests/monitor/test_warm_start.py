"""The attack carried over time, on a linear model whose optimum is known and on the real face detector."""

from __future__ import annotations

import numpy as np
import pytest
from linear import LinearDetector

from models.centerface import CenterFace
from monitor.attacks.fgsm import FGSM
from monitor.distances import Budget, Norm
from monitor.goals import Goal
from monitor.objective import Objective
from monitor.perturbers import PerFrame, Perturbed
from monitor.warm_start import WarmStart
from streams.frame import Frame

LINF_4 = Budget(Norm.LINF, 4 / 255)


def frame(pixels: np.ndarray, index: int) -> Frame:
    return Frame(pixels, index, index / 25, 0.0, "clip.avi")


def perturbed(
    perturber: WarmStart | PerFrame, detector: object, pixels: np.ndarray, index: int
) -> tuple[Objective, Perturbed]:
    objective = Objective(
        detector,  # type: ignore[arg-type]
        pixels,
        Goal.VANISH,
        threshold=0.5,
        with_gradient=perturber.needs_gradient,
    )
    return objective, perturber.perturb(frame(pixels, index), objective)


def stubborn() -> tuple[LinearDetector, np.ndarray]:
    """A linear detector that needs three quarters of the budget to lose its object."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((2, 16, 16, 3)).astype(np.float32)
    weights[1] = 0
    pixels = rng.integers(40, 210, (16, 16, 3), dtype=np.uint8)
    reach = 4 / 255 * np.abs(weights[0]).sum()
    bias = float(-(weights[0] * (pixels / 255)).sum() + 0.75 * reach)
    return LinearDetector(weights, (bias, -50.0)), pixels


def test_steps_add_up_over_frames_until_the_goal_is_met() -> None:
    detector, pixels = stubborn()
    warm = WarmStart(LINF_4, step=0.25)
    fell = []
    for index in range(6):
        objective, result = perturbed(warm, detector, pixels, index)
        assert LINF_4.holds(pixels, result.pixels)
        fell.append(objective.answer(result.pixels).fell)
    assert fell == [False, False, True, True, True, True]


def test_a_frame_that_fell_as_it_was_carried_costs_what_fgsm_costs() -> None:
    detector, pixels = stubborn()
    warm = WarmStart(LINF_4, step=0.5)
    costs = []
    for index in range(5):
        objective, _ = perturbed(warm, detector, pixels, index)
        costs.append((objective.counts.forwards, objective.counts.backwards))
    rival, _ = perturbed(PerFrame(FGSM(), LINF_4), detector, pixels, 0)
    assert costs[-1] == (rival.counts.forwards, rival.counts.backwards) == (2, 1)
    assert max(forwards for forwards, _ in costs) == 3


def test_going_back_in_the_film_begins_anew() -> None:
    detector, pixels = stubborn()
    warm = WarmStart(LINF_4, step=0.25)
    for index in range(4):
        objective, result = perturbed(warm, detector, pixels, index)
    assert objective.answer(result.pixels).fell
    objective, result = perturbed(warm, detector, pixels, 0)
    assert not objective.answer(result.pixels).fell
    assert warm.restarts == 1


def test_a_cut_begins_anew_and_a_frame_of_another_size_too() -> None:
    detector, pixels = stubborn()
    warm = WarmStart(LINF_4, step=0.25)
    for index in range(4):
        perturbed(warm, detector, pixels, index)
    dark = np.full_like(pixels, 3)
    perturbed(warm, detector, dark, 4)
    assert warm.restarts == 1


def test_without_a_budget_nothing_is_done() -> None:
    detector, pixels = stubborn()
    shown = frame(pixels, 0)
    objective = Objective(detector, shown.pixels, Goal.VANISH, threshold=0.5, with_gradient=False)
    result = WarmStart(Budget(Norm.LINF, 0.0)).perturb(shown, objective)
    assert not result.attacked
    assert result.pixels is shown.pixels  # the frame's own view: a frame locks what it is given
    assert (objective.counts.forwards, objective.counts.backwards) == (1, 0)  # the clean answer


@pytest.mark.parametrize("norm", [Norm.LINF, Norm.L2])
def test_a_panning_camera_on_a_real_face(
    faces: CenterFace, photograph: np.ndarray, norm: Norm
) -> None:
    budget = Budget(norm, 4 / 255 if norm is Norm.LINF else 2.0)
    warm, fallen = WarmStart(budget), []
    for index in range(10):
        pixels = np.ascontiguousarray(photograph[:200, 3 * index : 3 * index + 280])
        objective, result = perturbed(warm, faces, pixels, index)
        assert budget.holds(pixels, result.pixels)
        fallen.append(objective.answer(result.pixels).fell)
    assert warm.restarts == 0
    assert all(fallen[4:])
