"""Crafted pictures: none harms the panel, and what decodes them may crash."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from monitor.config import Settings
from monitor.session import Session
from monitor.status import SessionState
from streams.errors import SourceUnreadable
from streams.isolated import IsolatedDecoder
from streams.producers.visitor import MOST_BYTES

pytestmark = pytest.mark.timeout(90)

OURS = {"X-Camdrift": "visitor"}
PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def encoded(kind: str) -> bytes:
    return cv2.imencode(kind, PICTURE)[1].tobytes()


def png_of(width: int, height: int) -> bytes:
    """A PNG of few bytes that announces any size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.fixture
def decoder() -> Iterator[IsolatedDecoder]:
    decoder = IsolatedDecoder()
    yield decoder
    decoder.close()


def test_another_process_decodes_as_this_one_does(decoder: IsolatedDecoder) -> None:
    assert decoder.pid is None, "nothing runs before the first picture"
    for kind in (".jpg", ".png", ".webp"):
        here = cv2.imdecode(np.frombuffer(encoded(kind), np.uint8), cv2.IMREAD_COLOR)
        assert here is not None
        assert (decoder(encoded(kind)) == here).all()
    assert decoder.pid not in (None, os.getpid())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff",
        b"GIF89a" + b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"P6 999999 999999 255\n",
        png_of(50_000, 50_000),
        png_of(2**31 - 1, 2**31 - 1),
        png_of(0, 0),
        bytes(MOST_BYTES + 1),
    ],
)
def test_what_is_no_camera_picture_is_refused_on_one_line(
    decoder: IsolatedDecoder, data: bytes
) -> None:
    with pytest.raises(SourceUnreadable) as caught:
        decoder(data)
    assert "\n" not in str(caught.value)
    assert decoder(encoded(".png")).shape == PICTURE.shape, "and the next one is taken"


def test_a_thousand_damaged_pictures_end_nothing_here(decoder: IsolatedDecoder) -> None:
    rng = np.random.default_rng(7)
    whole = [encoded(kind) for kind in (".jpg", ".png", ".webp")]
    refused = 0
    for i in range(1000):
        data = bytearray(whole[i % 3])
        for at in rng.integers(0, len(data), 1 + i % 9):
            data[at] = rng.integers(0, 256)
        cut = len(data) if i % 4 else int(rng.integers(1, len(data)))
        try:
            decoder(bytes(data[:cut]))
        except SourceUnreadable:
            refused += 1
    assert 100 < refused < 1000
    assert (decoder(whole[1]) == PICTURE).all()


CRASH = "import os, sys; sys.stdin.buffer.read(4); os.abort()"
HANG = "import time; time.sleep(600)"
LIE = "import sys; sys.stdout.buffer.write(bytes([0, 0, 0, 0, 9]) + b'x'); sys.stdout.flush()"


@pytest.mark.parametrize("program", [CRASH, HANG, LIE])
def test_a_picture_that_ends_its_decoder_or_makes_it_hang_is_refused(program: str) -> None:
    decoder = IsolatedDecoder((sys.executable, "-c", program), patience=1.0)
    try:
        for _ in range(2):
            with pytest.raises(SourceUnreadable, match="ended its decoder"):
                decoder(encoded(".jpg"))
    finally:
        decoder.close()
    with pytest.raises(SourceUnreadable, match="closing"):
        decoder(encoded(".jpg"))


def test_a_running_panel_takes_pictures_after_its_decoder_was_killed(
    session: Session,
    settings: Settings,
    serving: Callable[..., AbstractContextManager[Any]],
) -> None:
    with serving(session, settings) as served, httpx.Client(base_url=served.url) as client:
        place = "/visitor/frame"
        first = client.post(place + "?begin=1", content=encoded(".jpg"), headers=OURS)
        assert first.status_code == 204
        decoder = served.app.state.decoder
        pid = decoder.pid
        os.kill(pid, 9)
        answers = [
            client.post(place, content=encoded(".jpg"), headers=OURS).status_code for _ in range(3)
        ]
        assert answers[-1] == 204
        assert set(answers) <= {204, 400}
        assert decoder.pid != pid
        for data in (b"\xff\xd8 crafted", png_of(60_000, 60_000), encoded(".jpg")[:200]):
            answer = client.post(place, content=data, headers=OURS)
            assert answer.status_code in (204, 400)
            assert "\n" not in answer.text
        assert session.status.state is not SessionState.FAILED
        assert client.get("/healthz").status_code == 200
        last = decoder.pid
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)
