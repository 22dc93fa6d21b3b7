"""Anchors: an object that is found stays, one that blinks is waited for, one that has gone is let go of."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv

from monitor.patches.anchors import BLINK, Anchors
from monitor.patches.quads import Box

FRAME = 640, 480


def found(*boxes: Box) -> sv.Detections:
    return sv.Detections(xyxy=np.array(boxes, np.float32).reshape(-1, 4))


def box_at(x: float, y: float = 200.0, side: float = 60.0) -> Box:
    return x, y, x + side, y + side


def test_where_nothing_was_found_there_is_nothing() -> None:
    assert Anchors().update(found(), FRAME) == []


def test_an_object_is_there_at_once_and_stays_while_it_is_found() -> None:
    anchors = Anchors()
    for _ in range(5):
        assert anchors.update(found(box_at(100)), FRAME) == [pytest.approx(box_at(100))]


def test_an_object_that_moves_is_followed() -> None:
    anchors = Anchors()
    for at in range(60):
        (box,) = anchors.update(found(box_at(50 + 6 * at, 200 - at)), FRAME)
        assert box == pytest.approx(box_at(50 + 6 * at, 200 - at), abs=1e-3)


def test_one_that_blinks_goes_on_moving_and_then_goes() -> None:
    anchors = Anchors()
    for at in range(30):
        anchors.update(found(box_at(50 + 5 * at)), FRAME)
    for at in range(30, 30 + BLINK):
        (box,) = anchors.update(found(), FRAME)
        assert box == pytest.approx(box_at(50 + 5 * at), abs=0.2)
    assert anchors.update(found(), FRAME) == []
    assert anchors.update(found(), FRAME) == []


def test_one_that_comes_back_is_the_same_and_may_blink_again() -> None:
    anchors = Anchors()
    for at in range(80):
        seen = at % (BLINK + 1) == 0
        boxes = anchors.update(found(box_at(100)) if seen else found(), FRAME)
        assert boxes == [pytest.approx(box_at(100))]


def test_sizes_are_calmer_than_the_detectors() -> None:
    rng, anchors = np.random.default_rng(0), Anchors()
    given, shown = [], []
    for _ in range(200):
        left, top, right, bottom = rng.normal((300, 200, 380, 280), 3)
        given.append((right - left, bottom - top))
        (box,) = anchors.update(found((left, top, right, bottom)), FRAME)
        shown.append((box[2] - box[0], box[3] - box[1]))
    calmed = np.std(shown, axis=0) / np.std(given, axis=0)
    assert calmed.max() < 0.75
    np.testing.assert_allclose(np.mean(shown, axis=0), (80, 80), atol=1)


def test_an_object_that_grows_is_kept_up_with() -> None:
    anchors = Anchors()
    for at in range(60):
        side = 40 + 2.0 * at
        (box,) = anchors.update(found((300 - side, 200 - side, 300 + side, 200 + side)), FRAME)
        assert box[2] - box[0] == pytest.approx(2 * side, rel=0.1)
    assert box[2] - box[0] == pytest.approx(2 * side, rel=0.02)


@pytest.mark.parametrize(("across", "down"), [(12, 0), (-12, 0), (0, 12), (0, -12)])
def test_one_that_leaves_the_frame_is_let_go_of(across: int, down: int) -> None:
    anchors, x, y = Anchors(), 290.0, 210.0
    while True:
        x, y = x + across, y + down
        if not (-50 < x < 630 and -50 < y < 470):
            break
        assert len(anchors.update(found(box_at(x, y)), FRAME)) == 1
    # Its last pixels are in the frame; it moves on by itself, and is not waited for outside.
    left = [len(anchors.update(found(), FRAME)) for _ in range(3)]
    assert left[-1] == 0


def test_two_objects_keep_apart_and_in_order() -> None:
    anchors = Anchors()
    for at in range(40):
        one, two = box_at(50 + 3 * at, 100), box_at(500 - 3 * at, 180)
        # Whichever the detector names first.
        boxes = anchors.update(found(one, two) if at % 2 == 0 else found(two, one), FRAME)
        assert boxes == [pytest.approx(one, abs=1e-3), pytest.approx(two, abs=1e-3)]


def test_one_of_two_may_blink() -> None:
    anchors = Anchors()
    anchors.update(found(box_at(50), box_at(400)), FRAME)
    for _ in range(BLINK):
        boxes = anchors.update(found(box_at(400)), FRAME)
        assert boxes == [pytest.approx(box_at(50)), pytest.approx(box_at(400))]
    assert anchors.update(found(box_at(400)), FRAME) == [pytest.approx(box_at(400))]


def test_what_appears_far_from_it_is_another_object() -> None:
    anchors = Anchors()
    anchors.update(found(box_at(50)), FRAME)
    assert len(anchors.update(found(box_at(50), box_at(300)), FRAME)) == 2
    assert len(anchors.update(found(box_at(50, side=60)), FRAME)) == 2, "it blinks"


def test_forgotten_objects_are_gone() -> None:
    anchors = Anchors()
    anchors.update(found(box_at(50)), FRAME)
    anchors.forget()
    assert anchors.update(found(), FRAME) == []
