"""Gaps: how long one object stayed lost, in frames and by the recording's clock."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.drift.gaps import Gap, GapCounter
from monitor.drift.matching import match


def at(*places: float) -> sv.Detections:
    return sv.Detections(
        xyxy=np.array([(x, 0, x + 10, 10) for x in places], dtype=np.float32).reshape(-1, 4),
        class_id=np.zeros(len(places), dtype=int),
        confidence=np.full(len(places), 0.9, dtype=np.float32),
    )


def longest(frames: list[tuple[sv.Detections, sv.Detections]], times: list[float | None]) -> Gap:
    counter = GapCounter()
    for (clean, attacked), time in zip(frames, times, strict=True):
        counter.update(match(clean, attacked, media_time=time), clean)
    return counter.longest


def clock(count: int, rate: float = 25.0) -> list[float | None]:
    return [i / rate for i in range(count)]


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_one_object_that_stands_still(missed: list[bool]) -> None:
    runs = [len(list(group)) for lost, group in groupby(missed) if lost]
    gap = longest([(at(0), at() if lost else at(0)) for lost in missed], clock(len(missed)))
    assert gap.frames == max(runs, default=0)
    if len(missed) > 1:
        assert gap.seconds == pytest.approx(max(runs, default=0) / 25)


def test_an_object_is_followed_while_it_moves() -> None:
    frames = [(at(3 * i), at()) for i in range(6)]
    assert longest(frames, clock(6)).frames == 6


def test_a_jump_to_another_place_is_another_object() -> None:
    frames = [(at(0), at()), (at(0), at()), (at(50), at()), (at(50), at()), (at(50), at())]
    assert longest(frames, clock(5)).frames == 3


def test_two_objects_have_gaps_of_their_own() -> None:
    # They take turns: each is missed in every other frame, at no time twice in a row.
    frames = [(at(0, 50), at(50) if i % 2 else at(0)) for i in range(8)]
    assert longest(frames, clock(8)).frames == 1


def test_seconds_follow_the_clock_where_frames_are_uneven() -> None:
    frames = [(at(0), at(0)), (at(0), at()), (at(0), at()), (at(0), at(0))]
    assert longest(frames, [0.0, 1.0, 1.5, 4.0]) == Gap(2, 3.0)
    # A gap that lasts to the end: its last frame is taken to last as long as the one before.
    assert longest(frames[:3], [0.0, 1.0, 1.5]) == Gap(2, 1.0)


def test_without_a_clock_there_are_frames_but_no_seconds() -> None:
    frames = [(at(0), at())] * 3
    assert longest(frames, [None] * 3) == Gap(3, None)
    assert longest(frames, [0.0, None, 2.0]) == Gap(3, None)
    assert longest(frames[:1], [0.0]) == Gap(1, None)  # nobody knows how long one frame lasts


def test_no_object_is_not_the_same_as_no_gap() -> None:
    assert longest([(at(), at())] * 3, clock(3)) == Gap(None, None)
    assert longest([(at(0), at(0))] * 3, clock(3)) == Gap(0, 0.0)


def test_a_recording_that_begins_again_links_nothing_across_the_seam() -> None:
    frames = [(at(0), at())] * 6
    gap = longest(frames, [0.0, 1.0, 2.0, 0.0, 1.0, 2.0])
    assert gap == Gap(3, 3.0)


def test_an_object_that_is_gone_ends_its_gap() -> None:
    frames = [(at(0), at()), (at(), at()), (at(0), at())]
    assert longest(frames, clock(3)) == Gap(1, 1 / 25)
