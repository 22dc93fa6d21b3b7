from __future__ import annotations

import cv2
import numpy as np
import pytest

from streams.errors import SourceLost, SourceTimeout, SourceUnreadable
from streams.opening import open_source
from streams.patience import Patience
from streams.producers.visitor import MOST_BYTES, Mailbox, VisitorProducer, decoded
from streams.states import SourceState

pytestmark = pytest.mark.timeout(10)


def jpeg(value: int = 100, size=(32, 24)) -> bytes:
    done, data = cv2.imencode(".jpg", np.full((size[1], size[0], 3), value, np.uint8))
    assert done
    return data.tobytes()


def test_given_pictures_then_the_newest_is_taken_and_the_others_are_counted(clock):
    mailbox = Mailbox(clock)
    for value in (10, 20, 30):
        mailbox.put(jpeg(value))
    pixels, came_at = mailbox.take(1.0)
    assert (pixels[0, 0, 0], came_at, mailbox.dropped) == (30, 1000.0, 2)


def test_given_no_picture_then_the_time_out_says_what_to_press(clock):
    clock.jumping = True
    with pytest.raises(SourceTimeout, match="use my camera"):
        Mailbox(clock).take(3.0)


def test_given_a_picture_that_waited_then_the_frame_is_as_old_as_it(clock):
    mailbox = Mailbox(clock)
    producer = VisitorProducer(mailbox, open_timeout=1, read_timeout=1, clock=clock)
    mailbox.put(jpeg())
    clock.now += 0.5
    assert producer.open().live
    assert producer.read().late == 0.5
    clock.jumping = True
    with pytest.raises(SourceLost):
        producer.read()


def test_given_a_visitor_who_leaves_and_comes_back_then_the_stream_goes_on(clock, until):
    mailbox = Mailbox(clock)
    mailbox.put(jpeg(10))
    with open_source("visitor", mailbox=mailbox, clock=clock, patience=Patience()) as source:
        assert source.read(5).index == 0
        clock.advance(6.0)
        until(lambda: source.state is SourceState.RECONNECTING)
        clock.advance(1.0)
        mailbox.put(jpeg(20))
        assert source.read(5).lap == 1


def bomb() -> bytes:
    """A PNG whose header announces 60,000 x 60,000 pixels."""
    done, data = cv2.imencode(".png", np.zeros((1, 1, 3), np.uint8))
    assert done
    png = bytearray(data.tobytes())
    png[16:24] = (60_000).to_bytes(4, "big") * 2
    return bytes(png)


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"\xff\xd8\xff\xe0 and no more", jpeg()[:80], b"x" * (MOST_BYTES + 1), bomb()],
    ids=["nothing", "gif", "header", "cut", "large", "bomb"],
)
def test_given_what_is_no_camera_picture_then_it_is_refused_in_one_line(data):
    with pytest.raises(SourceUnreadable, match="visitor's camera") as caught:
        decoded(data)
    assert "\n" not in str(caught.value)
