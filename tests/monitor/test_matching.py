"""Matching: every object ends in exactly one outcome, and the counts add up."""

from __future__ import annotations

import math

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.drift.matching import Outcome, match

thing = st.tuples(
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2),
    st.floats(0, 1, width=32),
)


def detections(rows: list[tuple[int, int, int, int, int, float]]) -> sv.Detections:
    return sv.Detections(
        xyxy=np.array([(x, y, x + w, y + h) for x, y, w, h, *_ in rows], dtype=np.float32).reshape(
            -1, 4
        ),
        class_id=np.array([row[4] for row in rows], dtype=int),
        confidence=np.array([row[5] for row in rows], dtype=np.float32),
    )


answers = st.lists(thing, max_size=5).map(detections)


@settings(deadline=None)
@given(answers, answers)
def test_counts_add_up_on_both_sides(clean: sv.Detections, attacked: sv.Detections) -> None:
    drift = match(clean, attacked)
    kept, relabelled, missed, fabricated = (drift.count(outcome) for outcome in Outcome)
    assert kept + relabelled + missed == len(clean) == drift.clean_count
    assert kept + relabelled + fabricated == len(attacked)
    assert sorted(o.clean_index for o in drift.objects if o.clean_index is not None) == list(
        range(len(clean))
    )
    assert sorted(o.attacked_index for o in drift.objects if o.attacked_index is not None) == list(
        range(len(attacked))
    )
    assert drift.drifted == (relabelled + missed + fabricated > 0)


@settings(deadline=None)
@given(answers, answers)
def test_every_object_says_what_it_is(clean: sv.Detections, attacked: sv.Detections) -> None:
    for found in match(clean, attacked, iou=0.5).objects:
        if found.outcome is Outcome.MISSED:
            assert found.attacked_box is None
            assert found.score_drop == found.clean_score
        elif found.outcome is Outcome.FABRICATED:
            assert found.clean_box is None
            assert math.isnan(found.score_drop)
        else:
            same = found.clean_class == found.attacked_class
            assert (found.outcome is Outcome.KEPT) == same
            assert found.iou >= 0.5
            assert found.score_drop == found.clean_score - found.attacked_score


@settings(deadline=None)
@given(answers)
def test_an_answer_does_not_drift_from_itself(clean: sv.Detections) -> None:
    drift = match(clean, clean)
    # Two boxes in one place may be paired crosswise; they are found all the same.
    assert drift.count(Outcome.MISSED) == drift.count(Outcome.FABRICATED) == 0
    assert all(found.centre_shift_px == 0 for found in drift.objects)


def test_the_shift_of_the_centre_in_pixels() -> None:
    clean = detections([(0, 0, 10, 10, 0, 0.9)])
    attacked = detections([(1, 1, 10, 10, 0, 0.5)])
    (found,) = match(clean, attacked).objects
    assert found.centre_shift_px == pytest.approx(math.sqrt(2))
    assert found.score_drop == pytest.approx(0.4)
