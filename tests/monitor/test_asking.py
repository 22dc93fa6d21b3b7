"""A model that only answers: answers, losses and views without a gradient."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv
from linear import LinearDetector, OnlyDetects

from models.centerface import CenterFace
from models.classifier import WholeFrame
from models.errors import ModelOutputError
from monitor.asking import BlackBoxAsking, WhiteBoxAsking, asking
from monitor.assembly import build_pipeline
from monitor.attacks.driver import drive
from monitor.attacks.fgsm import FGSM
from monitor.attacks.noise import Noise
from monitor.config import Settings
from monitor.distances import Budget, Norm
from monitor.errors import AttackContractError, ConfigError
from monitor.goals import Aim, Goal
from monitor.knowledge import Knowledge, LabelView, ScoreView, view_for
from monitor.objective import Objective
from streams.frame import Frame

LINF_4 = Budget(Norm.LINF, 4 / 255)
PIXELS = np.full((12, 12, 3), 128, np.uint8)


class Says:
    """A black box that answers what the test puts into it."""

    name = "says"
    class_names = ("a", "b")

    def __init__(self, *things: tuple[float, int, float]) -> None:
        self.things = things

    def detect(self, pixels: np.ndarray, threshold: float) -> sv.Detections:
        heard = [thing for thing in self.things if thing[2] >= threshold]
        return sv.Detections(
            xyxy=np.array([(x, 0, x + 10, 10) for x, _, _ in heard], np.float32).reshape(-1, 4),
            class_id=np.array([label for _, label, _ in heard], dtype=int),
            confidence=np.array([score for *_, score in heard], np.float32),
        )


def loss(model: Says, aim: Aim | Goal, *after: tuple[float, int, float]) -> float:
    """The loss once the model answers otherwise."""
    before = model.things
    objective = Objective(model, PIXELS, aim, threshold=0.5)
    model.things = after
    value = objective.answer(PIXELS.copy()).loss
    model.things = before
    return value


def test_the_model_says_how_it_can_be_asked(faces: CenterFace) -> None:
    assert isinstance(asking(faces, 0.5), WhiteBoxAsking)
    assert isinstance(asking(OnlyDetects(faces), 0.5), BlackBoxAsking)


def test_it_answers_as_the_model_itself_with_one_question_a_frame(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    model = OnlyDetects(faces)
    objective = Objective(model, photograph, Goal.VANISH, threshold=0.5)
    known = faces.detect(photograph, 0.5)
    np.testing.assert_allclose(objective.clean.xyxy, known.xyxy)
    assert len(objective.clean) == len(known) == 1
    _ = objective.answer(photograph.copy()).loss
    assert model.asked == objective.counts.forwards == 2
    assert objective.counts.backwards == 0


def test_vanish_is_worth_more_the_less_is_heard_of_the_object() -> None:
    model = Says((0, 0, 0.9))
    losses = [loss(model, Goal.VANISH, (1, 0, score)) for score in (0.95, 0.6, 0.2, 0.06)]
    losses.append(loss(model, Goal.VANISH))
    assert losses == sorted(losses)
    assert losses[0] < 0 < losses[-1]


def test_fabricate_is_worth_more_the_surer_a_free_box_is() -> None:
    model = Says((0, 0, 0.9))
    losses = [loss(model, Goal.FABRICATE, (0, 0, 0.99))]
    losses += [loss(model, Goal.FABRICATE, (50, 1, score)) for score in (0.1, 0.4, 0.8)]
    assert losses == sorted(losses)
    there = Aim(Goal.FABRICATE, 1, ((50.0, 0.0, 60.0, 10.0),))
    assert loss(model, there, (50, 1, 0.4)) > loss(model, there, (50, 0, 0.4))
    assert loss(model, there, (50, 1, 0.4)) > loss(model, there, (90, 1, 0.8))


def test_mislabel_is_worth_more_the_more_the_target_leads() -> None:
    model, aim = Says((0, 0, 0.9)), Aim(Goal.MISLABEL, 1)
    answers = [[(0, 0, 0.9)], [(0, 0, 0.9), (0, 1, 0.3)], [(0, 0, 0.6), (0, 1, 0.7)], [(0, 1, 0.9)]]
    losses = [loss(model, aim, *answer) for answer in answers]
    assert losses == sorted(losses)


def test_what_scores_under_the_threshold_is_heard_and_is_no_answer() -> None:
    objective = Objective(Says((0, 0, 0.9), (50, 0, 0.3)), PIXELS, Goal.ANY, threshold=0.5)
    assert len(objective.clean) == 1


@pytest.mark.parametrize("aim", [Aim(Goal.ANY), Aim(Goal.MISLABEL, 281)])
def test_a_black_box_classifier_has_a_loss_of_its_one_label(
    imagenet: WholeFrame, photograph: np.ndarray, aim: Aim
) -> None:
    class Only(OnlyDetects):
        shown = 5

    objective = Objective(Only(imagenet), photograph, aim, threshold=0.5)
    assert len(objective.clean) == 1  # it answers, however unsure
    same, other = objective.answer(photograph.copy()), objective.answer(photograph[::-1].copy())
    assert same.progress == 0
    assert np.isfinite(other.loss)


def test_views_of_a_black_box(faces: CenterFace, photograph: np.ndarray) -> None:
    objective = Objective(OnlyDetects(faces), photograph, Goal.VANISH, threshold=0.5)
    grey = np.full_like(photograph, 128)
    score, label = (
        view_for(Knowledge.SCORE, objective),
        view_for(Knowledge.LABEL, objective),
    )
    assert isinstance(score, ScoreView)
    assert isinstance(label, LabelView)
    held, fell = score.score(photograph.copy())
    gone, gone_fell = score.score(grey)
    assert (fell, gone_fell) == (False, True)
    assert gone > held
    assert label.fell(grey)


def test_gradients_of_a_black_box_are_refused(faces: CenterFace, photograph: np.ndarray) -> None:
    objective = Objective(OnlyDetects(faces), photograph, Goal.VANISH, threshold=0.5)
    with pytest.raises(AttackContractError, match="is black-box: it has no gradient"):
        drive(FGSM(), objective, LINF_4, np.random.default_rng(0))
    with pytest.raises(AttackContractError, match="is black-box: it has no gradient"):
        objective.gradient(photograph)
    frame = drive(Noise(), objective, LINF_4, np.random.default_rng(0))
    assert LINF_4.holds(photograph, frame)


@pytest.mark.parametrize("attack", ["none", "noise"])
def test_a_black_box_goes_through_the_pipeline(
    faces: CenterFace, photograph: np.ndarray, attack: str
) -> None:
    settings = Settings().changed({"attack": attack})
    pipeline = build_pipeline(settings, OnlyDetects(faces))
    seen = pipeline.observe(Frame(photograph, 0, 0.0, 0.0, "still"))
    assert seen.drift.clean_count == 1
    assert (seen.success is None) == (attack == "none")
    with pytest.raises(ConfigError, match="is black-box: attack fgsm"):
        build_pipeline(settings.changed({"attack": "fgsm"}), OnlyDetects(faces))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (sv.Detections(np.zeros((1, 4), np.float32)), "no confidence or no class_id"),
        (
            sv.Detections(
                np.zeros((1, 4), np.float32),
                confidence=np.array([np.nan], np.float32),
                class_id=np.array([0]),
            ),
            "NaN or infinity",
        ),
    ],
)
def test_half_an_answer_is_refused(answer: sv.Detections, reason: str) -> None:
    class Half(Says):
        def detect(self, pixels: np.ndarray, threshold: float) -> sv.Detections:
            return answer

    with pytest.raises(ModelOutputError, match=reason):
        Objective(Half(), PIXELS, Goal.ANY, threshold=0.5)


def test_a_white_box_costs_what_it_did(faces: CenterFace, photograph: np.ndarray) -> None:
    objective = Objective(faces, photograph, Goal.VANISH, threshold=0.5)
    objective.answer(drive(FGSM(), objective, LINF_4, np.random.default_rng(0)))
    assert (objective.counts.forwards, objective.counts.backwards) == (2, 1)


def test_the_loss_of_candidates_that_move_follows_them() -> None:
    weights = np.random.default_rng(0).standard_normal((2, 12, 12, 3)).astype(np.float32)
    detector = LinearDetector(weights, (0.0, 0.0))
    level = detector.logits(PIXELS)
    detector = LinearDetector(weights, (3 - level[0], -3 - level[1]))
    objective = Objective(detector, PIXELS, Goal.VANISH, threshold=0.5)
    forward = detector.forward
    detector.forward = lambda frames: _swapped(forward(frames))  # type: ignore[method-assign]
    still = objective.answer(PIXELS.copy()).loss
    assert still == pytest.approx(-3, abs=0.1)


def _swapped(candidates):  # type: ignore[no-untyped-def]
    from models.detector import Candidates

    boxes = candidates.boxes.flip(1)
    return Candidates(candidates.logits.flip(1), lambda: boxes, fixed=False)
