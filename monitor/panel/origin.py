"""Requests that a page from elsewhere makes in a visitor's browser are refused. Pure ASGI middleware.

A browser says where a request comes from, and pages cannot make it lie: `Sec-Fetch-Site` (W3C Fetch Metadata)
and `Origin`. Programs send neither, and nobody's cookie.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.panel.guard import LOGOUT

_READING: Final = ("GET", "HEAD", "OPTIONS")


class OwnPagesOnly:
    """Lets through what the panel's own pages ask, links that lead to it, and programs.

    Parameters
    ----------
    app : what is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and is_foreign(HTTPConnection(scope)):
            answer = PlainTextResponse("a page from elsewhere may not ask this of the panel", 403)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_foreign(request: HTTPConnection) -> bool:
    """True where a page of another origin asks for more than to be led here."""
    headers, reading = request.headers, request.scope["method"] in _READING
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        # "null" too: a sandboxed frame, a file.
        return True
    site = headers.get("sec-fetch-site", "none")
    if site not in ("cross-site", "same-site"):
        return False
    # A link may lead here, into a whole tab; but not log anybody out.
    led = (
        headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )
    return not (reading and led and request.url.path != LOGOUT)
