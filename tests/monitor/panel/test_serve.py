"""The server as a process: where it listens, and that it ends when it is told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.panel.app import serve
from monitor.panel.doorstep import bind, url_of
from monitor.session import Session
from monitor.status import SessionState

pytestmark = pytest.mark.timeout(60)

PROGRAM = """
import sys
import threading

def watch(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in ("127.0.0.1", "::1"):
        print("OUTSIDE", args[1], file=sys.stderr, flush=True)
    if event == "socket.getaddrinfo" and args[0] not in ("127.0.0.1", "localhost", None):
        print("OUTSIDE", args[0], file=sys.stderr, flush=True)

sys.addaudithook(watch)
from monitor.config import Settings
from monitor.panel import serve
from monitor.session import Session

settings = Settings().changed({"source": "scene:portrait", "port": 0})
serve(Session(settings), settings, on_ready=lambda url: print(url, flush=True))
print("ended", [thread.name for thread in threading.enumerate() if not thread.daemon], flush=True)
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def open_stream(port: int, name: str) -> socket.socket:
    """A client that has read some of a stream, and reads no more."""
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    client.sendall(f"GET /stream/{name}.mjpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    received = b""
    while b"X-Kind" not in received:
        received += client.recv(4096)
    assert received.startswith(b"HTTP/1.1 200")
    return client


def test_ctrl_c_ends_all_within_two_seconds_though_streams_are_open(
    process: subprocess.Popen[str], record_property: Callable[..., None]
) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:")
    port = int(url.rpartition(":")[2])
    clients = [open_stream(port, name) for name in ("clean", "attacked", "difference", "all")]
    idle = socket.create_connection(("127.0.0.1", port))
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    # Up to here the session, its camera and the server have to end; after it the interpreter takes apart
    # what is loaded, of which torch alone takes 1.1 s on two cores.
    ended = process.stdout.readline()
    took = time.monotonic() - began
    record_property("shutdown_s", round(took, 2))
    assert took < 2.0
    assert ended == "ended ['MainThread']\n"
    assert process.wait(10) == 0
    assert process.stderr.read() == "", "no traceback, no call to the outside"
    for client in (*clients, idle):
        client.close()


def test_sigterm_ends_it_in_order_too(new_session: Callable[..., Session]) -> None:
    session = new_session()
    before = signal.getsignal(signal.SIGTERM)
    urls = []

    def ready(url: str) -> None:
        urls.append(url)
        os.kill(os.getpid(), signal.SIGTERM)

    serve(session, session.settings, on_ready=ready, environ={})
    assert urls[0].startswith("http://127.0.0.1:")
    assert session.status.state is SessionState.STOPPED
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_port_in_use_is_one_clear_line_before_anything_is_loaded(
    new_session: Callable[..., Session],
) -> None:
    with bind("127.0.0.1", 0, guarded=False) as taken:
        port = taken.getsockname()[1]
        session = new_session(port=port)
        with pytest.raises(
            ConfigError, match=rf"port = {port}: in use .* choose another"
        ) as caught:
            serve(session, session.settings, environ={})
    assert "\n" not in str(caught.value)
    assert session.status.frames == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_another_address_needs_a_password(host: str, new_session: Callable[..., Session]) -> None:
    session = new_session(host=host)
    with pytest.raises(ConfigError, match="set a password") as caught:
        serve(session, session.settings, environ={})
    assert "\n" not in str(caught.value)
    assert "CAMDRIFT_PASSWORD" in str(caught.value)


def test_with_a_password_another_address_is_allowed() -> None:
    with bind("0.0.0.0", 0, guarded=True) as listener:
        port = listener.getsockname()[1]
        assert port > 0
        assert url_of("0.0.0.0", listener) == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 70])
def test_an_address_that_does_not_exist_is_one_line(host: str) -> None:
    with pytest.raises(ConfigError, match="no such address"):
        bind(host, 0, guarded=True)


def test_a_session_that_cannot_start_frees_the_port(new_session: Callable[..., Session]) -> None:
    with bind("127.0.0.1", 0, guarded=False) as free:
        port = free.getsockname()[1]
    session = new_session(port=port, source="no-such-file.mp4")
    with pytest.raises(Exception, match="no-such-file"):
        serve(session, session.settings, environ={})
    bind("127.0.0.1", port, guarded=False).close()
    assert session.status.state in (SessionState.NEW, SessionState.STOPPED)
    assert Settings().panel.host == "127.0.0.1"
