"""Tracking beside the pipeline: what ends tracks and what does not, trails, a frame looked at again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from observations import observed
from tracking_stories import Place, boxes

from monitor.drift.matching import match
from monitor.drift.tracks import UNFOLLOWED, ObjectTrack
from monitor.drift.trails import TrailBook
from monitor.pipeline import Observation
from monitor.tracking import Tracking
from streams.frame import Frame

A, B, FAR = (60.0, 60.0), (200.0, 60.0), (120.0, 180.0)
PIXELS = np.full((240, 320, 3), 100, np.uint8)


def seen(
    index: int,
    clean: list[Place],
    attacked: list[Place],
    *,
    source: str = "clip.avi",
    lap: int = 0,
    pixels: np.ndarray = PIXELS,
) -> Observation:
    frame = Frame(pixels, index, index / 25, 0.0, source, lap=lap)
    return observed(index, boxes(clean), boxes(attacked), frame=frame)


def clean_ids(observation: Observation) -> list[int | None]:
    return [track.track_id for _, track in observation.tracked()]


def test_an_observation_that_was_not_tracked_says_so_of_every_object() -> None:
    assert [track for _, track in seen(0, [A], [FAR]).tracked()] == [UNFOLLOWED, UNFOLLOWED]


def test_the_time_that_tracking_takes_is_booked_under_drift() -> None:
    before = replace(seen(0, [A], [A]), stages_ms={"clean": 5.0, "drift": 1.0})
    after = Tracking().follow(before, trails=2)
    assert after.stages_ms["clean"] == 5.0
    assert after.stages_ms["drift"] > 1.0
    assert before.stages_ms == {"clean": 5.0, "drift": 1.0}


def test_given_another_source_then_ids_begin_at_one_again() -> None:
    tracking = Tracking()
    for index in range(3):
        first = tracking.follow(seen(index, [A], [A]), trails=2)
    for index in range(3, 6):
        second = tracking.follow(seen(index, [B], [B], source="other.avi"), trails=2)
    assert clean_ids(first) == clean_ids(second) == [1]
    assert [trail.points[0].x for trail in second.clean_trails] == [B[0]]


def test_given_the_same_recording_once_more_then_no_id_is_given_twice() -> None:
    tracking = Tracking()
    for index in range(3):
        tracking.follow(seen(index, [A], [A]), trails=2)
    for index in range(3, 6):
        looped = tracking.follow(seen(index, [A], [A], lap=1), trails=2)
    for index in range(3):
        opened_again = tracking.follow(seen(index, [A], [A]), trails=2)
    assert clean_ids(looped) == [2]
    assert clean_ids(opened_again) == [3]
    assert [trail.track_id for trail in opened_again.clean_trails] == [3]


def test_given_another_working_width_then_tracks_end() -> None:
    tracking = Tracking()
    for index in range(3):
        tracking.follow(seen(index, [A], [A]), trails=2)
    small = tracking.follow(seen(3, [A], [A], pixels=PIXELS[:120, :160]), trails=2)
    assert clean_ids(small) == [None]


# Trails.


def test_a_trail_goes_back_as_far_as_it_is_asked_for_and_breaks_where_nothing_was_found() -> None:
    tracking = Tracking()
    for index in range(50):
        place = (60.0 + 2 * index, 60.0)
        lost = 40 <= index < 43
        newest = tracking.follow(seen(index, [place], [] if lost else [place]), trails=1)
    (clean,), (attacked,) = newest.clean_trails, newest.attacked_trails
    assert [point.x for point in clean.points] == [60.0 + 2 * i for i in range(25, 50)]
    assert [len(piece) for piece in attacked.pieces()] == [15, 7]
    assert clean.moved
    assert tracking.follow(seen(50, [A], [A]), trails=0).clean_trails == ()


def test_a_trail_of_something_that_stands_has_not_moved() -> None:
    tracking = Tracking()
    for index in range(9):
        newest = tracking.follow(seen(index, [(60.0 + index % 2, 60.0)], []), trails=2)
    assert [trail.moved for trail in newest.clean_trails] == [False]


def test_a_trail_of_a_track_that_is_gone_runs_out() -> None:
    book = TrailBook()
    assert len(book.update([(1, False, (0, 0, 4, 4))], 0.0, span=1)) == 1
    assert len(book.update([], 0.9, span=1)) == 1
    assert book.update([], 1.0, span=1) == ()


# The frame that stands, looked at again.


def test_another_look_at_a_frame_keeps_its_ids_and_changes_nothing_after_it() -> None:
    def after(looks: int) -> Observation:
        tracking = Tracking()
        for index in range(4):
            tracking.follow(seen(index, [A, B], [A, FAR]), trails=2)
        for _ in range(looks):
            again = tracking.again(seen(3, [A, B], [B]))
            assert [track for _, track in again.tracked()] == [
                ObjectTrack(1, None),
                ObjectTrack(2, 2, trail_distance_px=0.0),
            ]
            assert again.clean_trails
        return tracking.follow(seen(4, [A, B], [A, FAR]), trails=2)

    assert after(0).tracks == after(2).tracks


def test_another_look_shows_no_id_that_a_box_does_not_have() -> None:
    tracking = Tracking()
    assert tracking.again(seen(0, [A], [A])).tracks == ()
    for index in range(4):
        tracking.follow(seen(index, [A], [A, FAR]), trails=2)
    again = tracking.again(seen(3, [A, B], [FAR]))
    found = {(thing.clean_index, thing.attacked_index): track for thing, track in again.tracked()}
    assert found == {
        (0, None): ObjectTrack(1, None),
        (1, None): UNFOLLOWED,
        (None, 0): ObjectTrack(None, 2, made_up=True),
    }


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=8))
def test_looked_at_again_unchanged_a_frame_has_the_tracks_that_it_had(
    steps: list[tuple[bool, bool]],
) -> None:
    tracking = Tracking()
    frames = [look for look in steps for _ in range(2)]
    for index, (kept, made_up) in enumerate(frames):
        attacked = [A] * kept + [FAR] * made_up
        fresh = seen(index, [A, B], attacked)
        newest = tracking.follow(fresh, trails=2)
        without_switches = tuple(replace(track, switch=False) for track in newest.tracks)
        assert tracking.again(fresh).tracks == without_switches


def test_boxes_of_two_sizes_of_frame_are_not_compared() -> None:
    tracking = Tracking()
    for index in range(3):
        tracking.follow(seen(index, [A], [A]), trails=2)
    assert tracking.again(seen(2, [A], [A], pixels=PIXELS[:120, :160])).tracks == ()


def test_detections_without_scores_or_classes_are_followed_too() -> None:
    bare = sv.Detections(xyxy=boxes([A]).xyxy)
    tracking = Tracking()
    for index in range(3):
        drift = match(bare, bare, index=index)
        followed = tracking.follow(
            replace(seen(index, [A], [A]), clean=bare, drift=drift), trails=0
        )
    assert clean_ids(followed) == [1]
