"""One perturbation for a whole stream: learnt on the first frames, then left as it is."""

from __future__ import annotations

import numpy as np

from models.centerface import CenterFace
from monitor.distances import Budget, Norm
from monitor.goals import Goal
from monitor.objective import Objective
from monitor.universal import Universal, UniversalStep
from streams.frame import Frame

BUDGET = Budget(Norm.LINF, 8 / 255)


def shown(
    worn: Universal, faces: CenterFace, pixels: np.ndarray, index: int
) -> tuple[Objective, np.ndarray]:
    objective = Objective(faces, pixels, Goal.VANISH, threshold=0.5, with_gradient=False)
    result = worn.perturb(Frame(pixels, index, index / 25, 0.0, "clip"), objective)
    return objective, result.pixels


def test_it_learns_for_as_long_as_it_is_told_and_then_costs_two_answers(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    worn = Universal(UniversalStep(learn=4), BUDGET)
    costs = []
    for index in range(7):
        objective, _ = shown(worn, faces, photograph, index)
        costs.append((objective.counts.forwards, objective.counts.backwards))
    assert costs == [(3, 1)] * 4 + [(2, 0)] * 3
    assert worn.frames_learnt == 4


def test_every_frame_wears_the_same_and_one_it_was_not_learnt_on_falls_too(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    worn = Universal(UniversalStep(learn=20), BUDGET)
    for index in range(20):
        shown(worn, faces, photograph, index)
    # Other light: the same face, no pixel of it the same. In the middle, so that nothing is clipped.
    dim = (photograph * 0.6 + 40).astype(np.uint8)
    bright = (photograph * 0.6 + 60).astype(np.uint8)
    wears = []
    for index, pixels in enumerate((dim, bright), start=20):
        objective, frame = shown(worn, faces, pixels, index)
        assert objective.applies
        assert objective.answer(frame.copy()).fell
        wears.append(frame.astype(int) - pixels)
    assert np.array_equal(wears[0], wears[1])
    assert np.abs(wears[0]).max() == 8
