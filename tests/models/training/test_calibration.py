"""The threshold that serves best becomes 0.5."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import supervision as sv
import torch
from nano_nets import network
from toy_maker import ToyMaker

from models.nano import Nano, NanoNet, fold
from models.training.calibration import BETA, LEAST, best_threshold, calibrate
from models.training.sample import Sample, no_boxes

A, B = (10.0, 10.0, 50.0, 50.0), (60.0, 60.0, 90.0, 90.0)
Found = tuple[tuple[float, ...], float, int]


class Saying:
    """Stands for a detector: says of one picture after another what it was told to."""

    def __init__(self, *answers: list[Found]) -> None:
        self._answers = iter(answers)

    def detect(self, _: object, threshold: float) -> sv.Detections:
        found = [row for row in next(self._answers) if row[1] >= threshold]
        return sv.Detections(
            xyxy=np.array([box for box, _, _ in found], np.float32).reshape(-1, 4),
            confidence=np.array([score for _, score, _ in found], np.float32),
            class_id=np.array([label for _, _, label in found], int),
        )


def sample(
    objects: list[tuple[tuple[float, ...], int]],
    known: tuple[bool, bool] = (True, True),
    ignored: list[tuple[float, ...]] | None = None,
) -> Sample:
    return Sample(
        np.zeros((96, 96, 3), np.uint8),
        np.array([box for box, _ in objects], np.float32).reshape(-1, 4),
        np.array([label for _, label in objects], np.int64),
        np.array(known),
        np.array(ignored, np.float32) if ignored else no_boxes(),
    )


def best(pictures: list[tuple[Sample, list[Found]]]) -> float:
    samples, answers = zip(*pictures, strict=True)
    return best_threshold(Saying(*answers), samples)  # type: ignore[arg-type]


def test_it_lies_between_right_and_wrong() -> None:
    pictures = [
        (sample([(A, 0)]), [(A, 0.70, 0), (B, 0.40, 0)]),
        (sample([]), [(B, 0.455, 1)]),
        (sample([(B, 1)]), [(B, 0.60, 1)]),
    ]
    assert 0.455 < best(pictures) <= 0.60


def test_two_right_boxes_are_worth_one_false_one_and_not_six() -> None:
    weight = BETA**2

    def f_score(right: int, wrong: int) -> float:
        return (1 + weight) * right / (right + wrong + weight * 4)

    pictures = [(sample([(A, 0)]), [(A, score, 0)]) for score in (0.8, 0.7, 0.3, 0.3)]
    assert f_score(4, 1) > f_score(2, 0) > f_score(4, 6)
    assert best([*pictures, (sample([]), [(B, 0.355, 0)])]) <= 0.3
    many_false = [(sample([]), [(B, 0.355, 0)])] * 6
    assert 0.355 < best([*pictures, *many_false]) <= 0.7


def test_the_wrong_name_is_wrong_even_where_it_may_stand_unlabelled() -> None:
    named_wrongly = (sample([(A, 0)], known=(True, False)), [(A, 0.8, 1)])
    right = [(sample([(A, 0)]), [(A, 0.9, 0)])] * 3
    assert best([*right, named_wrongly]) > 0.8


@pytest.mark.parametrize(
    "picture",
    [
        (sample([], known=(True, False)), [(B, 0.8, 1)]),
        (sample([], ignored=[(50, 50, 70, 70)]), [(B, 0.8, 0)]),
    ],
    ids=["a class that is not labelled", "an ignored region"],
)
def test_what_may_be_there_is_not_held_against_it(picture: tuple[Sample, list[Found]]) -> None:
    right = [(sample([(A, 0)]), [(A, 0.3, 0)])] * 3
    assert best([*right, *[picture] * 5]) <= 0.3


def test_a_detector_that_finds_nothing_gets_the_lowest() -> None:
    assert best([(sample([(A, 0)]), [])]) == pytest.approx(LEAST)


def test_what_was_found_from_that_score_on_is_found_from_a_half_on() -> None:
    net = network(classes=2)
    before = copy.deepcopy(net)
    was = calibrate(net, ToyMaker(), seed=0, pictures=12)
    assert calibrate(copy.deepcopy(before), ToyMaker(), seed=0, pictures=12) == was
    ours, theirs = (
        Nano("toy", ToyMaker.class_names, fold(copy.deepcopy(one))) for one in (net, before)
    )
    some = 0
    for i in range(6):
        pixels = ToyMaker().make(np.random.default_rng(i)).pixels
        expected, given = theirs.detect(pixels, was), ours.detect(pixels, 0.5)
        np.testing.assert_allclose(given.xyxy, expected.xyxy, atol=1e-3)
        some += len(given)
    assert some


def test_only_the_biases_of_the_heat_maps_are_shifted() -> None:
    net = network(classes=2)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    was = calibrate(net, ToyMaker(), seed=0, pictures=4)
    for name, value in net.state_dict().items():
        if name != "answer.bias":
            assert torch.equal(value, before[name]), name
    shift = net.answer.bias.detach() - before["answer.bias"]
    expected = [-np.log(was / (1 - was))] * 2 + [0.0] * 4
    np.testing.assert_allclose(shift, expected, atol=1e-5)
    assert isinstance(net, NanoNet)
