"""MJPEG over HTTP: an endless multipart answer of JPEG pictures (multipart/x-mixed-replace)."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from monitor.panel.easel import Easel, Picture, Reader
from streams.clock import SYSTEM_CLOCK

BOUNDARY: Final = "camdrift"
_BETWEEN: Final = f"--{BOUNDARY}\r\n".encode()


class MjpegResponse(Response):
    """Sends an easel's pictures of some kinds until the client goes or the easel closes.

    While one picture is on its way the next ones replace each other, so that a slow client sees fewer
    and slows nobody. Each part names its kind, so that one connection can carry all of them: a
    browser opens six to a server at most, over all its tabs, and one for each picture would leave
    the second tab without an answer.
    """

    media_type = f"multipart/x-mixed-replace; boundary={BOUNDARY}"

    def __init__(self, easel: Easel, *kinds: str) -> None:
        self._easel = easel
        self._kinds = kinds
        self.status_code = 200
        self.background = None
        self.body = b""
        # Without a policy of its origin any web page could show the camera in an <img>.
        self.init_headers(
            {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}
        )
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del scope
        with self._easel.reader(*self._kinds) as reader:
            watcher = asyncio.ensure_future(_close_when_gone(receive, reader))
            try:
                await self._stream(reader, send)
            finally:
                watcher.cancel()

    async def _stream(self, reader: Reader, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        await _body(send, _BETWEEN)
        while fresh := await reader.next(self._easel.pictures):
            await _body(send, b"".join(part(kind, picture) for kind, picture in fresh))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def part(kind: str, picture: Picture) -> bytes:
    """One part with the boundary after it: a browser shows a part when it has seen where it ends."""
    age = picture.age_ms(SYSTEM_CLOCK.monotonic())
    told = "" if age is None else f"X-Age-Ms: {age:.0f}\r\n"
    head = (
        f"Content-Type: image/jpeg\r\nContent-Length: {len(picture.jpeg)}\r\n"
        f"X-Kind: {kind}\r\nX-Version: {picture.version}\r\n{told}\r\n"
    )
    return head.encode() + picture.jpeg + b"\r\n" + _BETWEEN


async def _body(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _close_when_gone(receive: Receive, reader: Reader) -> None:
    # Without this a client that leaves while nothing is sent (paused, idle) would never be missed.
    while (await receive())["type"] != "http.disconnect":
        pass
    reader.close()
