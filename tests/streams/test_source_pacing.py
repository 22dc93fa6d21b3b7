from __future__ import annotations

from itertools import pairwise

import pytest

from streams.buffer import BufferPolicy
from streams.errors import IllegalMove, SourceTimeout
from streams.source import VideoSource

pytestmark = pytest.mark.timeout(10)


@pytest.fixture
def paced(scripted, clock):
    """Starts a paced source in a clock that stands, then lets every wait jump to its end."""
    opened = []

    def start(*args, **kwargs):
        producer = scripted(*args, **kwargs)
        source = VideoSource(lambda: producer, clock=clock, pace=True)
        source.start()
        clock.jumping = True
        opened.append(source)
        return source

    yield start
    clock.jumping = False
    for source in opened:
        source.close()


def read_all(source, clock, busy=0.0):
    """Times of release, by a consumer that takes `busy` seconds for a frame."""
    released = []
    while (frame := source.read(None)) is not None:
        assert frame.captured_at == clock.now
        released.append(clock.now)
        clock.now += busy
    return released


def test_given_a_variable_rate_when_paced_then_frames_come_at_their_own_times(paced, clock):
    times = [0.0, 0.04, 0.3, 0.31, 1.5, 6.0]
    start = clock.now
    released = read_all(paced(6, times=lambda i: times[i]), clock, busy=0.005)
    assert [when - start for when in released] == pytest.approx(times, abs=2e-4)


def test_given_a_slow_consumer_when_paced_then_it_runs_slower_and_nothing_drops(paced, clock):
    source = paced(20)
    released = read_all(source, clock, busy=0.1)
    assert [b - a for a, b in pairwise(released)] == pytest.approx([0.1] * 19)
    assert (source.delivered, source.dropped) == (20, 0)


@pytest.mark.parametrize("pause", [0.2, 60.0])
def test_given_a_pause_when_resumed_then_pacing_does_not_catch_up(paced, clock, pause):
    source = paced(10)
    for _ in range(4):
        source.read(None)
    source.pause()
    clock.now += pause
    source.resume()
    start = clock.now
    released = read_all(source, clock)
    assert [when - start for when in released] == pytest.approx(
        [i / 25 for i in range(6)], abs=2e-4
    )


def test_given_no_media_time_when_paced_then_frames_come_at_once(paced, clock):
    start = clock.now
    assert read_all(paced(5, fps=None), clock) == [start] * 5


def test_given_a_camera_when_paced_then_it_keeps_its_own_rate(scripted, clock):
    producer = scripted(2, live=True, hand_fed=True)
    with VideoSource(lambda: producer, clock=clock, close_timeout=0.05, pace=True) as source:
        for index in range(2):
            producer.food.release(1)
            assert source.read(5).index == index
        assert clock.now == 1000.0


def test_given_a_frame_that_is_not_due_when_the_time_is_over_then_it_stays_for_the_next_read(
    paced, clock
):
    source = paced(3, times=lambda i: 10.0 * i)
    assert source.read(None).index == 0
    with pytest.raises(SourceTimeout):
        source.read(1.0)
    assert source.read(None).index == 1
    assert clock.now == pytest.approx(1010.0)


def test_given_a_reader_that_is_pacing_when_closed_then_both_return(
    scripted, clock, in_thread, until
):
    producer = scripted(5, times=lambda i: 1000.0 * i)
    source = VideoSource(lambda: producer, clock=clock, pace=True)
    source.start()
    assert source.read(None).index == 0
    clock.waits.clear()
    result = in_thread(lambda: source.read(None))
    until(lambda: 1000.0 in clock.waits)
    source.close()
    assert isinstance(result(), IllegalMove)
    assert producer.closed.wait(5)


def test_given_time_that_passes_when_pacing_then_the_frame_comes_when_it_is_due(
    scripted, clock, in_thread, until
):
    producer = scripted(2, times=lambda i: 3.0 * i)
    with VideoSource(lambda: producer, clock=clock, pace=True) as source:
        source.read(None)
        clock.waits.clear()
        result = in_thread(lambda: source.read(None))
        until(lambda: 3.0 in clock.waits)
        clock.advance(1.0)
        until(lambda: 2.0 in clock.waits)
        assert source.delivered == 1
        clock.advance(2.0)
        assert result().captured_at == 1003.0


def test_given_pacing_and_dropping_when_both_are_asked_for_then_it_says_so(scripted):
    with pytest.raises(ValueError, match="never drops"):
        VideoSource(scripted, BufferPolicy.KEEP_NEWEST, pace=True)
