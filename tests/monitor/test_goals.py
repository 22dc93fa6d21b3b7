"""When a frame has fallen, goal by goal."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv

from monitor.goals import Aim, Goal

A, B, TARGET = 0, 1, 2


def answer(*things: tuple[int, int]) -> sv.Detections:
    """Objects as (place, class); things at different places do not overlap."""
    return sv.Detections(
        xyxy=np.array([(20 * x, 0, 20 * x + 10, 10) for x, _ in things], np.float32).reshape(-1, 4),
        class_id=np.array([label for _, label in things], dtype=int),
        confidence=np.full(len(things), 0.9, np.float32),
    )


MISLABEL = Aim(Goal.MISLABEL, TARGET)


@pytest.mark.parametrize(
    ("clean", "attacked", "expected"),
    [
        (answer((0, A)), answer((0, TARGET)), (True, 1)),
        (answer((0, A)), answer((0, A)), (False, 0)),
        (
            answer((0, A)),
            answer((0, B)),
            (False, 0),
        ),  # another class, and not the one that was wanted
        (answer((0, A)), answer(), (False, 0)),  # gone is not mislabelled
        (answer((0, A)), answer((1, TARGET)), (False, 0)),  # somewhere else
        (answer((0, A), (1, B)), answer((0, TARGET), (1, B)), (False, 1)),
        (answer((0, A), (1, B)), answer((0, TARGET), (1, TARGET)), (True, 2)),
        # What was of the target class already asks for nothing.
        (answer((0, A), (1, TARGET)), answer((0, TARGET)), (True, 1)),
        (answer((0, TARGET)), answer((0, TARGET)), (False, 0)),
        (answer(), answer(), (False, 0)),
    ],
)
def test_mislabel(clean: sv.Detections, attacked: sv.Detections, expected: object) -> None:
    assert MISLABEL.progress(clean, attacked, 0.5) == expected


def test_a_duplicate_counts_against_it_only_if_the_pairing_picks_it() -> None:
    clean = sv.Detections(np.array([[0, 0, 100, 100]], np.float32), class_id=np.array([A]))
    boxes = np.array([[0, 0, 100, 95], [0, 0, 100, 60]], np.float32)
    near = sv.Detections(boxes, class_id=np.array([TARGET, A]))
    far = sv.Detections(boxes, class_id=np.array([A, TARGET]))
    assert MISLABEL.progress(clean, near, 0.5) == (True, 1)
    assert MISLABEL.progress(clean, far, 0.5) == (False, 0)


def test_mislabel_applies_where_there_is_an_object_of_another_class() -> None:
    assert MISLABEL.applies(answer((0, A), (1, TARGET)))
    assert not MISLABEL.applies(answer((1, TARGET)))
    assert not MISLABEL.applies(answer())


def test_mislabel_without_a_target_is_no_aim() -> None:
    with pytest.raises(ValueError, match="needs a target"):
        Aim(Goal.MISLABEL)


HERE = ((15.0, 0.0, 35.0, 10.0),)
"""Holds the centre of a thing at place 1 and of no other."""


@pytest.mark.parametrize(
    ("aim", "attacked", "expected"),
    [
        (Aim(Goal.FABRICATE), answer((0, A), (2, B)), (True, 1)),
        (Aim(Goal.FABRICATE), answer((0, B)), (False, 0)),
        (Aim(Goal.FABRICATE, TARGET), answer((0, A), (2, B)), (False, 0)),
        (Aim(Goal.FABRICATE, TARGET), answer((0, A), (2, TARGET)), (True, 1)),
        (Aim(Goal.FABRICATE, None, HERE), answer((0, A), (2, B)), (False, 0)),
        (Aim(Goal.FABRICATE, None, HERE), answer((0, A), (1, B), (2, B)), (True, 1)),
        (Aim(Goal.FABRICATE, TARGET, HERE), answer((1, B), (2, TARGET)), (False, 0)),
        (Aim(Goal.FABRICATE, TARGET, HERE), answer((1, TARGET)), (True, 1)),
    ],
)
def test_fabricate_heeds_class_and_place(
    aim: Aim, attacked: sv.Detections, expected: object
) -> None:
    assert aim.progress(answer((0, A)), attacked, 0.5) == expected


def test_fabricate_does_not_apply_without_the_place_or_where_it_is_taken() -> None:
    assert Aim(Goal.FABRICATE).applies(answer((1, A)))
    assert not Aim(Goal.FABRICATE, None, ()).applies(answer())
    assert Aim(Goal.FABRICATE, None, HERE).applies(answer((0, A)))
    assert not Aim(Goal.FABRICATE, None, HERE).applies(answer((1, A)))
    assert Aim(Goal.FABRICATE, TARGET, HERE).applies(answer((1, A)))
    assert not Aim(Goal.FABRICATE, TARGET, HERE).applies(answer((1, TARGET)))


@pytest.mark.parametrize("aim", [MISLABEL, Aim(Goal.FABRICATE, TARGET, HERE), Aim(Goal.ANY)])
def test_what_is_judged_is_plain_python(aim: Aim) -> None:
    fell, drifted = aim.progress(answer((0, A)), answer((1, TARGET)), 0.5)
    assert type(fell) is bool
    assert type(drifted) is int
