"""A place and a target class, from the settings down to the frame that falls."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv
from linear import BOXES, LinearDetector

from monitor.assembly import build_pipeline
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.goals import Goal
from monitor.pipeline import Observation
from streams.frame import Frame

PIXELS = np.full((64, 64, 3), 128, np.uint8)


def detector(*logits: tuple[float, float]) -> LinearDetector:
    """Two candidates of two classes whose logits on the grey frame are these, and which can be moved."""
    weights = np.random.default_rng(1).standard_normal((2, 2, 64, 64, 3)).astype(np.float32) / 40
    level = (weights * (128 / 255)).sum(axis=(2, 3, 4))
    return LinearDetector(weights, np.array(logits) - level, ("ball", "head"))


def observed(truth: sv.Detections | None, model: LinearDetector, **words: object) -> Observation:
    settings = Settings().changed({"width": 64, "attack": "fgsm", "eps": "8/255", **words})
    return build_pipeline(settings, model).observe(Frame(PIXELS, 0, 0.0, 0.0, "scene:x", truth))


def truth(name: str, box: tuple[float, float, float, float]) -> sv.Detections:
    return sv.Detections(np.array([box], np.float32), data={"class_name": np.array([name])})


def test_fabricate_makes_the_class_appear_at_the_place_and_nowhere_else() -> None:
    model = detector((-2, -1), (-2, -1))
    head = truth("linesman", BOXES[1])
    seen = observed(head, model, goal="fabricate", target="ball", at="Linesman")
    assert seen.success is True
    assert seen.attacked.xyxy.tolist() == [list(BOXES[1])]
    assert list(seen.attacked.data["class_name"]) == ["ball"]
    seen = observed(None, model, goal="fabricate", target="head", at="0.03,0.03")
    assert seen.attacked.xyxy.tolist()[0] == list(BOXES[0])
    assert seen.success is True


@pytest.mark.parametrize("shown", [truth("ball", BOXES[1]), sv.Detections.empty()])
def test_a_frame_without_the_place_is_left_alone(shown: sv.Detections) -> None:
    seen = observed(shown, detector((-2, -1), (-2, -1)), goal="fabricate", at="linesman")
    assert seen.success is None
    assert np.array_equal(seen.attacked_pixels, PIXELS)


def test_a_source_without_truth_is_told_so_in_one_line() -> None:
    with pytest.raises(ConfigError, match=r"scene:x has no ground truth.*0\.5,0\.4"):
        observed(None, detector((-2, -1), (-2, -1)), goal="fabricate", at="linesman")


def test_a_place_is_heeded_by_fabricate_alone() -> None:
    seen = observed(None, detector((2, -1), (-2, -1)), goal="vanish", at="linesman")
    assert seen.success is True


def test_mislabel_turns_the_object_and_leaves_what_is_of_the_class_already() -> None:
    seen = observed(None, detector((2, 1), (-3, 2)), goal="mislabel", target="head")
    assert list(seen.clean.data["class_name"]) == ["head", "ball"] or len(seen.clean) == 2
    assert seen.success is True
    assert set(seen.attacked.data["class_name"]) == {"head"}
    same = observed(None, detector((-3, 2), (-3, 2)), goal="mislabel", target="head")
    assert same.success is None


def test_every_goal_says_in_the_settings_what_it_heeds() -> None:
    words = {name for goal in Goal for name in goal.heeds}
    assert words == {"target", "at"}
    assert words <= set(type(Settings().attack).model_fields)
    with pytest.raises(ConfigError, match=r"attack\.at = '2,2': write shares"):
        Settings().changed({"at": "2,2"})
