from __future__ import annotations

import cv2
import numpy as np
import pytest

from streams.errors import SourceLost, SourceNotFound, SourceUnreadable
from streams.patience import Patience
from streams.producers.url import UrlProducer

pytestmark = pytest.mark.timeout(10)

PATIENCE = Patience(open_timeout=4.0, read_timeout=2.0)


class FakeCapture:
    """Hands out what it was told: a picture after so many seconds, or None."""

    def __init__(self, clock, script, *, count: float = 0.0, times=None) -> None:
        self.clock, self.script, self.count = clock, list(script), count
        self.times = times or (lambda number: number / 25)
        self.reads, self.released = 0, False

    def isOpened(self) -> bool:
        return bool(self.script)

    def read(self):
        if not self.script:
            return False, None
        seconds, picture = self.script.pop(0)
        self.clock.now += seconds
        self.reads += picture is not None
        return picture is not None, picture

    def get(self, which: int) -> float:
        return {
            cv2.CAP_PROP_FRAME_COUNT: self.count,
            cv2.CAP_PROP_FPS: 25.0,
            cv2.CAP_PROP_POS_MSEC: 1000 * self.times(self.reads),
        }.get(which, 0.0)

    def release(self) -> None:
        self.released = True


def picture(width: int = 8) -> np.ndarray:
    return np.zeros((6, width, 3), np.uint8)


@pytest.fixture
def made(clock):
    def make(url, script, **kwargs):
        capture = FakeCapture(clock, script, **kwargs)
        producer = UrlProducer(url, patience=PATIENCE, capture=lambda _: capture, clock=clock)
        return producer, capture

    return make


def test_given_nobody_who_answers_then_it_says_so_without_the_login(made):
    producer, _ = made("rtsp://me:secret@cam/live", [])
    with pytest.raises(
        SourceNotFound, match=r"rtsp://cam/live.*refused or closed.*login"
    ) as caught:
        producer.open()
    assert "secret" not in str(caught.value)


def test_given_a_server_that_never_answers_then_the_limit_is_named(made):
    producer, _ = made("rtsp://cam/live", [(4.0, None)])
    with pytest.raises(SourceNotFound, match="nothing within 4 s"):
        producer.open()


def test_given_a_scheme_that_is_not_opened_then_nothing_is_opened(made):
    producer, capture = made("file:///etc/passwd", [(0.0, picture())])
    with pytest.raises(SourceUnreadable, match="file is not opened"):
        producer.open()
    assert capture.reads == 0


def test_given_a_stream_without_an_end_then_it_is_live_and_its_end_a_loss(made):
    producer, capture = made("rtsp://cam/live", [(0.1, picture())] * 3)
    assert producer.open().live
    for _ in range(3):
        producer.read()
    with pytest.raises(SourceLost, match="refused or closed"):
        producer.read()
    producer.close()
    assert capture.released


def test_given_damaged_packets_then_they_are_read_over(made):
    script = [(0.0, picture()), (0.0, None), (0.0, None), (0.0, picture())]
    producer, _ = made("rtsp://cam/live", script)
    producer.open()
    producer.read()
    assert producer.read() is not None


@pytest.mark.parametrize("handed_out", [None, picture()], ids=["nothing", "a kept picture"])
def test_given_a_call_that_was_interrupted_then_the_camera_is_lost_whatever_it_returned(
    made, handed_out
):
    producer, _ = made("rtsp://cam/live", [(0.0, picture()), (2.0, handed_out), (0.0, picture())])
    producer.open()
    producer.read()
    with pytest.raises(SourceLost, match="nothing within 2 s"):
        producer.read()


def test_given_a_recording_over_http_then_it_is_none_live_and_ends(made):
    producer, _ = made("http://host/clip.mp4", [(0.0, picture())] * 2, count=2)
    properties = producer.open()
    assert (properties.live, properties.frame_count) == (False, 2)
    assert [producer.read() is None for _ in range(3)] == [False, False, True]


def test_given_mjpeg_then_time_is_when_pictures_came_and_nothing_is_late(made):
    producer, _ = made("http://cam/mjpg", [(0.4, picture())] * 4)
    producer.open()
    found = [producer.read() for _ in range(4)]
    assert [each.media_time for each in found] == pytest.approx([0.0, 0.4, 0.8, 1.2])
    assert {each.late for each in found} == {0.0}


def test_given_rtsp_pictures_that_queue_up_then_they_say_how_late_they_are(made):
    producer, _ = made("rtsp://cam/live", [(0.08, picture())] * 51, times=lambda n: n / 25)
    producer.open()
    late = [producer.read().late for _ in range(51)]
    assert late[0] == 0.0
    assert late[-1] == pytest.approx(50 * 0.04, abs=0.05)


def test_given_hls_then_a_segments_pictures_are_released_at_their_pace(made, clock):
    clock.jumping = True
    producer, _ = made("http://cam/live.m3u8", [(0.0, picture())] * 26)
    assert producer.open().live
    began = clock.now
    for _ in range(26):
        assert producer.read().late == 0.0
    assert clock.now - began == pytest.approx(1.0, abs=0.05)


def test_given_a_camera_that_changes_its_size_then_pictures_come_in_their_new_one(made):
    producer, _ = made("rtsp://cam/live", [(0.0, picture(8)), (0.0, picture(16))])
    producer.open()
    assert [producer.read().pixels.shape[1] for _ in range(2)] == [8, 16]
