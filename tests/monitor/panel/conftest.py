"""A real session on the portrait, the panel in front of it, and a browser to look at it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from models.centerface import CenterFace
from monitor.config import Settings
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
]


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
    session: Session


@contextmanager
def serving(session: Session, settings: Settings, password: str = "") -> Iterator[Served]:
    """The panel on a free port of this machine, in a thread of this process."""
    listener = bind("127.0.0.1", 0, guarded=bool(password))
    app = build_app(session, settings, password=password)
    config = uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield Served(url_of("127.0.0.1", listener), app, session)
    finally:
        app.state.gallery.close()
        server.should_exit = True
        thread.join(5)
        listener.close()
    assert not thread.is_alive()


def wait_for(condition: Callable[[], object], timeout: float = 10.0) -> None:
    """Return as soon as the condition holds; fail when it does not within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout} s in vain"
        time.sleep(0.01)


def chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs chromium on the PATH (`apt install chromium`)")
    return str(Path(path))
