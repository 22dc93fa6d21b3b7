from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import SourceBusy, SourceLost, SourceTimeout
from streams.patience import Patience
from streams.reconnect import Backoff, Outage, Reconnect
from streams.source import VideoSource
from streams.states import SourceState

pytestmark = pytest.mark.timeout(20)

PLAIN = Reconnect(first=1.0, most=4.0, jitter=0.0)
GONE = SourceBusy("gone")


@pytest.fixture
def chain(scripted):
    """A factory that hands out one producer after the other, the last one again and again."""

    def make(*producers):
        left = list(producers)
        return lambda: left.pop(0) if len(left) > 1 else left[0]

    return make


def camera(scripted, frames, **kwargs):
    return scripted(None, live=True, fps=None, hand_fed=True, error_at={frames: GONE}, **kwargs)


def test_given_no_jitter_then_waits_double_up_to_the_longest():
    backoff = Backoff(PLAIN, np.random.default_rng(0))
    assert [backoff.next() for _ in range(5)] == [1.0, 2.0, 4.0, 4.0, 4.0]


@given(st.integers(0, 2000), st.floats(0, 1), st.integers(0, 2**32))
def test_a_wait_is_never_over_its_longest_nor_under_what_jitter_leaves(tries, jitter, seed):
    policy = Reconnect(first=0.5, most=30.0, jitter=jitter)
    backoff = Backoff(policy, np.random.default_rng(seed))
    backoff.attempt = tries
    wait = backoff.next()
    assert policy.longest(tries) * (1 - jitter) <= wait <= policy.longest(tries) <= 30.0


def test_given_a_number_of_attempts_then_there_are_so_many_and_no_more():
    backoff = Backoff(Reconnect(attempts=2), np.random.default_rng(0))
    assert [backoff.next() is None for _ in range(4)] == [False, False, True, True]


def test_given_pictures_for_a_while_then_a_loss_is_a_new_one_and_after_a_moment_it_is_not():
    backoff = Backoff(PLAIN, np.random.default_rng(0))
    backoff.next()
    backoff.ran(4.9)
    assert backoff.next() == 2.0
    backoff.ran(5.0)
    assert backoff.next() == 1.0


@pytest.mark.parametrize(
    "wrong",
    [{"attempts": -1}, {"first": 0}, {"first": 9, "most": 1}, {"factor": 0.5}, {"jitter": 2}],
)
def test_given_a_policy_out_of_range_then_it_is_refused(wrong):
    with pytest.raises(ValueError, match=r"attempts|backoff|jitter"):
        Reconnect(**wrong)


def test_an_outage_is_told_in_one_line():
    outage = Outage("camera 0 is gone", since=10.0, attempt=3, retry_at=16.0)
    assert outage.words(12.0) == "camera 0 is gone; lost for 2 s, attempt 3 in 4 s"
    assert outage.words(16.5).endswith("attempt 3 now")


def test_given_a_camera_that_is_lost_and_comes_back_then_frames_go_on_counting(
    scripted, clock, chain, until
):
    first, second = camera(scripted, 2), camera(scripted, 99)
    factory = chain(first, second)
    with VideoSource(
        factory, clock=clock, close_timeout=0.05, patience=Patience(reconnect=PLAIN)
    ) as source:
        for number in range(2):
            first.food.release(1)
            assert source.read(5).index == number
        first.food.release(1)
        until(lambda: source.state is SourceState.RECONNECTING)
        assert source.health.outage.reason == "gone"
        assert first.closed.wait(5)  # a camera cannot be opened twice
        clock.advance(0.5)
        assert second.reads == 0
        clock.advance(0.5)
        second.food.release(1)
        frame = source.read(5)
        assert (frame.index, frame.lap, frame.captured_at) == (2, 1, 1001.0)
        assert source.state is SourceState.RUNNING
        assert (source.health.outage, source.health.reconnects) == (None, 1)


def test_given_a_camera_that_stays_away_then_attempts_wait_longer_and_longer_and_end(
    scripted, clock, chain, until
):
    lost = camera(scripted, 1)
    away = [scripted(open_error=SourceBusy("away"), live=True) for _ in range(3)]
    policy = Reconnect(attempts=3, first=1.0, most=2.0, jitter=0.0)
    source = VideoSource(
        chain(lost, *away), clock=clock, close_timeout=0.05, patience=Patience(reconnect=policy)
    )
    with source:
        lost.food.release(2)
        until(lambda: source.health.outage is not None)
        for wait, each in zip((1.0, 2.0, 2.0), away, strict=True):
            assert not each.closed.is_set()
            clock.advance(wait)
            assert each.closed.wait(5)
        with pytest.raises(SourceLost, match="away; given up after 3 attempts"):
            source.read(5)
        assert source.state is SourceState.FAILED


