"""How much a request may send, and which of Gradio's routes there are. Pure ASGI middleware."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.panel.guard import LARGEST_FORM, LOGIN
from monitor.panel.visitor import FRAME
from streams.producers.visitor import MOST_BYTES

MOST: Final = 256 * 1024
"""Bytes of a request; the page's own have at most a few thousand."""

_BY_PATH: Final = {FRAME: MOST_BYTES, LOGIN: LARGEST_FORM}

NEEDED: Final = (
    "/",
    "/config",
    "/theme.css",
    "/favicon.ico",
    "/static/",
    "/assets/",
    "/svelte/",
    "/gradio_api/run/predict",
)
"""What the page asks of Gradio; a word that ends in a slash stands for all below it.

The others are shut: uploads, files of this machine by path, a proxy to other hosts, queues, deep links.
"""


class _TooMuch(Exception):
    pass


class Intake:
    """Refuses a body that is too long: by what it announces, and by what comes.

    Parameters
    ----------
    app : what is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as long as it is short enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = _BY_PATH.get(scope["path"], MOST)
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "0")
        if not announced.isascii() or not announced.isdigit() or int(announced) > most:
            await _too_long(most)(scope, receive, send)
            return
        came, begun, whole = 0, False, "transfer-encoding" not in headers

        async def counted() -> Message:
            nonlocal came, whole
            message = await receive()
            if message["type"] == "http.request":
                came += len(message.get("body", b""))
                whole = whole or not message.get("more_body", False)
                if came > most:
                    raise _TooMuch
            return message

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            if message["type"] == "http.response.start" and not whole:
                # What was answered before it had all come would else be read to its end, if it has one.
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        try:
            await self._app(scope, counted, sent)
        except _TooMuch:
            if not begun:
                await _too_long(most)(scope, receive, send)


class OnlyNeeded:
    """Gradio, without the routes that the page has no use for.

    Parameters
    ----------
    app : Gradio's application, as it is mounted.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or say that there is nothing."""
        if scope["type"] == "http" and not is_needed(scope["path"]):
            await PlainTextResponse("there is no such page", 404)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_needed(path: str) -> bool:
    """Whether the page asks Gradio for this."""
    if ".." in path.split("/") or "\\" in path:
        return False
    return any(
        path == known or (known.endswith("/") and known != "/" and path.startswith(known))
        for known in NEEDED
    )


def _too_long(most: int) -> Response:
    words = f"too long: {most} bytes at most"
    # What is still on its way is not read: the connection ends.
    return PlainTextResponse(words, 413, {"Connection": "close"})
