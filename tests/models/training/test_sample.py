"""What of a picture's objects is asked for through a window on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.training.sample import LEAST, VISIBLE, Sample, no_boxes

SIDE = 100


def sample(
    boxes: list[tuple[float, ...]], ignored: list[tuple[float, ...]] | None = None
) -> Sample:
    return Sample(
        np.zeros((SIDE, SIDE, 3), np.uint8),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.arange(len(boxes)),
        np.ones(max(len(boxes), 1), bool),
        np.array(ignored or [], np.float32).reshape(-1, 4),
    )


def test_boxes_are_scaled_first_and_moved_then() -> None:
    seen = sample([(100, 30, 140, 50)]).within(30, 20, (0.5, 2.0), SIDE)
    np.testing.assert_array_equal(seen.boxes, [[20, 40, 40, 80]])
    assert seen.boxes.dtype == np.float32


@pytest.mark.parametrize(
    ("share", "asked"), [(1.0, True), (0.45, True), (0.41, True), (0.39, False), (0.1, False)]
)
def test_an_object_is_asked_for_if_enough_of_it_is_seen(share: float, asked: bool) -> None:
    hidden = 40 * (1 - share)
    seen = sample([(-hidden, 20, 40 - hidden, 60)]).within(0, 0, (1.0, 1.0), SIDE)
    assert VISIBLE == 0.4
    expected = [[0, 20, 40 - hidden, 60]]
    np.testing.assert_allclose(seen.boxes, expected if asked else no_boxes(), atol=1e-4)
    np.testing.assert_allclose(seen.ignored, no_boxes() if asked else expected, atol=1e-4)
    assert seen.labels.tolist() == ([0] if asked else [])


@pytest.mark.parametrize(("side", "asked"), [(LEAST + 0.1, True), (LEAST - 0.1, False)])
def test_tiny_things_are_neither_asked_for_nor_forbidden(side: float, asked: bool) -> None:
    seen = sample([(50, 50, 50 + side, 90)]).within(0, 0, (1.0, 1.0), SIDE)
    assert (len(seen.boxes), len(seen.ignored)) == ((1, 0) if asked else (0, 1))


def test_what_lies_outside_is_forgotten() -> None:
    seen = sample([(200, 0, 240, 40), (-40, 0, 0, 40)]).within(0, 0, (1.0, 1.0), SIDE)
    assert not len(seen.boxes)
    assert not len(seen.ignored)


def test_ignored_regions_are_carried_and_cut() -> None:
    seen = sample([], [(50, 50, 90, 90)]).within(10, 20, (2.0, 2.0), SIDE)
    np.testing.assert_array_equal(seen.ignored, [[90, 80, 100, 100]])


def test_labels_stay_with_their_boxes() -> None:
    boxes = [(0, 0, 20, 20), (-90, 0, 10, 20), (40, 40, 80, 80)]
    seen = sample(boxes).within(0, 0, (1.0, 1.0), SIDE)
    assert seen.labels.tolist() == [0, 2]
    np.testing.assert_array_equal(seen.boxes, [boxes[0], boxes[2]])
    np.testing.assert_array_equal(seen.ignored, [[0, 0, 10, 20]])


coordinate = st.floats(-150, 250, width=32)


@given(
    st.lists(st.tuples(coordinate, coordinate, st.floats(1, 120), st.floats(1, 120)), max_size=6),
    st.tuples(coordinate, coordinate),
    st.tuples(st.floats(0.25, 3), st.floats(0.25, 3)),
)
def test_every_object_is_asked_for_ignored_or_out_of_sight(
    things: list[tuple[float, ...]], corner: tuple[float, float], scale: tuple[float, float]
) -> None:
    boxes = [(x, y, x + width, y + height) for x, y, width, height in things]
    seen = sample(boxes).within(*corner, scale, SIDE)
    for kept in (seen.boxes, seen.ignored):
        assert ((kept >= 0) & (kept <= SIDE)).all()
        assert (kept[:, 2:] > kept[:, :2]).all()
    sides = seen.boxes[:, 2:] - seen.boxes[:, :2]
    assert (sides >= LEAST).all()
    assert len(seen.labels) == len(seen.boxes)
    in_sight = 0
    for box in boxes:
        moved = np.array(box, np.float32) * np.array([*scale, *scale], np.float32)
        moved = (moved - np.array([*corner, *corner], np.float32)).clip(0, SIDE)
        in_sight += bool((moved[2] - moved[0]) * (moved[3] - moved[1]) > 0)
    assert len(seen.boxes) + len(seen.ignored) == in_sight
