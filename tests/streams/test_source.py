from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from streams.buffer import BufferPolicy
from streams.errors import IllegalMove, SourceTimeout
from streams.source import VideoSource
from streams.states import SourceState

pytestmark = pytest.mark.timeout(10)


def test_given_a_recording_when_read_then_every_frame_comes_in_order_and_then_none(
    scripted, clock, drain
):
    producer = scripted(50)
    with VideoSource(lambda: producer, clock=clock) as source:
        frames = drain(source)
        assert [frame.index for frame in frames] == list(range(50))
        assert [int(frame.pixels[0, 0, 0]) for frame in frames] == list(range(50))
        assert [frame.media_time for frame in frames] == [i / 25 for i in range(50)]
        assert {frame.captured_at for frame in frames} == {clock.now}
        assert {frame.source for frame in frames} == {"scripted"}
        assert source.read(0) is None
        assert source.state is SourceState.ENDED
        assert (source.delivered, source.dropped) == (50, 0)


def test_given_a_source_when_it_lives_then_its_states_follow_each_other(scripted, clock):
    producer = scripted(3)
    source = VideoSource(lambda: producer, clock=clock)
    seen = [source.state]
    source.start()
    seen.append(source.state)
    source.pause()
    seen.append(source.state)
    source.resume()
    seen.append(source.state)
    source.close()
    seen.append(source.state)
    assert [state.value for state in seen] == ["new", "running", "paused", "running", "closed"]


def test_given_properties_when_asked_before_the_start_then_it_says_to_start(scripted, clock):
    source = VideoSource(scripted, clock=clock)
    with pytest.raises(IllegalMove, match=r"start\(\)"):
        _ = source.properties
    with source:
        assert (source.properties.width, source.properties.height) == (8, 6)
    assert source.properties.name == "scripted"


def test_given_a_producer_when_used_then_only_the_reader_thread_touches_it(scripted, clock, drain):
    producer = scripted(5)
    with VideoSource(lambda: producer, clock=clock) as source:
        drain(source)
    assert len(producer.threads) == 1
    assert threading.get_ident() not in producer.threads
    assert producer.closed.is_set()


@pytest.mark.parametrize("capacity", [1, 3])
def test_given_a_slow_consumer_when_waiting_then_the_reader_stands_still(
    scripted, clock, until, drain, capacity
):
    producer = scripted(20)
    with VideoSource(lambda: producer, clock=clock, capacity=capacity) as source:
        until(lambda: producer.reads == capacity)
        frame = source.read(0)
        until(lambda: producer.reads == capacity + 1)
        assert frame.index == 0
        assert len(drain(source)) == 19
        assert source.dropped == 0


def test_given_a_camera_when_it_is_faster_than_its_reader_then_the_newest_stays_and_gaps_show(
    scripted, clock, until
):
    producer = scripted(None, live=True, hand_fed=True)
    with VideoSource(lambda: producer, clock=clock, close_timeout=0.05) as source:
        producer.food.release(4)
        until(lambda: source.dropped == 3)
        assert source.read(5).index == 3
        producer.food.release(1)
        assert source.read(5).index == 4
        producer.food.release(2)
        until(lambda: source.dropped == 4)
        assert source.read(5).index == 6
        assert (source.delivered, source.dropped) == (3, 4)


def test_given_a_camera_when_it_ends_then_its_last_frame_still_comes(scripted, clock, until):
    producer = scripted(5, live=True)
    with VideoSource(lambda: producer, clock=clock) as source:
        assert producer.closed.wait(5)
        assert source.read(0).index == 4
        assert source.read(0) is None
        assert source.dropped == 4


@pytest.mark.parametrize(
    ("policy", "live", "kept"),
    [
        (None, False, 6),
        (None, True, 1),
        (BufferPolicy.WAIT, True, 6),
        (BufferPolicy.KEEP_NEWEST, False, 1),
    ],
)
def test_given_a_policy_or_none_when_unread_then_that_many_frames_are_kept(
    scripted, clock, drain, policy, live, kept
):
    producer = scripted(6, live=live)
    source = VideoSource(lambda: producer, policy, clock, capacity=10)
    with source:
        assert producer.closed.wait(5)
        assert len(drain(source)) == kept
        assert source.dropped == 6 - kept


