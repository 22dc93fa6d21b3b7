"""The figures over tracks: loss, recovery, gaps, what is censored, against stories with known answers."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tracking_stories import RATE, Look, booked, told

from monitor.drift.ledger import TrackCounts, TrackFigures, TrackLedger
from monitor.drift.track_record import Span

A, B, FAR = (60.0, 60.0), (200.0, 60.0), (120.0, 180.0)
KEPT: Look = ([A], [A])
LOST: Look = ([A], [])


def of(looks: list[Look], **how: object) -> TrackLedger:
    return booked(told(looks, **how))  # type: ignore[arg-type]


def test_given_a_loss_and_a_recovery_then_times_count_from_the_tracks_first_frame() -> None:
    # A track begins with its second frame, so its first frame under attack is frame 1.
    ledger = of([KEPT] * 4 + [LOST] * 3 + [KEPT] * 2 + [LOST] + [KEPT])
    (record,) = ledger.records()
    assert record.time_to_loss == Span(3, pytest.approx(3 / RATE))
    assert record.time_to_recovery == Span(3, pytest.approx(3 / RATE))
    assert ledger.longest_gap(record) == Span(3, pytest.approx(3 / RATE))
    assert (record.first.index, record.last.index, record.frames, record.missed) == (1, 10, 10, 4)


def test_a_track_that_is_lost_at_once_takes_no_time() -> None:
    figures = of([LOST] * 5).figures()
    assert (figures.time_to_loss_frames, figures.time_to_loss_s) == (0, 0)
    assert figures.time_to_recovery_frames is figures.time_to_recovery_s is None
    assert (figures.longest_gap_frames, figures.longest_gap_s) == (4, pytest.approx(4 / RATE))


def test_what_never_happened_is_counted_and_left_out_of_the_median() -> None:
    # Three objects: one never lost, one lost at frame 3 and found, one lost at frame 5 for good.
    everything = [A, B, FAR]
    looks: list[Look] = [(everything, everything)] * 3
    looks += [(everything, [A, FAR])] * 2 + [(everything, [A, B])] * 4
    ledger = of(looks)
    figures = ledger.figures()
    assert ledger.counts() == TrackCounts(3, 3, 2, 1, 0)
    assert figures.time_to_loss_frames == 3.0  # of 2 and 4
    assert figures.time_to_loss_s == pytest.approx(3 / RATE)
    assert figures.time_to_recovery_frames == 2.0
    assert [record.time_to_loss is None for record in ledger.records()] == [True, False, False]


def test_without_an_attack_nobody_is_at_risk() -> None:
    ledger = booked(told([KEPT] * 5), under_attack=False)
    assert ledger.counts() == TrackCounts(1, 0, 0, 0, 0)
    assert ledger.figures().time_to_loss_frames is None


def test_the_clock_of_a_loss_starts_with_the_attack() -> None:
    ledger = TrackLedger()
    for index, frame in enumerate(told([KEPT] * 8 + [LOST] * 2)):
        tracked = zip(frame.drift.objects, frame.tracks, strict=True)
        ledger.update(frame.drift, tracked, under_attack=index >= 5)
    assert ledger.figures().time_to_loss_frames == 3


def test_a_track_of_the_attack_alone_is_counted_apart() -> None:
    ledger = of([([A], [A, FAR])] * 4)
    assert ledger.counts() == TrackCounts(1, 1, 0, 0, 1)
    made_up = ledger.records()[1]
    assert (made_up.made_up, made_up.frames, made_up.class_id) == (True, 3, 0)
    assert ledger.figures().trail_distance_px == pytest.approx(0)


def test_no_object_is_not_the_same_as_no_gap() -> None:
    nothing = of([([], [])] * 3).figures()
    assert nothing == TrackFigures(*[None] * 8)
    whole = of([KEPT] * 4).figures()
    assert (whole.longest_gap_frames, whole.longest_gap_s, whole.track_switches) == (0, 0.0, 0)


def test_without_a_clock_there_are_frames_but_no_seconds() -> None:
    figures = of([KEPT] * 2 + [LOST] * 2 + [KEPT], rate=None).figures()
    assert (figures.time_to_loss_frames, figures.longest_gap_frames) == (1, 2)
    assert figures.time_to_loss_s is figures.longest_gap_s is figures.time_to_recovery_s is None


def test_a_gap_goes_on_over_frames_in_which_the_clean_answer_misses_the_object_too() -> None:
    gone: Look = ([], [])
    ledger = of([KEPT] * 3 + [LOST] * 2 + [gone] * 3 + [LOST] * 2 + [KEPT])
    (record,) = ledger.records()
    assert ledger.longest_gap(record) == Span(4, pytest.approx(7 / RATE))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.booleans(), min_size=1, max_size=25))
def test_gaps_of_one_object_that_stands_still(missed: list[bool]) -> None:
    looks: list[Look] = [KEPT, *(LOST if lost else KEPT for lost in missed)]
    ledger = of(looks)
    (record,) = ledger.records()
    runs = [len(list(group)) for lost, group in groupby(missed) if lost]
    gap = ledger.longest_gap(record)
    assert gap == Span(max(runs, default=0), pytest.approx(max(runs, default=0) / RATE))
    assert record.missed == sum(missed)
    lost_at = missed.index(True) if any(missed) else None
    assert (record.time_to_loss.frames if record.time_to_loss else None) == lost_at
    found = (
        None
        if lost_at is None
        else next((i for i in range(lost_at, len(missed)) if not missed[i]), None)
    )
    assert (record.time_to_recovery is None) == (found is None)
    if found is not None and lost_at is not None and record.time_to_recovery:
        assert record.time_to_recovery.frames == found - lost_at


def test_a_bounded_ledger_drops_the_oldest_that_is_out_of_sight() -> None:
    ledger = TrackLedger(most=2)
    places = [(40.0 + 60 * i, 40.0) for i in range(5)]
    for frame in told([([place], [place]) for place in places for _ in range(3)]):
        ledger.update(
            frame.drift, zip(frame.drift.objects, frame.tracks, strict=True), under_attack=True
        )
    assert [record.track_id for record in ledger.records()] == [4, 5]
    crowd = TrackLedger(most=2)
    for frame in told([(places, places)] * 3):
        crowd.update(
            frame.drift, zip(frame.drift.objects, frame.tracks, strict=True), under_attack=True
        )
    assert len(crowd.records()) == 5, "what is in sight stays"
