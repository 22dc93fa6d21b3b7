"""Twin tracking: ids over both answers, switches, and that nothing but the boxes decides them."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from tracking_stories import SIZE, Look, Place, Told, boxes, told

from models.errors import ModelOutputError
from monitor.drift.matching import match
from monitor.drift.tracks import UNFOLLOWED, ObjectTrack, TwinTracker

A, B, FAR = (60.0, 60.0), (200.0, 60.0), (120.0, 180.0)


def ids(frames: list[Told]) -> list[tuple[list[int | None], list[int | None]]]:
    return [(frame.clean, frame.attacked) for frame in frames]


# Ids.


def test_given_one_object_when_nothing_happens_then_it_has_one_id_in_both_answers() -> None:
    frames = told([([A], [A])] * 5)
    assert ids(frames) == [([None], [None])] + [([1], [1])] * 4
    assert all(track.trail_distance_px == 0.0 for frame in frames[1:] for track in frame.tracks)


def test_what_is_seen_once_has_no_id() -> None:
    frames = told([([A], []), ([], []), ([A], []), ([A], [])])
    assert [frame.clean for frame in frames] == [[None], [], [None], [1]]


def test_given_an_object_that_only_the_attack_shows_then_its_id_is_its_own_and_made_up() -> None:
    frames = told([([A], [A, FAR])] * 4)
    assert ids(frames)[-1] == ([1], [1, 2])
    assert [track.made_up for track in frames[-1].tracks] == [False, True]


def test_an_attacked_track_that_wanders_off_keeps_the_id_until_another_follows() -> None:
    looks: list[Look] = [([A], [A])] * 3
    looks += [([A], [(A[0] + 7 * step, A[1])]) for step in range(1, 6)]  # slowly out of the match
    wandered = told(looks)
    assert ids(wandered)[-1] == ([1], [1])
    assert wandered[-1].tracks[0].attacked_track_id is None, "it is a missed object ..."
    assert wandered[-1].tracks[1] == ObjectTrack(None, 1), "... and a box elsewhere with its id"
    assert wandered[-1].tracks[0].trail_distance_px == 35.0
    looks += [([A], [(95.0, 60.0), A])] * 3
    frames = told(looks)
    assert sum(frame.switches for frame in frames) == 1
    assert ids(frames)[-1] == ([1], [2, 1]), "the new follower carries the id, the old one its own"
    assert [track.made_up for track in frames[-1].tracks] == [False, True]


def test_an_id_is_never_given_twice() -> None:
    away: list[Look] = [([], [])] * 30  # longer than a track is kept
    frames = told([([A], [A])] * 3 + away + [([A], [A])] * 3)
    assert ids(frames)[2] == ([1], [1])
    assert ids(frames)[-1] == ([2], [2])
    assert frames[-1].switches == 0


# Switches, as CLEAR MOT counts them.


def switches(looks: list[Look]) -> list[int]:
    return [frame.switches for frame in told(looks)]


def test_given_a_loss_when_the_track_is_still_kept_then_finding_it_again_is_no_switch() -> None:
    gone: list[Look] = [([A], [])] * 10
    frames = told([([A], [A])] * 3 + gone + [([A], [A])] * 3)
    assert sum(frame.switches for frame in frames) == 0
    assert ids(frames)[-1] == ([1], [1])


def test_given_a_loss_longer_than_tracks_are_kept_then_finding_it_again_is_one_switch() -> None:
    gone: list[Look] = [([A], [])] * 30
    found = switches([([A], [A])] * 3 + gone + [([A], [A])] * 4)
    # The attacked track is new, so it has no id, and switches nothing, in its own first frame.
    assert found == [0] * 34 + [1, 0, 0]


def test_two_tracks_that_change_places_are_two_switches() -> None:
    # In the attacked answer the two boxes slide past each other while both clean objects stand still.
    steps = np.linspace(0, 1, 8)
    slide = [
        [
            (A[0] + (B[0] - A[0]) * s, 60.0),
            (B[0] - (B[0] - A[0]) * s, 60.0 + 30 * math.sin(math.pi * s)),
        ]
        for s in steps
    ]
    looks: list[Look] = [([A, B], [A, B])] * 3
    looks += [([A, B], places) for places in slide]
    looks += [([A, B], [B, A])] * 3
    found = told(looks)
    assert sum(frame.switches for frame in found) == 2
    assert ids(found)[2] == ([1, 2], [1, 2])
    assert ids(found)[-1] == ([1, 2], [2, 1]), "each box carries the id of what it follows now"


def test_given_a_follower_that_goes_over_to_a_new_object_then_that_is_one_switch() -> None:
    # The attacked box leaves its object, which stays in sight, for one that nothing has followed yet.
    path = [(A[0] + (B[0] - A[0]) * s, 60.0) for s in np.linspace(0, 1, 12)]
    looks: list[Look] = [([A, B], [A])] * 3 + [([A, B], [p]) for p in path] + [([A, B], [B])] * 2
    found = told(looks)
    assert sum(frame.switches for frame in found) == 1
    assert ids(found)[-1] == ([1, 2], [2])


def test_taking_over_from_a_track_that_is_over_is_no_switch() -> None:
    # The clean answer, not the attacked one, loses the object for longer than tracks are kept.
    looks: list[Look] = [([A], [A])] * 3 + [([], [A])] * 30 + [([A], [A])] * 3
    found = told(looks)
    assert sum(frame.switches for frame in found) == 0
    assert ids(found)[20] == ([], [1])
    assert found[-1].clean == found[-1].attacked == [3]
    assert [t.made_up for t in found[31].tracks] == [True], "nothing is left for it to follow"


# The distance of the two trails.


def test_the_only_object_is_compared_with_the_best_answer_wherever_that_is() -> None:
    def drift_and_tracks(ball: float, head: float) -> ObjectTrack:
        tracker = TwinTracker()
        clean = boxes([A])
        attacked = sv.Detections.merge([boxes([A], score=ball), boxes([FAR], score=head)])
        for index in range(3):
            drift = match(clean, attacked, index=index, media_time=index / 25)
            tracks = tracker.update(drift, clean, attacked, size=SIZE)
        return tracks[0]

    assert drift_and_tracks(0.9, 0.8).trail_distance_px == 0.0
    assert drift_and_tracks(0.8, 0.9).trail_distance_px == math.dist(A, FAR)
    assert drift_and_tracks(0.9, 0.9).trail_distance_px == 0.0


def test_one_of_several_objects_is_compared_with_its_own_follower_only() -> None:
    frames = told([([A, B], [FAR, A])] * 4)
    assert [track.trail_distance_px for track in frames[-1].tracks] == [0.0, None, None]


def test_another_class_is_no_answer_to_the_only_object() -> None:
    tracker = TwinTracker()
    clean, attacked = boxes([A]), boxes([FAR], label=1)
    for index in range(3):
        drift = match(clean, attacked, index=index)
        tracks = tracker.update(drift, clean, attacked, size=SIZE)
    assert tracks[0].trail_distance_px is None


# What begins anew, and what does not.


def test_where_the_recording_starts_again_tracks_end_and_numbers_go_on() -> None:
    frames = told([([A], [A])] * 6, laps=[0, 0, 0, 1, 1, 1])
    assert [frame.clean for frame in frames] == [[None], [1], [1], [None], [2], [2]]
    assert sum(frame.switches for frame in frames) == 0


def test_a_frame_that_comes_again_or_time_that_runs_backwards_begins_anew() -> None:
    tracker = TwinTracker()
    assert told([([A], [A])] * 3, tracker=tracker)[-1].clean == [1]
    assert [frame.clean for frame in told([([A], [A])] * 3, tracker=tracker)] == [[None], [2], [2]]


def test_another_size_of_frame_begins_anew() -> None:
    tracker = TwinTracker()
    told([([A], [A])] * 3, tracker=tracker)
    clean = boxes([A])
    drift = match(clean, clean, index=3, media_time=3 / 25)
    assert tracker.update(drift, clean, clean, size=(640, 480)) == (UNFOLLOWED,)


def test_two_trackers_share_nothing_and_a_repetition_gives_the_same() -> None:
    looks: list[Look] = [([A, B], [B, FAR]), ([A, B], [B, FAR]), ([B], [FAR]), ([A, B], [A, B])]
    one, two = TwinTracker(), TwinTracker()
    alone = told(looks * 4)
    apart = [[], []]  # type: ignore[var-annotated]
    for index, look in enumerate(looks * 4):
        apart[0] += told([look], tracker=one, start=index)
        apart[1] += told([look], tracker=two, start=index)
    for frames in apart:
        assert [frame.tracks for frame in frames] == [frame.tracks for frame in alone]


def test_frames_without_a_clock_are_followed_by_their_numbers() -> None:
    assert told([([A], [A])] * 4, rate=None)[-1].clean == [1]


@pytest.mark.timeout(30)
def test_a_box_that_is_not_finite_is_refused_and_changes_nothing() -> None:
    tracker = TwinTracker()
    told([([A], [A])] * 3, tracker=tracker)
    broken = boxes([A])
    broken.xyxy[0, 2] = np.inf
    with pytest.raises(ModelOutputError, match=r"^frame 3: [^\n]* not finite"):
        tracker.update(match(boxes([A]), boxes([]), index=3), broken, boxes([]), size=SIZE)
    assert told([([A], [A])], tracker=tracker, start=3)[0].clean == [1]


# Properties.

grid = st.integers(0, 5).flatmap(
    lambda n: st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 5)), min_size=n, max_size=n, unique=True
    )
)


@st.composite
def stories(draw: st.DrawFn) -> list[Look]:
    """Up to five objects a frame on a grid, some a little off it, so that no two are equally near."""

    def places(cells: list[tuple[int, int]]) -> list[Place]:
        shift = draw(st.floats(0, 4))
        return [
            (40 * x + 20 + shift + 0.13 * x * y, 40 * y + 20 + shift / 3 + 0.07 * x)
            for x, y in cells
        ]

    return [(places(draw(grid)), places(draw(grid))) for _ in range(draw(st.integers(1, 5)))]


@settings(deadline=None, max_examples=100)
@given(stories())
def test_ids_are_unique_in_a_frame_and_belong_to_one_answer_or_both(looks: list[Look]) -> None:
    # Every look three times, so that tracks come about.
    frames = told([look for look in looks for _ in range(3)])
    clean_ids: set[int] = set()
    made_up: set[int] = set()
    for frame in frames:
        for side in (frame.clean, frame.attacked):
            known = [track for track in side if track is not None]
            assert len(known) == len(set(known))
        clean_ids |= {track for track in frame.clean if track is not None}
        made_up |= {t.attacked_track_id for t in frame.tracks if t.made_up and t.attacked_track_id}
        for track in frame.tracks:
            assert track.trail_distance_px is None or math.isfinite(track.trail_distance_px)
            if track.track_id is not None and track.attacked_track_id is not None:
                assert track.track_id == track.attacked_track_id
            assert not track.switch or track.attacked_track_id is not None
    assert not clean_ids & made_up
    assert clean_ids | made_up == set(range(1, len(clean_ids) + len(made_up) + 1))


@settings(deadline=None, max_examples=100)
@given(stories(), st.integers(0, 2**32))
def test_the_order_of_the_boxes_makes_no_difference(looks: list[Look], seed: int) -> None:
    random = Random(seed)
    looks = [look for look in looks for _ in range(3)]
    shuffled = [
        (random.sample(clean, len(clean)), random.sample(attacked, len(attacked)))
        for clean, attacked in looks
    ]

    def by_box(frames: list[Told]) -> list[dict[object, ObjectTrack]]:
        return [
            {
                (thing.clean_box, thing.attacked_box): track
                for thing, track in zip(frame.drift.objects, frame.tracks, strict=True)
            }
            for frame in frames
        ]

    assert by_box(told(looks)) == by_box(told(shuffled))


@settings(deadline=None, max_examples=100)
@given(stories())
def test_two_answers_that_are_alike_never_switch_nor_part(looks: list[Look]) -> None:
    for frame in told([(clean, clean) for clean, _ in looks for _ in range(3)]):
        assert frame.clean == frame.attacked
        assert frame.switches == 0
        for track in frame.tracks:
            assert track.trail_distance_px == (None if track.track_id is None else 0.0)
            assert not track.made_up
