"""Pictures: drawn once, only when somebody looks, and never in the way of the loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import cv2
import numpy as np
import pytest

from monitor.panel.easel import Picture
from monitor.panel.gallery import Gallery, Kind
from monitor.panel.mjpeg import MjpegResponse
from monitor.pictures import COLOURS, Outcome, Pixels
from monitor.session import Session
from monitor.status import SessionState

pytestmark = pytest.mark.timeout(30)


def decoded(picture: Picture) -> Pixels:
    pixels = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return np.asarray(pixels, np.uint8)


@asynccontextmanager
async def gallery_of(session: Session) -> AsyncIterator[Gallery]:
    gallery = Gallery(session)
    gallery.start()
    try:
        yield gallery
    finally:
        gallery.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def test_a_picture_is_encoded_once_for_all_readers_and_only_the_kinds_that_are_read(
    session: Session,
) -> None:
    async def look() -> None:
        async with gallery_of(session) as gallery:
            with gallery.reader(Kind.CLEAN) as a, gallery.reader(Kind.CLEAN) as b:
                seen: list[dict[int, bytes]] = [{}, {}]
                for _ in range(6):
                    for reader, had in ((a, seen[0]), (b, seen[1])):
                        ((kind, picture),) = await reader.next(gallery.pictures)
                        assert kind is Kind.CLEAN
                        had[picture.version] = picture.jpeg
            shared = seen[0].keys() & seen[1].keys()
            assert shared
            assert all(seen[0][version] is seen[1][version] for version in shared)
            newest = max(*seen[0], *seen[1])
            assert newest <= gallery.encoded[Kind.CLEAN] <= newest + 1
            assert gallery.encoded.keys() == {Kind.CLEAN}

    asyncio.run(look())


def test_a_slow_reader_misses_pictures_and_the_loop_goes_on(session: Session) -> None:
    async def look() -> None:
        async with gallery_of(session) as gallery:
            with gallery.reader(Kind.ATTACKED) as slow, gallery.reader(Kind.CLEAN):
                ((_, first),) = await slow.next(gallery.pictures)
                frames = session.status.frames
                await until(lambda: session.status.frames >= frames + 4)
                ((_, second),) = await slow.next(gallery.pictures)
                assert second.version >= first.version + 2

    asyncio.run(look())


def test_reading_is_watching(session: Session) -> None:
    async def look() -> None:
        async with gallery_of(session) as gallery:
            await until(lambda: session.status.state is SessionState.IDLE)
            with gallery.reader(Kind.CLEAN) as reader:
                await reader.next(gallery.pictures)
                await until(lambda: session.status.state is SessionState.RUNNING)
            await until(lambda: session.status.state is SessionState.IDLE)

    asyncio.run(look())


def test_who_comes_during_a_pause_sees_the_last_frame(session: Session) -> None:
    async def look() -> None:
        async with gallery_of(session) as gallery:
            await until(lambda: session.broadcast.newest()[1])
            session.pause()
            await until(lambda: session.status.state is SessionState.PAUSED)
            with gallery.reader(Kind.CLEAN) as reader:
                ((_, picture),) = await reader.next(gallery.pictures)
            newest = session.broadcast.newest()[1]
            assert newest is not None
            whole = cv2.resize(newest.frame.pixels, None, fx=2, fy=2)
            top = slice(0, 60)  # above the stamp and the face
            difference = decoded(picture)[top].astype(int) - whole[top]
            assert np.median(np.abs(difference)) < 6

    asyncio.run(look())


def test_before_the_first_frame_there_is_a_picture(new_session: Callable[..., Session]) -> None:
    async def look() -> None:
        async with gallery_of(new_session()) as gallery:
            with gallery.reader(*Kind) as reader:
                fresh = dict(await reader.next(gallery.pictures))
            assert fresh.keys() == set(Kind)
            for picture in fresh.values():
                assert decoded(picture).max() > 128, "a word is written on the dark ground"

    asyncio.run(look())


def test_a_failure_is_written_where_the_picture_was(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look() -> None:
        async with gallery_of(session) as gallery:
            with gallery.reader(Kind.CLEAN) as reader:
                ((_, before),) = await reader.next(gallery.pictures)
                assert _vermilion(decoded(before)) < 0.001 or session.status.frames

                def broken(_: object) -> None:
                    raise ValueError("the lens fell off")

                monkeypatch.setattr(type(session._pipeline), "observe", lambda *_: broken(_))
                await until(lambda: session.status.state is SessionState.FAILED)
                version = before.version
                async with asyncio.timeout(5):
                    while True:
                        ((_, after),) = await reader.next(gallery.pictures)
                        if after.version > version and decoded(after)[:40].max() < 60:
                            break
                assert _vermilion(decoded(after)) > 0.0002
                assert "the lens fell off" in session.status.message

    asyncio.run(look())


def _vermilion(picture: Pixels) -> float:
    distance = np.abs(picture.astype(int) - COLOURS[Outcome.MISSED]).sum(axis=2)
    return float((distance < 60).mean())


async def answer(
    session: Session, parts: int, then: Callable[[Gallery, asyncio.Event], None]
) -> tuple[list[tuple[Mapping[bytes, bytes], bytes]], list[Any]]:
    """Read so many parts of a stream of all kinds, do something, and wait for the end of the answer."""
    messages: list[Any] = []
    gone = asyncio.Event()
    enough = asyncio.Event()

    async def receive() -> dict[str, str]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)
        if b"".join(m.get("body", b"") for m in messages).count(b"X-Kind") >= parts:
            enough.set()

    async with gallery_of(session) as gallery:
        response = asyncio.create_task(
            MjpegResponse(gallery, *Kind)({"type": "http"}, receive, send)
        )
        async with asyncio.timeout(10):
            await enough.wait()
        then(gallery, gone)
        async with asyncio.timeout(1):
            await response
    body = b"".join(message.get("body", b"") for message in messages)
    boundary = dict(messages[0]["headers"])[b"content-type"].partition(b"boundary=")[2]
    found = []
    for piece in body.split(b"--" + boundary + b"\r\n")[1:-1]:
        head, _, jpeg = piece.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n"))
        found.append((fields, jpeg.removesuffix(b"\r\n")))
    return found, messages


def test_a_stream_is_multipart_with_lengths_and_kinds(session: Session) -> None:
    found, messages = asyncio.run(answer(session, 9, lambda _, gone: gone.set()))
    assert messages[0]["status"] == 200
    headers = dict(messages[0]["headers"])
    assert headers[b"content-type"].startswith(b"multipart/x-mixed-replace")
    assert b"content-length" not in headers
    assert headers[b"cross-origin-resource-policy"] == b"same-origin"
    assert {fields[b"X-Kind"].decode() for fields, _ in found} == {str(kind) for kind in Kind}
    for fields, jpeg in found:
        assert int(fields[b"Content-Length"]) == len(jpeg)
        assert decoded(Picture(0, jpeg)).shape[2] == 3


def test_a_client_that_leaves_is_noticed_though_nothing_is_sent(
    session: Session, wait_for: Callable[..., None]
) -> None:
    def leave_during_a_pause(_: Gallery, gone: asyncio.Event) -> None:
        session.pause()
        wait_for(lambda: session.status.state is SessionState.PAUSED)
        gone.set()

    asyncio.run(answer(session, 3, leave_during_a_pause))
    session.resume()
    wait_for(lambda: session.status.state is SessionState.IDLE)


def test_a_gallery_that_closes_ends_its_streams(session: Session) -> None:
    _, messages = asyncio.run(answer(session, 3, lambda gallery, _: gallery.close()))
    assert messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
