"""The panel as one web application, and the server that runs it until somebody ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from socket import socket
from types import FrameType
from typing import Any

import cv2
import uvicorn
from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount

from monitor.alarming import Alarms
from monitor.config import Settings
from monitor.group import Group
from monitor.live import Live
from monitor.panel.api import add_api
from monitor.panel.cards import STILLS
from monitor.panel.controls import Controls
from monitor.panel.doorstep import bind, url_of
from monitor.panel.downloads import add_downloads
from monitor.panel.easel import Easel
from monitor.panel.gallery import Gallery, Kind
from monitor.panel.guard import Guard
from monitor.panel.headers import SafeHeaders
from monitor.panel.intake import Intake, OnlyNeeded
from monitor.panel.learn_bench import LearnBench
from monitor.panel.login import Door, password_of
from monitor.panel.metrics import add_metrics
from monitor.panel.mjpeg import MjpegResponse
from monitor.panel.origin import OwnPagesOnly
from monitor.panel.run_files import add_run_files
from monitor.panel.run_shelf import Shelf
from monitor.panel.side_bench import SideBench
from monitor.panel.still_bench import Bench
from monitor.panel.sweep_bench import SweepBench
from monitor.panel.tape import Tape
from monitor.panel.visitor import add_visitor
from monitor.panel.wall import Wall
from monitor.panel.watch import Watch
from monitor.session import Session
from monitor.status import SessionState
from monitor.webhook import Webhook
from streams.isolated import IsolatedDecoder

_GRACE = 1  # seconds that open connections have to end; the pictures end at once
_GOODBYE = 0.1  # seconds for the streams to say that they end
_PATIENCE = 2.5  # seconds


def build_app(session: Live, settings: Settings, *, password: str = "") -> FastAPI:
    """The panel: the MJPEG streams, pictures of a still, the page, and the guard in front of all.

    `app.state.gallery` draws, `app.state.watch` counts and `app.state.bench` attacks a still; the work of
    each ends with the app's lifespan.

    Parameters
    ----------
    session : what is shown and driven; started and stopped by the caller.
    settings : whose panel section holds.
    password : asked for at the door; "" opens it to this machine alone.
    """
    from monitor.panel.layout import Parts, mount_page

    gallery, watch = Gallery(session), Watch(session)
    bench, sweep, learn = Bench(session), SweepBench(session), LearnBench(session)
    benches = (bench, sweep, learn)
    each = session.sessions if isinstance(session, Group) else (session,)
    sessions = [one for one in each if isinstance(one, Session)]
    alarms, tape, decoder = Alarms(sessions), Tape(sessions), IsolatedDecoder()
    hook = _webhook(settings)
    if hook is not None:
        alarms.add_listener(hook)
    wall = Wall(session) if isinstance(session, Group) and len(session.sessions) > 1 else None
    easels = [each for each in (gallery, wall) if each is not None]

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        for easel in easels:
            easel.start()
        yield
        for easel in easels:
            easel.close()
        for each in benches:
            await asyncio.to_thread(each.close)
        await asyncio.to_thread(tape.close)
        await asyncio.to_thread(decoder.close)
        await asyncio.to_thread(alarms.close)
        if hook is not None:
            await asyncio.to_thread(hook.close, _PATIENCE)

    app = FastAPI(
        title="camdrift", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.gallery, app.state.watch, app.state.tape = gallery, watch, tape
    app.state.bench, app.state.benches, app.state.decoder = bench, benches, decoder
    app.state.easels, app.state.alarms = easels, alarms
    for name, kinds in {**{str(kind): (kind,) for kind in Kind}, "all": tuple(Kind)}.items():
        app.add_api_route(f"/stream/{name}.mjpg", _stream(gallery, kinds), methods=["GET"])
    if wall is not None:
        app.add_api_route("/stream/cameras.mjpg", _stream(wall, wall.kinds), methods=["GET"])
    add_visitor(app, session, decoder)
    # Before the page: it is mounted at the root and would answer for them.
    add_api(app, session, watch, alarms, Controls(session))
    add_metrics(app, session, watch, alarms)
    add_downloads(app, session, tape)
    app.add_api_route(f"{STILLS}/{{name}}.jpg", _shot(benches), methods=["GET"])
    shelf = Shelf(lambda: Path(session.settings.run.runs))
    add_run_files(app, shelf)
    parts = Parts(session, watch, alarms, tape, bench, sweep, learn, shelf)
    _in_a_loop(lambda: mount_page(app, parts, settings, guarded=bool(password)))
    for route in app.routes:
        if isinstance(route, Mount):
            route.app = OnlyNeeded(route.app)
    # The last one is asked first.
    app.add_middleware(Guard, door=Door(password) if password else None)
    app.add_middleware(Intake)
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(SafeHeaders)
    return app


def serve(
    session: Live,
    settings: Settings,
    *,
    on_ready: Callable[[str], None] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Run the panel in this thread until SIGINT or SIGTERM, then end the session and return.

    Parameters
    ----------
    session : started here if it is new; stopped at the end in any case.
    settings : host, port, password.
    on_ready : called with the URL once the panel answers.
    environ : CAMDRIFT_PASSWORD in it comes before the settings' password.

    Raises
    ------
    ConfigError : an address that is in use, or open to others without a password.
    StreamError, ModelError, MonitorError : the session cannot start.
    """
    password = password_of(settings, environ)
    # Its threads wait for each other by spinning, on cores that the detector could use: a frame of scene:road
    # takes 14.0 ms with one and with two, and 14.0 and 23.5 ms of processor time. Panel with signs and FGSM:
    # 16.5 frames a second with one, 15.4 with two; with faces 4.6 and 4.0.
    cv2.setNumThreads(1)
    # The address first: it fails in a millisecond, the model takes seconds.
    listener = bind(settings.panel.host, settings.panel.port, guarded=bool(password))
    # Gradio takes 1.8 s to import and scene:road as long to open: side by side the first picture of the road
    # comes after 7.8 s instead of 8.2.
    threading.Thread(target=import_module, args=("monitor.panel.layout",), daemon=True).start()
    try:
        if session.status.state is SessionState.NEW:
            session.start()
        app = build_app(session, settings, password=password)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            ws="none",  # the panel has none
            timeout_graceful_shutdown=_GRACE,
        )
        server = _Server(
            config,
            on_ready=lambda: on_ready(url_of(settings.panel.host, listener)) if on_ready else None,
            on_exit=lambda: _end(app.state.easels, app.state.benches, session),
        )
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    finally:
        listener.close()
        session.stop()


