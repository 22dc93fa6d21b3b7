from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.producers.media_time import MediaTime


@given(st.lists(st.floats(0.1, 5000.0), max_size=40), st.floats(-1e6, 1e6))
def test_given_increasing_positions_when_timed_then_they_are_taken_as_they_are(steps, first):
    positions = [first + sum(steps[:i]) for i in range(len(steps) + 1)]
    clock = MediaTime(25.0)
    assert [clock.next(p) for p in positions] == pytest.approx(
        [(p - first) / 1000 for p in positions], abs=1e-6
    )


@given(
    st.lists(
        st.floats(-1e7, 1e7) | st.sampled_from([float("nan"), float("inf"), 0.0]), max_size=40
    ),
    st.floats(0.5, 500),
)
def test_given_any_nonsense_when_timed_then_times_increase_from_zero(positions, rate):
    clock = MediaTime(rate)
    times = [clock.next(p) for p in positions]
    assert times[:1] in ([], [0.0])
    assert all(a < b for a, b in pairwise(times))


def test_given_no_positions_when_timed_then_the_rate_counts():
    clock = MediaTime(20.0)
    assert [clock.next(0.0) for _ in range(4)] == pytest.approx([0.0, 0.05, 0.1, 0.15])


def test_given_a_last_position_of_zero_when_timed_then_it_follows_by_the_last_step():
    # H.264 in AVI states twice its rate, and 0 for its last picture.
    clock = MediaTime(50.0)
    assert [clock.next(p) for p in (80.0, 120.0, 160.0, 0.0)] == pytest.approx(
        [0, 0.04, 0.08, 0.12]
    )


def test_given_a_joined_stream_when_timed_then_it_goes_on_with_its_own_steps():
    clock = MediaTime(10.0)
    positions = (0.0, 100.0, 200.0, 0.0, 50.0, 250.0)
    assert [clock.next(p) for p in positions] == pytest.approx([0, 0.1, 0.2, 0.3, 0.35, 0.55])


def test_given_neither_positions_nor_a_rate_when_timed_then_it_says_that_it_does_not_know():
    clock = MediaTime(None)
    assert [clock.next(0.0) for _ in range(3)] == [0.0, None, None]
