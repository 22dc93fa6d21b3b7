"""What every attack that is carried over a stream must keep; enrolled from the catalogue."""

from __future__ import annotations

import numpy as np
import pytest
from contracts import STRENGTH, lifted
from linear import LinearDetector

from models.centerface import CenterFace
from models.detector import Detector
from monitor.attack_settings import AttackSettings
from monitor.attacks.noise import Noise
from monitor.catalog import CATALOG
from monitor.distances import Budget, Norm
from monitor.goals import Goal
from monitor.objective import Objective
from monitor.perturbers import PerFrame, Perturbed, Perturber
from streams.frame import Frame

ENROLLED = [pytest.param(name, norm, id=f"{name}-{norm}") for name, norm in lifted()]


def perturber(name: str, budget: Budget) -> Perturber:
    entry = CATALOG[name]
    return entry.lift(entry.build(AttackSettings()), budget, 0, 0)


def step(
    worn: Perturber, detector: Detector, pixels: np.ndarray, index: int, goal: Goal = Goal.VANISH
) -> tuple[Objective, Perturbed]:
    objective = Objective(detector, pixels, goal, threshold=0.5, with_gradient=worn.needs_gradient)
    return objective, worn.perturb(Frame(pixels, index, index / 25, 0.0, "clip"), objective)


def panning(photograph: np.ndarray, frames: int, speed: int = 2) -> list[np.ndarray]:
    """A camera that moves over a real photograph."""
    width = photograph.shape[1] - speed * frames
    return [
        np.ascontiguousarray(photograph[:, speed * i : speed * i + width]) for i in range(frames)
    ]


@pytest.mark.parametrize(("name", "norm"), ENROLLED)
def test_every_frame_keeps_the_budget_and_the_input_is_left_alone(
    name: str, norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    budget = Budget(norm, STRENGTH[norm])
    worn = perturber(name, budget)
    for index, pixels in enumerate(panning(photograph, 6)):
        before = pixels.copy()
        objective, result = step(worn, faces, pixels, index)
        assert result.attacked
        assert budget.holds(pixels, result.pixels)
        assert not np.shares_memory(result.pixels, pixels)
        assert np.array_equal(pixels, before)
        assert objective.counts.forwards >= 2


@pytest.mark.parametrize(("name", "norm"), ENROLLED)
def test_without_a_budget_the_frame_is_its_own(
    name: str, norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    _, result = step(perturber(name, Budget(norm, 0.0)), faces, photograph, 0)
    assert not result.attacked
    assert np.array_equal(result.pixels, photograph)


@pytest.mark.parametrize(("name", "norm"), ENROLLED)
def test_the_same_stream_gives_the_same_frames(
    name: str, norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    def run() -> list[np.ndarray]:
        worn = perturber(name, Budget(norm, STRENGTH[norm]))
        frames = panning(photograph, 4)
        return [step(worn, faces, p, i)[1].pixels for i, p in enumerate(frames)]

    for once, again in zip(run(), run(), strict=True):
        assert np.array_equal(once, again)


@pytest.mark.parametrize(("name", "norm"), ENROLLED)
def test_after_some_frames_the_face_is_hidden_and_noise_hides_none(
    name: str, norm: Norm, faces: CenterFace, photograph: np.ndarray
) -> None:
    budget = Budget(norm, STRENGTH[norm])
    worn, noise = perturber(name, budget), PerFrame(Noise(), budget)
    fell: dict[str, list[bool]] = {name: [], "noise": []}
    for index, pixels in enumerate(panning(photograph, 16, speed=1)):
        for who, what in ((name, worn), ("noise", noise)):
            objective, result = step(what, faces, pixels, index)
            fell[who].append(objective.answer(result.pixels.copy()).fell)
    assert all(fell[name][-4:])
    assert not any(fell["noise"])


@pytest.mark.parametrize(("name", "norm"), ENROLLED)
def test_a_frame_of_another_size_begins_anew(name: str, norm: Norm) -> None:
    rng = np.random.default_rng(0)
    worn = perturber(name, Budget(norm, 4 / 255 if norm is Norm.LINF else 2.0))
    for index, side in enumerate((16, 16, 24, 16)):
        weights = rng.standard_normal((2, side, side, 3)).astype(np.float32)
        weights[1] = 0
        pixels = rng.integers(40, 210, (side, side, 3), dtype=np.uint8)
        level = float((weights[0] * (pixels / 255)).sum())
        _, result = step(worn, LinearDetector(weights, (1 - level, -50.0)), pixels, index)
        assert result.pixels.shape == pixels.shape
        assert result.attacked