def _webhook(settings: Settings) -> Webhook | None:
    words = settings.alarms
    return Webhook(words.webhook, words.webhook_tries) if words.webhook else None


def _in_a_loop(build: Callable[[], None]) -> None:
    """Call `build` while an event loop runs; without one Gradio makes nine and leaves them open."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:

        async def inside() -> None:
            build()

        asyncio.run(inside())
    else:
        build()


def _stream(easel: Easel, kinds: Sequence[str]) -> Callable[[], Any]:
    async def stream() -> Response:
        return MjpegResponse(easel, *kinds)

    return stream


def _shot(benches: Sequence[SideBench]) -> Callable[[str], Any]:
    async def shot(name: str) -> Response:
        found = next((shot for bench in benches if (shot := bench.shot(name))), None)
        if found is None:
            return PlainTextResponse("no such still, or no longer", 404)
        headers = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}
        return Response(found.jpeg, media_type="image/jpeg", headers=headers)

    return shot


def _end(easels: Sequence[Easel], benches: Sequence[SideBench], session: Live) -> None:
    for easel in easels:
        easel.close()
    for bench in benches:
        bench.stop()
    # Beside the server's own shutdown, for the loop may be in the middle of a slow attack.
    threading.Thread(target=session.stop, name="camdrift-stop", daemon=True).start()


class _Server(uvicorn.Server):
    """uvicorn, with a word when it is ready and a word when it begins to end."""

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], on_exit: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_exit = on_exit
        self._asked_at = 0.0

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        # First of all: uvicorn waits for open answers, and the pictures' are endless.
        self._on_exit()
        await asyncio.sleep(_GOODBYE)
        # A client that stands still never takes its last bytes; uvicorn would wait for it until _GRACE.
        for connection in tuple(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if isinstance(transport, asyncio.Transport):
                transport.abort()
        await super().shutdown(sockets=sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again at the end; a SIGTERM would then kill the process before the
        # camera is let go.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._leave) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        # Asked again after the time that an orderly end takes at most: wait for nobody. Sooner it is the
        # same Ctrl-C twice, from the terminal and from a wrapper such as `timeout`.
        now = time.monotonic()
        if not self.should_exit:
            self._asked_at = now
        self.should_exit = True
        self.force_exit = now - self._asked_at > _PATIENCE
