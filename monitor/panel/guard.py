"""The one guard in front of every route of the panel, Gradio's own included: pure ASGI middleware."""

from __future__ import annotations

import asyncio
import ipaddress
import math
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.panel.login import LIFETIME, Door, Tries

LOGIN: Final = "/login"
LOGOUT: Final = "/logout"
COOKIE: Final = "camdrift"

LARGEST_FORM: Final = 4096
"""Bytes of a login; a password and its name."""
_DELAY: Final = 0.5  # seconds after a wrong password
_PAGE: Final = Template(Path(__file__).with_name("login.html").read_text(encoding="utf-8"))


class Guard:
    """Lets nobody through without a ticket; where there is no password, only requests to this machine.

    Parameters
    ----------
    app : what is guarded.
    door : None where no password is set. The panel is bound to loopback then, and requests must name a
        loopback host: else any web page could reach the camera by pointing its own name at
        127.0.0.1 (DNS rebinding).
    tries : the limit on wrong passwords.
    delay : seconds before a wrong password is answered.
    """

    def __init__(
        self, app: ASGIApp, door: Door | None, tries: Tries | None = None, delay: float = _DELAY
    ) -> None:
        self._app = app
        self._door = door
        self._tries = tries or Tries()
        self._delay = delay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        answer = await self._answer(connection, scope, receive)
        if answer is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await answer(scope, receive, send)

    async def _answer(
        self, connection: HTTPConnection, scope: Scope, receive: Receive
    ) -> Response | None:
        """What the guard itself says; None lets the request through."""
        if self._door is None:
            if is_loopback(connection.url.hostname or ""):
                return None
            return PlainTextResponse("open the panel as http://127.0.0.1 or localhost", 421)
        if scope["type"] == "http" and connection.url.path in (LOGIN, LOGOUT):
            return await self._desk(self._door, Request(scope, receive))
        if self._inside(connection):
            return None
        if _wants_page(connection):
            return RedirectResponse(LOGIN, 303)
        return PlainTextResponse("log in first", 401)

    def _inside(self, connection: HTTPConnection) -> bool:
        return self._door is not None and self._door.accepts(connection.cookies.get(COOKIE, ""))

    async def _desk(self, door: Door, request: Request) -> Response:
        """Where tickets are given and taken back."""
        if request.url.path == LOGOUT:
            leave = RedirectResponse(LOGIN, 303)
            leave.delete_cookie(COOKIE, path="/")
            return leave
        if request.method == "POST":
            return await self._try(door, request)
        return RedirectResponse("/", 303) if self._inside(request) else page()

    async def _try(self, door: Door, request: Request) -> Response:
        address = request.client.host if request.client else ""
        wait = self._tries.wait(address)
        if wait > 0:
            seconds = math.ceil(wait)
            answer = page(f"Too many tries. Wait {seconds} s and try again.", 429)
            answer.headers["Retry-After"] = str(seconds)
            return answer
        self._tries.count(address)
        password = await _password(request)
        if password is None or not await asyncio.to_thread(door.opens, password):
            await asyncio.sleep(self._delay)
            return page("That is not the password.", 401)
        self._tries.forgive(address)
        enter = RedirectResponse("/", 303)
        enter.set_cookie(
            COOKIE,
            door.ticket(),
            max_age=LIFETIME,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return enter


def page(message: str = "", status: int = 200) -> Response:
    """The login page; `message` is ours, never the client's."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
        "form-action 'self'; frame-ancestors 'none'",
    }
    return HTMLResponse(_PAGE.substitute(message=message), status, headers)


def is_loopback(host: str) -> bool:
    """True for localhost and the addresses that never leave the machine."""
    host = host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _wants_page(connection: HTTPConnection) -> bool:
    if connection.scope["type"] != "http" or connection.scope["method"] != "GET":
        return False
    return "text/html" in connection.headers.get("accept", "")


async def _password(request: Request) -> str | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            return None
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return fields.get("password", [None])[0]
