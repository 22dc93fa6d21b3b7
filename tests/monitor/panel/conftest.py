"""A real session on the portrait, the panel in front of it, and a browser to look at it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright

from models.centerface import CenterFace
from monitor.config import Settings
from monitor.live import Live
from monitor.panel.app import build_app
from monitor.panel.doorstep import bind, url_of
from monitor.session import Session

CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A test picture of its own for a camera, and no question whether a page may have it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


def chromium() -> str | None:
    """Where Chromium is, None where it is not."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings().changed({"source": "scene:portrait", "port": 0, "idle_after": 0.5})


@pytest.fixture
def new_session(settings: Settings, faces: CenterFace) -> Iterator[Callable[..., Session]]:
    """Makes sessions that are stopped at the end; the detector is the real one, loaded once."""
    made: list[Session] = []

    def new(**changes: object) -> Session:
        session = Session(settings.changed(changes), load_model=lambda _: faces)
        made.append(session)
        return session

    yield new
    for session in made:
        session.stop()


@pytest.fixture
def session(new_session: Callable[..., Session]) -> Session:
    session = new_session()
    session.start()
    return session


@dataclass(frozen=True)
class Served:
    """A panel that answers."""

    url: str
    app: FastAPI
    session: Live


@contextmanager
def serve_here(
    session: Live, settings: Settings, password: str = "", port: int = 0
) -> Iterator[Served]:
    """The panel on a port of this machine, in a thread of this process."""
    listener = bind("127.0.0.1", port, guarded=bool(password))
    app = build_app(session, settings, password=password)
    config = uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        _wait_for(lambda: server.started)
        yield Served(url_of("127.0.0.1", listener), app, session)
    finally:
        for easel in app.state.easels:
            easel.close()
        server.should_exit = True
        thread.join(5)
        listener.close()
    assert not thread.is_alive()


def _wait_for(condition: Callable[[], object], timeout: float = 10.0) -> None:
    """Return as soon as the condition holds; fail when it does not within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout} s in vain"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., None]:
    """`wait_for(condition, timeout)`: return as soon as it holds, fail when it does not in time."""
    return _wait_for


@pytest.fixture(scope="session")
def serving() -> Callable[..., AbstractContextManager[Served]]:
    """`serving(session, settings, password, port)`: the panel on loopback, as a context."""
    return serve_here


@pytest.fixture(
    scope="module"
)  # no longer: Playwright keeps an event loop, and asyncio.run wants none
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a screen, a fresh profile."""
    path = chromium()
    if path is None:
        pytest.skip("needs chromium on the PATH (`apt install chromium`)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def browser_with(browser: Browser) -> Callable[..., AbstractContextManager[Browser]]:
    """`browser_with(*flags)`: another Chromium, with these flags besides, as a context."""

    @contextmanager
    def launched(*flags: str) -> Iterator[Browser]:
        another = browser.browser_type.launch(executable_path=chromium(), args=[*CHROMIUM, *flags])
        try:
            yield another
        finally:
            another.close()

    return launched
