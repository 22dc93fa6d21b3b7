"""The patches that come with camdrift: whole, told apart, and stronger than what covers as much."""

from __future__ import annotations

import pytest

from models.detector import WhiteBoxDetector
from models.zoo import ZOO, load_model
from monitor.goals import Aim
from monitor.patches.judging import judge
from monitor.patches.looks import Looks
from monitor.patches.patch import NOTE, controls, load, made_names, patch_for
from monitor.patches.pictures import Wanted, gather
from monitor.patches.placing import parse_placing
from monitor.patches.training import Task

UNSEEN = 7
"""Seed of the drives; training had 0."""


@pytest.mark.parametrize("name", made_names())
def test_each_says_what_it_is(name: str) -> None:
    facts = load(name).facts
    assert facts.model in ZOO
    assert facts.note == NOTE
    assert facts.share <= 0.05
    assert facts.trained_on
    assert facts.held_out["patch"] > max(facts.held_out["grey"], facts.held_out["random"])
    assert Looks(**facts.looks) is not None
    parse_placing(facts.place)


def test_every_detector_of_ours_has_one() -> None:
    assert {load(patch_for(model)).facts.model for model in ("faces", "signs", "ball")} == {
        "faces",
        "signs",
        "ball",
    }
    assert patch_for("somebody's.onnx") in made_names()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_stop_signs_vanish_on_roads_and_under_looks_that_training_never_saw() -> None:
    patch, detector = load("stop"), load_model("signs")
    assert isinstance(detector, WhiteBoxDetector)
    facts = patch.facts
    task = Task(detector, Aim(facts.goal), parse_placing(facts.place), facts.share, 0.5, patch.mask)
    pictures = gather("scene:road", 80, UNSEEN, detector, Wanted(640, 0.5, ("stop",), least=20))
    looks = Looks(**facts.looks)
    scores = {
        name: judge(task, one, pictures, looks.draw, UNSEEN, most=0.2)
        for name, one in (("patch", patch), *controls(patch))
    }
    assert scores["patch"].of >= 50
    assert scores["patch"].share >= 0.7
    assert scores["grey"].share < 0.05
    assert scores["random"].share < 0.05