def test_given_a_paused_recording_when_resumed_then_it_goes_on_where_it_stood(
    scripted, clock, drain
):
    producer = scripted(8)
    source = VideoSource(lambda: producer, clock=clock)
    source.start()
    assert [source.read(5).index for _ in range(3)] == [0, 1, 2]
    source.pause()
    clock.jumping = True
    with pytest.raises(SourceTimeout, match=r"paused.*resume\(\)"):
        source.read(1.0)
    clock.jumping = False
    source.resume()
    assert [frame.index for frame in drain(source)] == [3, 4, 5, 6, 7]
    source.close()


def test_given_a_paused_camera_when_it_goes_on_then_frames_drop_and_the_newest_comes(
    scripted, clock, until
):
    producer = scripted(None, live=True, hand_fed=True)
    with VideoSource(lambda: producer, clock=clock, close_timeout=0.05) as source:
        producer.food.release(1)
        assert source.read(5).index == 0
        source.pause()
        producer.food.release(5)
        until(lambda: source.dropped == 4)
        source.resume()
        assert source.read(0).index == 5
        assert source.delivered == 2


def test_given_a_reader_that_waits_when_resumed_by_another_thread_then_it_gets_the_frame(
    scripted, clock, in_thread
):
    producer = scripted(2)
    with VideoSource(lambda: producer, clock=clock) as source:
        source.pause()
        result = in_thread(lambda: source.read(None))
        source.resume()
        assert result().index == 0


def test_given_no_frame_when_the_time_is_over_then_it_is_a_time_out_and_the_next_read_may_succeed(
    scripted, clock
):
    producer = scripted(None, live=True, hand_fed=True)
    with VideoSource(lambda: producer, clock=clock, close_timeout=0.05) as source:
        clock.jumping = True
        start = clock.now
        with pytest.raises(SourceTimeout, match=r"scripted: no frame came within 2\.5 s"):
            source.read(2.5)
        assert clock.now - start == pytest.approx(2.5)
        clock.jumping = False
        producer.food.release(1)
        assert source.read(5).index == 0


def test_given_wrong_moves_when_called_then_each_names_both_states(scripted, clock, drain):
    source = VideoSource(lambda: scripted(1), clock=clock)
    with pytest.raises(IllegalMove, match=r"new.*paused"):
        source.pause()
    with pytest.raises(IllegalMove, match=r"new.*running"):
        source.resume()
    with pytest.raises(IllegalMove, match=r"new.*running"):
        source.read(0)
    source.start()
    with pytest.raises(IllegalMove, match=r"running.*starting"):
        source.start()
    with pytest.raises(IllegalMove, match=r"running.*running"):
        source.resume()
    source.pause()
    with pytest.raises(IllegalMove, match=r"paused.*paused"):
        source.pause()
    source.resume()
    drain(source)
    with pytest.raises(IllegalMove, match=r"ended.*paused"):
        source.pause()
    source.close()
    with pytest.raises(IllegalMove, match=r"closed.*starting"):
        source.start()
    with pytest.raises(IllegalMove, match=r"closed.*running"):
        source.read(0)


def test_given_a_started_source_when_entered_then_it_is_not_started_twice(scripted, clock):
    source = VideoSource(lambda: scripted(2), clock=clock)
    source.start()
    with source as entered:
        assert entered is source
        assert source.read(5).index == 0
    assert source.state is SourceState.CLOSED
    with pytest.raises(IllegalMove), source:
        pass


def test_given_a_frame_when_its_pixels_are_written_then_it_refuses(scripted, clock):
    with VideoSource(lambda: scripted(1), clock=clock) as source:
        frame = source.read(5)
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0, 0] = 1
    np.testing.assert_array_equal(replace(frame, index=4).pixels, frame.pixels)