def test_given_a_live_stream_that_ends_then_it_is_opened_again_and_a_recording_is_not(
    scripted, clock, chain, until, drain
):
    live = scripted(1, live=True)
    patience = Patience(reconnect=PLAIN)
    with VideoSource(
        chain(live, camera(scripted, 9)), clock=clock, close_timeout=0.05, patience=patience
    ) as source:
        until(lambda: source.health.outage is not None)
        assert "ended the connection" in source.health.outage.reason
    with VideoSource(
        lambda: scripted(2), clock=clock, close_timeout=0.05, patience=patience
    ) as source:
        assert len(drain(source)) == 2


def test_given_a_first_opening_that_fails_then_it_is_told_at_once(scripted, clock):
    away = scripted(open_error=SourceBusy("away"), live=True)
    with pytest.raises(SourceBusy, match="away"):
        VideoSource(
            lambda: away, clock=clock, close_timeout=0.05, patience=Patience(reconnect=PLAIN)
        ).start()


def test_given_a_pause_in_which_the_camera_is_lost_then_the_resume_finds_it_lost(
    scripted, clock, until
):
    lost = camera(scripted, 0)
    with VideoSource(
        lambda: lost, clock=clock, close_timeout=0.05, patience=Patience(reconnect=PLAIN)
    ) as source:
        source.pause()
        lost.food.release(1)
        until(lambda: source.health.outage is not None)
        assert source.state is SourceState.PAUSED
        source.resume()
        assert source.state is SourceState.RECONNECTING
        clock.jumping = True
        with pytest.raises(SourceTimeout, match=r"gone; lost for \d+ s, attempt \d+"):
            source.read(0.2)


def test_given_an_outage_when_closed_then_the_thread_ends(scripted, clock, until):
    lost = camera(scripted, 0)
    source = VideoSource(
        lambda: lost, clock=clock, close_timeout=0.05, patience=Patience(reconnect=PLAIN)
    )
    source.start()
    thread = source._thread
    lost.food.release(1)
    until(lambda: source.state is SourceState.RECONNECTING)
    source.close()
    thread.join(5)
    assert not thread.is_alive()


def test_given_a_reader_that_hangs_then_another_one_begins_and_the_first_ends_when_it_wakes(
    scripted, clock, chain, until, caplog
):
    hung = scripted(None, live=True, fps=None, hang_at=1)
    good = camera(scripted, 99)
    patience = Patience(reconnect=PLAIN, stall=20.0)
    with VideoSource(
        chain(hung, good), clock=clock, close_timeout=0.05, patience=patience
    ) as source:
        assert source.read(5).index == 0
        assert hung.hanging.wait(5)
        clock.now += 21.0
        with pytest.raises(SourceTimeout):
            source.read(0)
        assert (source.state, source.health.abandoned) == (SourceState.RECONNECTING, 1)
        assert "hung for 21 s" in caplog.text
        clock.advance(1.0)
        good.food.release(1)
        assert source.read(5).index == 1
        hung.unhang.set()
        assert hung.closed.wait(5)
        good.food.release(1)
        # What it held in its hands when it woke is nobody's frame.
        assert source.read(5).index == 2


def test_given_a_file_whose_read_never_returns_then_the_stream_fails_and_says_so(scripted, clock):
    hung = scripted(5, hang_at=1)
    with VideoSource(lambda: hung, clock=clock, close_timeout=0.05) as source:
        assert source.read(5).index == 0
        assert hung.hanging.wait(5)
        clock.now += 21.0
        with pytest.raises(SourceTimeout, match="does not return"):
            source.read(1)
        assert source.state is SourceState.FAILED


def test_given_a_frame_that_grew_old_before_it_was_read_then_it_is_dropped_and_counted(
    scripted, clock, until
):
    live = camera(scripted, 99)
    with VideoSource(
        lambda: live, clock=clock, close_timeout=0.05, patience=Patience(max_age=2.0)
    ) as source:
        live.food.release(1)
        until(lambda: live.reads == 1 and source._handover.buffer.head is not None)
        clock.now += 2.1
        with pytest.raises(SourceTimeout):
            source.read(0)
        assert (source.health.stale, source.health.dropped) == (1, 0)
        live.food.release(1)
        assert source.read(5).index == 1


def test_given_a_recording_then_no_frame_is_too_old(scripted, clock, drain):
    with VideoSource(
        lambda: scripted(3), clock=clock, close_timeout=0.05, patience=Patience(max_age=0.1)
    ) as source:
        clock.now += 60.0
        assert len(drain(source)) == 3
        assert source.health.stale == 0


def test_given_media_time_then_it_goes_on_over_an_outage_by_what_passed(
    scripted, clock, chain, until
):
    first = scripted(None, live=True, fps=25.0, hand_fed=True, error_at={1: GONE})
    second = scripted(None, live=True, fps=25.0, hand_fed=True)
    patience = Patience(reconnect=PLAIN)
    with VideoSource(
        chain(first, second), clock=clock, close_timeout=0.05, patience=patience
    ) as source:
        first.food.release(1)
        assert source.read(5).media_time == 0.0
        first.food.release(1)
        until(lambda: source.health.outage is not None)
        clock.advance(3.0)
        second.food.release(2)
        assert source.read(5).media_time >= 3.0
