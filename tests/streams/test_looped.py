from __future__ import annotations

from itertools import pairwise

import pytest

from streams.errors import SourceTruncated, SourceUnreadable
from streams.opening import open_source
from streams.producers.looped import LoopedProducer
from streams.source import VideoSource

pytestmark = pytest.mark.timeout(10)


def test_given_a_recording_when_looped_then_pictures_repeat_and_time_and_index_go_on(scripted):
    rounds = []

    def factory():
        rounds.append(scripted(3))
        return rounds[-1]

    with VideoSource(lambda: LoopedProducer(factory)) as source:
        assert source.properties.frame_count is None
        frames = [source.read(5) for _ in range(10)]
    assert [frame.index for frame in frames] == list(range(10))
    assert [int(frame.pixels[0, 0, 0]) for frame in frames] == [0, 1, 2] * 3 + [0]
    assert [frame.media_time for frame in frames] == pytest.approx([i / 25 for i in range(10)])
    assert [frame.lap for frame in frames] == [0] * 3 + [1] * 3 + [2] * 3 + [3]
    assert all(producer.closed.is_set() for producer in rounds)


def test_given_a_still_when_looped_then_it_follows_itself(scripted):
    looped = LoopedProducer(lambda: scripted(1))
    looped.open()
    assert [looped.read().lap for _ in range(4)] == [0, 0, 0, 0]


def test_given_a_variable_rate_when_looped_then_the_seam_is_one_step(scripted):
    times = [0.0, 0.5, 0.6]
    looped = LoopedProducer(lambda: scripted(3, times=lambda i: times[i]))
    looped.open()
    assert [looped.read().media_time for _ in range(6)] == pytest.approx(
        [0, 0.5, 0.6, 0.7, 1.2, 1.3]
    )


def test_given_one_picture_without_a_rate_when_looped_then_time_still_increases(scripted):
    looped = LoopedProducer(lambda: scripted(1, fps=None, times=lambda i: 0.0))
    looped.open()
    times = [looped.read().media_time for _ in range(4)]
    assert all(a < b for a, b in pairwise(times))


def test_given_no_media_time_when_looped_then_there_is_none(scripted):
    looped = LoopedProducer(lambda: scripted(1, fps=None))
    looped.open()
    assert [looped.read().media_time for _ in range(3)] == [None] * 3


def test_given_an_empty_recording_when_looped_then_it_ends(scripted):
    looped = LoopedProducer(lambda: scripted(0))
    looped.open()
    assert looped.read() is None


def test_given_a_recording_that_breaks_off_when_looped_then_its_error_ends_it(scripted):
    looped = LoopedProducer(lambda: scripted(9, error_at={1: SourceTruncated("cut")}))
    looped.open()
    looped.read()
    with pytest.raises(SourceTruncated):
        looped.read()


def test_given_a_recording_that_is_replaced_when_looped_then_another_size_is_an_error(scripted):
    sizes = iter([8, 10])
    looped = LoopedProducer(lambda: scripted(1, width=next(sizes)))
    looped.open()
    looped.read()
    with pytest.raises(SourceUnreadable, match=r"8x6 to 10x6"):
        looped.read()


@pytest.mark.parametrize("kind", ["avi", "gif"])
def test_given_a_clip_when_opened_in_a_loop_then_it_starts_again(clips, kind):
    with open_source(str(clips[kind]), loop=True) as source:
        frames = [source.read(5) for _ in range(60)]
    assert [frame.index for frame in frames] == list(range(60))
    assert all(a.media_time < b.media_time for a, b in pairwise(frames))
    for i in range(36):
        assert (frames[i].pixels == frames[i + 24].pixels).all()


def test_given_a_closed_loop_when_read_then_it_is_over(scripted):
    looped = LoopedProducer(lambda: scripted(2))
    looped.close()
    looped.open()
    looped.close()
    assert looped.read() is None
