"""Settings and a model -> what is aimed at, or one line why not."""

from __future__ import annotations

import numpy as np
import pytest
from linear import LinearDetector, OnlyDetects

from models.centerface import CenterFace
from models.classifier import WholeFrame
from models.detector import Detector
from monitor.aiming import build_aim, listed, possible_goals, target_id
from monitor.attack_settings import AttackSettings
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.goals import Aim, Goal

SIGNS = ("stop", "give way", "no entry", "speed limit", "traffic light")


@pytest.fixture
def signs() -> LinearDetector:
    return LinearDetector(np.zeros((2, 5, 12, 12, 3), np.float32), np.zeros((2, 5)), SIGNS)


def attack(**words: object) -> AttackSettings:
    return Settings().changed(words).attack


@pytest.mark.parametrize(
    ("words", "aim"),
    [
        ({"goal": "mislabel", "target": "speed limit"}, Aim(Goal.MISLABEL, 3)),
        ({"goal": "mislabel", "target": " Give_Way "}, Aim(Goal.MISLABEL, 1)),
        ({"goal": "mislabel", "target": "TRAFFIC-LIGHT"}, Aim(Goal.MISLABEL, 4)),
        ({"goal": "fabricate", "target": "stop"}, Aim(Goal.FABRICATE, 0)),
        ({"goal": "fabricate"}, Aim(Goal.FABRICATE)),
        ({"goal": "vanish", "target": "no such thing"}, Aim(Goal.VANISH)),  # not heeded
        ({"goal": "any", "target": "stop"}, Aim(Goal.ANY)),
    ],
)
def test_the_aim_of_the_settings(signs: LinearDetector, words: dict[str, object], aim: Aim) -> None:
    assert build_aim(attack(**words), signs) == aim


@pytest.mark.parametrize("goal", ["mislabel", "fabricate"])
def test_an_unknown_target_names_the_nearest_and_all(signs: LinearDetector, goal: str) -> None:
    with pytest.raises(ConfigError) as refused:
        build_aim(attack(goal=goal, target="speedlimit"), signs)
    reason = str(refused.value)
    assert "the nearest is 'speed limit'" in reason
    assert all(name in reason for name in SIGNS)
    assert "\n" not in reason


def test_mislabel_needs_a_target(signs: LinearDetector) -> None:
    with pytest.raises(ConfigError, match=r"target = ''.*stop, give way"):
        build_aim(attack(goal="mislabel"), signs)


def test_a_model_of_one_class_has_nothing_to_mislabel(faces: CenterFace) -> None:
    with pytest.raises(
        ConfigError,
        match="model faces has one class; mislabel needs two: use vanish or fabricate",
    ):
        build_aim(attack(goal="mislabel", target="face"), faces)
    assert Goal.MISLABEL not in possible_goals(faces)


@pytest.mark.parametrize("goal", ["vanish", "fabricate"])
def test_a_classifier_can_only_change_its_label(imagenet: WholeFrame, goal: str) -> None:
    with pytest.raises(ConfigError, match=r"labels the whole frame.*use any or mislabel"):
        build_aim(attack(goal=goal), imagenet)
    assert possible_goals(imagenet) == (Goal.ANY, Goal.MISLABEL)
    aim = build_aim(attack(goal="mislabel", target="Tabby"), imagenet)
    assert imagenet.class_names[aim.target or 0] == "tabby"


def test_without_an_attack_nothing_is_refused(imagenet: WholeFrame, faces: CenterFace) -> None:
    for model in (imagenet, faces, OnlyDetects(faces)):
        assert build_aim(attack(attack="none", goal="mislabel"), model) == Aim(Goal.ANY)


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
def test_an_attack_that_needs_gradients_is_refused_on_a_black_box(
    faces: CenterFace, name: str
) -> None:
    model: Detector = OnlyDetects(faces)
    with pytest.raises(
        ConfigError, match=f"is black-box: attack {name} needs its gradients; use noise"
    ):
        build_aim(attack(attack=name), model)
    assert build_aim(attack(attack="noise"), model) == Aim(Goal.VANISH)


def test_a_long_list_is_cut(imagenet: WholeFrame) -> None:
    assert listed(("a", "b")) == "a, b"
    assert listed(imagenet.class_names).endswith("and 994 more")
    with pytest.raises(ConfigError, match="the nearest is 'tabby'"):
        target_id("taby", imagenet)
