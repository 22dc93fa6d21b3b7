"""The rows of the table `truth`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st

from monitor.evaluation.tables import TRUTH
from monitor.evaluation.truth.matched import ClassIds, plain, truth_rows
from streams.opening import open_source

NAMES = ("stop", "speed limit", "traffic light")


def truth_of(boxes, names, identities=None, ignore=None):
    data = {"class_name": np.array(names, dtype=np.str_)}
    if identities is not None:
        data["object_id"] = np.array(identities, dtype=np.int64)
    if ignore is not None:
        data["ignore"] = np.array(ignore, dtype=np.bool_)
    return sv.Detections(xyxy=np.array(boxes, np.float32).reshape(-1, 4), data=data)


def answer(boxes, labels, scores=None):
    return sv.Detections(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        class_id=np.array(labels, dtype=int),
        confidence=np.array(scores or [0.9] * len(labels), dtype=np.float32),
    )


def rows_of(truth, clean, attacked, **more):
    return truth_rows(truth, clean, attacked, class_names=NAMES, iou=0.5, frame=4, **more)


def test_given_both_answers_when_matched_then_every_column_of_the_table_is_there():
    truth = truth_of([[0, 0, 10, 10], [50, 50, 70, 70]], ["Stop", "mystery"], [7, -1])
    clean = answer([[51, 50, 71, 70], [0, 0, 10, 10]], [2, 0], [0.5, 0.75])
    attacked = answer([[0, 0, 10, 9]], [1], [0.25])
    first, second = rows_of(truth, clean, attacked)
    expected = [one.name for one in TRUTH if one.name not in ("clip", "condition")]
    assert list(first) == expected
    assert first == {
        "frame": 4,
        "number": 0,
        "identity": 7,
        "class": "Stop",
        "class_id": 0,
        "x0_px": 0.0,
        "y0_px": 0.0,
        "x1_px": 10.0,
        "y1_px": 10.0,
        "clean_index": 1,
        "clean_class_id": 0,
        "clean_score": 0.75,
        "clean_iou": 1.0,
        "attacked_index": 0,
        "attacked_class_id": 1,
        "attacked_score": 0.25,
        "attacked_iou": pytest.approx(0.9),
    }
    # Its class is unknown to the model, and it is matched all the same.
    assert second["identity"] is None
    assert second["class_id"] is None
    assert second["clean_index"] == 0
    assert second["clean_iou"] == pytest.approx(19 / 21)
    assert second["attacked_index"] is second["attacked_iou"] is None
    keys = [{"clip": 0, "condition": 0, **row} for row in (first, second)]
    assert pa.Table.from_pylist(keys, schema=TRUTH).to_pylist() == keys


def test_under_the_overlap_nothing_is_matched():
    row = rows_of(
        truth_of([[0, 0, 10, 10]], ["stop"]), answer([[0, 0, 10, 4]], [0]), answer([], [])
    )[0]
    assert row["clean_index"] is row["clean_score"] is row["attacked_class_id"] is None
    assert row["identity"] is None


def test_an_ignored_object_takes_no_box_away():
    boxes = [[0, 0, 10, 10], [0, 0, 10, 9]]
    rows = rows_of(
        truth_of(boxes, ["stop", "stop"], [1, 2], [True, False]),
        answer([[0, 0, 10, 10]], [0]),
        answer([], []),
    )
    assert [(row["number"], row["identity"], row["clean_index"]) for row in rows] == [(0, 2, 0)]


def test_an_empty_truth_gives_no_rows():
    assert rows_of(truth_of([], []), answer([[0, 0, 1, 1]], [0]), answer([], [])) == []


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("stop", 0),
        ("STOP", 0),
        ("Speed_Limit", 1),
        ("traffic-light", 2),
        ("speedlimit", 1),
        ("Speed Limit 110", 1),
        ("speed", None),
        ("", None),
    ],
)
def test_names_of_classes(name, number):
    ids = ClassIds(NAMES, {"SpeedLimit": "speed_limit", "speed limit *": "speed limit"})
    assert ids.of(name) == number
    assert ids.of(name) == number


def test_an_alias_to_a_class_that_the_model_has_not_is_unknown():
    assert ClassIds(NAMES, {"yield": "give way"}).of("yield") is None


@given(st.text(max_size=20))
def test_a_plain_name_stays_as_it_is(name):
    assert plain(plain(name)) == plain(name)


def test_class_ids_do_the_same_as_names():
    truth = truth_of([[0, 0, 10, 10]], ["speedlimit"])
    aliases = {"speedlimit": "speed limit"}
    rows = rows_of(truth, answer([], []), answer([], []), aliases=aliases)
    ids = ClassIds(NAMES, aliases)
    again = truth_rows(truth, answer([], []), answer([], []), class_names=ids, iou=0.5, frame=4)
    assert rows == again
    assert rows[0]["class_id"] == 1


@pytest.mark.parametrize("spec", ["scene:road?frames=1", "scene:portrait?frames=1"])
def test_the_truth_of_scenes_is_taken_as_it_comes(spec):
    with open_source(spec) as source:
        truth = source.read(20).truth
    found = answer(truth.xyxy, truth.class_id)
    rows = truth_rows(truth, found, answer([], []), class_names=("face", "stop"), iou=0.5, frame=0)
    assert len(rows) == len(truth) > 0
    assert [row["clean_index"] for row in rows] == list(range(len(truth)))
