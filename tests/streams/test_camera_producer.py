from __future__ import annotations

import cv2
import numpy as np
import pytest

from streams.errors import SourceBusy, SourceNotFound, SourceUnreadable
from streams.producers import camera
from streams.producers.camera import CameraProducer
from streams.producers.devices import listed_cameras
from streams.source import VideoSource

pytestmark = pytest.mark.timeout(10)

PICTURE = np.full((6, 8, 3), 50, np.uint8)


class FakeCamera:
    """Delivers what its script says: a picture, None for a failed read, an exception."""

    def __init__(self, script, opens=True, fps=30.0):
        self.script, self.opens, self.fps, self.released, self.reads = (
            iter(script),
            opens,
            fps,
            False,
            0,
        )

    def isOpened(self):
        return self.opens

    def read(self):
        self.reads += 1
        item = next(self.script, None)
        if isinstance(item, Exception):
            raise item
        return item is not None, item

    def get(self, prop):
        assert prop == cv2.CAP_PROP_FPS
        return self.fps

    def release(self):
        self.released = True


@pytest.fixture
def made(clock):
    """A camera producer on a fake camera, in a clock where waiting takes no time."""
    clock.jumping = True

    def make(*args, index=0, listed=(0, 2), **kwargs):
        fake = FakeCamera(*args, **kwargs)
        return CameraProducer(
            index, capture=lambda _: fake, clock=clock, listed=lambda: listed
        ), fake

    return make


def test_given_a_camera_when_opened_then_it_is_live_and_says_what_it_is(made):
    producer, fake = made([PICTURE, PICTURE + 1])
    properties = producer.open()
    assert (properties.name, properties.width, properties.height) == ("camera 0", 8, 6)
    assert (properties.fps, properties.frame_count, properties.live) == (30.0, None, True)
    first, second = producer.read(), producer.read()
    assert (int(first.pixels[0, 0, 0]), int(second.pixels[0, 0, 0])) == (50, 51)
    assert first.media_time is None
    producer.close()
    producer.close()
    assert fake.released
    assert producer.read() is None


def test_given_a_16_bit_grey_camera_when_read_then_its_pictures_are_bgr(made):
    producer, _ = made([np.full((6, 8), 25700, np.uint16)])
    producer.open()
    assert set(np.unique(producer.read().pixels)) == {100}


@pytest.mark.parametrize(
    ("listed", "index", "hint"),
    [((0, 2), 1, "0, 2"), ((), 0, "no camera was found"), (None, 10**12, "plug one in")],
)
def test_given_no_such_camera_when_opened_then_it_says_which_there_are(made, listed, index, hint):
    producer, fake = made([PICTURE], index=index, listed=listed)
    with pytest.raises(SourceNotFound, match=hint) as caught:
        producer.open()
    assert f"camera {index}" in str(caught.value)
    assert fake.reads == 0


def test_given_a_system_without_a_list_when_a_camera_does_not_open_then_it_is_not_found(made):
    producer, _ = made([], opens=False, listed=None)
    with pytest.raises(SourceNotFound, match="privacy"):
        producer.open()


def test_given_a_listed_camera_when_it_does_not_open_then_it_is_busy(made, monkeypatch):
    producer, _ = made([], opens=False)
    monkeypatch.setattr(camera.Path, "exists", lambda _: False)
    with pytest.raises(SourceBusy, match="close other programs"):
        producer.open()


def test_given_no_permission_when_a_camera_does_not_open_then_it_says_what_to_do(made, monkeypatch):
    producer, _ = made([], opens=False)
    monkeypatch.setattr(camera.Path, "exists", lambda _: True)
    monkeypatch.setattr(camera.os, "access", lambda *_: False)
    with pytest.raises(SourceUnreadable, match="group `video`"):
        producer.open()


def test_given_a_camera_that_delivers_nothing_when_opened_then_it_is_busy_after_three_seconds(
    made, clock
):
    producer, fake = made([])
    start = clock.now
    with pytest.raises(SourceBusy, match="delivers no picture"):
        producer.open()
    assert clock.now - start == pytest.approx(3.0)
    assert fake.reads > 10


def test_given_a_camera_that_warms_up_when_opened_then_it_is_waited_for(made):
    producer, fake = made([None, None, cv2.error("damaged"), PICTURE])
    producer.open()
    assert fake.reads == 4
    assert producer.read() is not None


def test_given_a_camera_that_is_unplugged_when_read_then_it_is_told_within_a_second(made, clock):
    producer, _ = made([PICTURE, None, PICTURE])
    producer.open()
    producer.read()
    assert producer.read() is not None  # one failed read is no end
    start = clock.now
    with pytest.raises(SourceBusy, match="stopped delivering"):
        producer.read()
    assert clock.now - start == pytest.approx(1.0)


def test_given_a_camera_when_it_is_a_source_then_it_keeps_the_newest(made, clock, until):
    clock.jumping = False
    producer, fake = made([PICTURE] * 5 + [OSError("the driver is gone")])
    with VideoSource(lambda: producer, clock=clock) as source:
        until(lambda: fake.released)
        assert source.read(0).index == 4
        assert source.dropped == 4
        with pytest.raises(OSError, match="driver"):
            source.read(0)


@pytest.mark.skipif(listed_cameras() != (), reason="this machine lists cameras, or none at all")
def test_given_no_device_when_really_opened_then_nothing_is_written_to_the_terminal(capfd):
    producer = CameraProducer(7, listed=lambda: (7,))
    with pytest.raises(SourceBusy):
        producer.open()
    producer.close()
    assert capfd.readouterr() == ("", "")


def test_given_devices_when_listed_then_only_numbered_video_nodes_count_in_order(tmp_path):
    for name in ("video10", "video2", "video0", "videonotes", "v4l", "tty0"):
        (tmp_path / name).touch()
    assert listed_cameras(tmp_path, "linux") == (0, 2, 10)
    assert listed_cameras(tmp_path / "none", "linux") == ()
    assert listed_cameras(tmp_path, "darwin") is None
