"""The visitor's own camera: the route to which a browser sends its pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from monitor.errors import MonitorError
from monitor.live import Live
from streams.errors import SourceUnreadable
from streams.frame import Pixels
from streams.opening import VISITOR
from streams.producers.visitor import MOST_BYTES

FRAME: Final = "/visitor/frame"
HEADER: Final = "X-Camdrift"
"""A page from elsewhere cannot send it without being asked for leave, which is not given."""


def add_visitor(app: FastAPI, live: Live, decode: Callable[[bytes], Pixels]) -> None:
    """POST a picture; the first one makes the visitor's camera the source of the session in view.

    Parameters
    ----------
    app : gets the route.
    live : whose mailbox the pictures go to.
    decode : makes pixels of what a stranger sent; SourceUnreadable where that is no picture.
    """

    async def frame(request: Request) -> Response:
        if request.headers.get(HEADER) != VISITOR:
            return PlainTextResponse("only the panel's own page sends pictures", 403)
        data = await _body(request)
        if data is None:
            return PlainTextResponse(f"a picture has {MOST_BYTES} bytes at most", 413)
        begins = request.query_params.get("begin") == "1"
        if not begins and live.settings.stream.source != VISITOR:
            return PlainTextResponse("another source was chosen", 409)
        try:
            # Decoding takes milliseconds, in which other pages wait for their pictures.
            live.mailbox.deliver(await asyncio.to_thread(decode, data))
            if begins:
                live.apply({"source": VISITOR})
        except (SourceUnreadable, MonitorError) as error:
            return PlainTextResponse(str(error), 400)
        return Response(status_code=204)

    app.add_api_route(FRAME, frame, methods=["POST"], include_in_schema=False)


async def _body(request: Request) -> bytes | None:
    """What was sent; None where it is too much, whatever was announced."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BYTES:
            return None
    return bytes(data)
