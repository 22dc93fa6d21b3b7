"""Attacks made of attacks: the ensemble, and the surrogate's."""

from __future__ import annotations

import numpy as np
import pytest
from linear import LinearDetector, OnlyDetects

from models.centerface import CenterFace
from monitor.assembly import build_pipeline
from monitor.attacks.apgd import APGD, checkpoints
from monitor.attacks.auto import Auto
from monitor.attacks.driver import drive
from monitor.attacks.fgsm import FGSM
from monitor.attacks.noise import Noise
from monitor.attacks.pgd import PGD
from monitor.attacks.square import Square
from monitor.attacks.transfer import Transfer
from monitor.config import Settings
from monitor.distances import Budget, Norm
from monitor.errors import AttackContractError, ConfigError
from monitor.goals import Criterion, Goal
from monitor.objective import Objective
from streams.frame import Frame

LINF_4 = Budget(Norm.LINF, 4 / 255)


def test_the_ensemble_stops_at_the_first_member_that_meets_the_goal(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    objective = Objective(faces, photograph, Goal.VANISH, threshold=0.5)
    members = (FGSM(), PGD(), Square(queries=500))
    drive(Auto(members), objective, LINF_4, np.random.default_rng(0))
    assert objective.best is not None
    assert objective.best.fell
    assert objective.counts.queries == 0
    assert objective.counts.backwards <= 11


def test_what_gradients_cannot_do_scores_still_may() -> None:
    """A model whose gradient points the wrong way: the white-box members fail, Square does not."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((2, 16, 16, 3)).astype(np.float32)
    weights[1] = 0
    pixels = rng.integers(40, 210, (16, 16, 3), dtype=np.uint8)
    reach = 4 / 255 * np.abs(weights[0]).sum()
    level = float((weights[0] * (pixels / 255)).sum())

    class Masked(LinearDetector):
        def forward(self, frames):  # type: ignore[no-untyped-def]
            masked = 2 * frames.detach() - frames if frames.requires_grad else frames
            return super().forward(masked)

    model = Masked(weights, (0.05 * reach - level, -50.0))
    fallen = {}
    for name, members in {
        "gradients": (PGD(random_start=False), APGD(random_start=False)),
        "all": (PGD(random_start=False), APGD(random_start=False), Square(queries=300)),
    }.items():
        objective = Objective(model, pixels, Goal.VANISH, threshold=0.5)
        drive(Auto(members), objective, LINF_4, np.random.default_rng(0))
        assert objective.best is not None
        fallen[name] = objective.best.fell
    assert fallen == {"gradients": False, "all": True}


@pytest.mark.parametrize("loss", list(Criterion))
def test_apgd_hides_a_face_along_every_criterion(
    loss: Criterion, faces: CenterFace, photograph: np.ndarray
) -> None:
    objective = Objective(faces, photograph, Goal.VANISH, threshold=0.5)
    drive(APGD(steps=15, loss=loss), objective, LINF_4, np.random.default_rng(0))
    assert objective.best is not None
    assert objective.best.fell


def test_apgd_looks_at_its_step_size_as_the_paper_has_it() -> None:
    assert sorted(checkpoints(100)) == [22, 41, 57, 70, 80, 87, 93, 99]


def test_transfer_asks_the_victim_nothing_and_takes_no_gradient_of_it(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    victim = OnlyDetects(faces)
    objective = Objective(
        victim,
        photograph,
        Goal.VANISH,
        threshold=0.5,
        surrogate=lambda: Objective(faces, photograph, Goal.VANISH, threshold=0.5),
    )
    drive(Transfer(steps=10), objective, LINF_4, np.random.default_rng(0))
    assert victim.asked == 2  # the clean answer and the attacked one
    assert objective.counts.backwards == 0
    assert objective.counts.surrogate >= 20
    assert objective.best is not None
    assert objective.best.fell  # the surrogate is the victim's own network


def test_transfer_without_a_surrogate_says_so(faces: CenterFace, photograph: np.ndarray) -> None:
    objective = Objective(faces, photograph, Goal.VANISH, threshold=0.5)
    with pytest.raises(AttackContractError, match="no surrogate"):
        drive(Transfer(), objective, LINF_4, np.random.default_rng(0))
    with pytest.raises(ConfigError, match="surrogate = ''"):
        build_pipeline(Settings().changed({"attack": "transfer"}))


def test_a_pipeline_brings_the_surrogate_and_keeps_it(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    settings = Settings().changed({"attack": "transfer", "surrogate": "faces", "steps": 4})
    pipeline = build_pipeline(settings, OnlyDetects(faces))
    assert pipeline.surrogate is not None
    again = build_pipeline(settings, OnlyDetects(faces), surrogate=pipeline.surrogate[0])
    assert again.surrogate is not None
    assert again.surrogate[0] is pipeline.surrogate[0]
    seen = pipeline.observe(Frame(photograph, 0, 0.0, 0.0, "still"))
    assert seen.counts.surrogate >= 8
    assert seen.success is not None


def test_where_the_surrogate_sees_nothing_the_frame_stays_as_it_is(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    grey = np.full_like(photograph, 128)
    objective = Objective(
        faces,
        photograph,
        Goal.VANISH,
        threshold=0.5,
        surrogate=lambda: Objective(faces, grey, Goal.VANISH, threshold=0.5),
    )
    frame = drive(Transfer(), objective, LINF_4, np.random.default_rng(0))
    assert np.array_equal(frame, photograph)
    assert frame is not photograph


def test_noise_is_no_ensemble(faces: CenterFace, photograph: np.ndarray) -> None:
    objective = Objective(faces, photograph, Goal.VANISH, threshold=0.5)
    drive(Auto((Noise(),)), objective, LINF_4, np.random.default_rng(0))
    assert objective.best is not None
    assert not objective.best.fell
