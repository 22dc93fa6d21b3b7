from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.pacing import Pacer


def play(pacer, media_times, now, work):
    """Release times, when the consumer takes work[i] seconds after frame i."""
    released = []
    for media_time, busy in zip(media_times, work, strict=True):
        while (delay := pacer.delay(media_time, now)) > 0:
            now += delay
        released.append(now)
        now += busy
    return released


@given(
    st.lists(st.floats(0.001, 1.0), min_size=2, max_size=50),
    st.lists(st.floats(0.0, 0.2), min_size=50, max_size=50),
    st.floats(0.0, 1e6),
)
def test_given_a_consumer_that_keeps_up_when_paced_then_no_frame_is_early_and_none_drifts(
    steps, work, start
):
    times = [sum(steps[:i]) for i in range(len(steps))]
    # The consumer is busy for less than the step to the next frame.
    busy = [min(w, 0.9 * s) for w, s in zip(work, steps, strict=False)]
    released = play(Pacer(), times, start, busy)
    for time, when in zip(times, released, strict=True):
        assert when - start == pytest.approx(time, abs=2e-4)


# Mostly quick, so that there is something to catch up with after a stall.
@given(st.lists(st.sampled_from([0.0] * 9 + [0.01] * 9 + [0.3, 2.0]), min_size=40, max_size=50))
def test_given_any_consumer_when_paced_then_it_never_catches_up_by_more_than_a_quarter(work):
    times = [i / 25 for i in range(len(work))]
    released = play(Pacer(), times, 0.0, work)
    for i in range(len(times)):
        for j in range(i):
            assert released[i] - released[j] >= times[i] - times[j] - 0.2502


def test_given_a_thousand_frames_when_paced_then_rounding_does_not_add_up():
    times = [i / 29.97 for i in range(1000)]
    assert play(Pacer(), times, 5e5, [0.01] * 1000)[-1] - 5e5 == pytest.approx(times[-1], abs=2e-4)


def test_given_a_short_stall_when_it_is_over_then_it_is_made_up_for():
    released = play(Pacer(), [0.0, 0.1, 0.2, 0.3, 0.4], 0.0, [0.0, 0.2, 0.0, 0.0, 0.0])
    assert released == pytest.approx([0.0, 0.1, 0.3, 0.3, 0.4])


def test_given_a_restart_when_the_next_frame_comes_then_it_is_due_at_once_and_counted_from():
    pacer = Pacer()
    pacer.delay(0.0, 10.0)
    pacer.restart()
    assert pacer.delay(0.04, 99.0) == 0.0
    assert pacer.delay(0.08, 99.0) == pytest.approx(0.04)


def test_given_no_media_time_when_paced_then_the_frame_is_due():
    assert Pacer().delay(None, 3.0) == 0.0
