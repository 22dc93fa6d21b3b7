"""Many clients, slow clients, rude clients: nobody waits for them, and nothing of them stays."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from monitor.config import Settings
from monitor.session import Session

pytestmark = pytest.mark.timeout(120)

CLIENTS = 100
POOL = "AnyIO worker thread"
"""Starlette's pool for what may block: it grows with use, to 40 threads, and shrinks with time."""

SPAN = 5.0  # seconds that rates are taken over


@pytest.fixture
def panel(
    settings: Settings,
    new_session: Callable[..., Session],
    serving: Callable[..., AbstractContextManager[Any]],
) -> Iterator[Any]:
    session = new_session(attack="fgsm", width=160)
    session.start()
    with serving(session, settings) as served:
        yield served


def connected(url: str, path: str, *, window: int = 0) -> socket.socket:
    place = urlsplit(url)
    client = socket.socket()
    client.settimeout(10)
    if window:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    client.connect((place.hostname, place.port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
    return client


def pictures(url: str, span: float) -> int:
    """Pictures that arrive in so many seconds from the first on."""
    count, begun = 0, 0.0
    with httpx.stream("GET", url + "/stream/attacked.mjpg", timeout=10) as answer:
        for data in answer.iter_raw():
            begun = begun or time.monotonic()
            count += data.count(b"X-Version")
            if time.monotonic() - begun > span:
                break
    return count


def test_a_slow_visitor_slows_nobody(panel: Any) -> None:
    done = threading.Event()
    read = 0

    def sip() -> None:
        nonlocal read
        with connected(panel.url, "/stream/all.mjpg", window=4096) as client:
            while not done.wait(0.1):
                read += len(client.recv(1024))

    slow = threading.Thread(target=sip)
    slow.start()
    try:
        before = panel.session.status.frames
        fast = pictures(panel.url, SPAN)
        frames = panel.session.status.frames - before
    finally:
        done.set()
        slow.join(10)
    assert 0 < read < 200_000, "it was slow"
    # Against the session's own rate in the same time, whatever the machine does beside it.
    assert fast >= 0.8 * frames, f"{fast} pictures of {frames} frames"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts descriptors in /proc")
def test_a_hundred_clients_leave_nothing_behind(panel: Any, wait_for: Callable[..., None]) -> None:
    loop = held = None

    def state() -> tuple[int, int, int, int]:
        return (
            len(asyncio.all_tasks(loop)),
            len([each for each in threading.enumerate() if each.name != POOL]),
            len(list(Path("/proc/self/fd").iterdir())),
            len(panel.app.state.gallery._readers),
        )

    with connected(panel.url, "/stream/clean.mjpg") as first:
        first.recv(1000)
        loop = next(iter(panel.app.state.gallery._readers))._loop
    for path in ("/", "/snapshot.zip"):  # what is made once, is made now
        assert httpx.get(panel.url + path, timeout=20).status_code == 200
    wait_for(lambda: not panel.app.state.gallery._readers, 10)
    time.sleep(0.2)  # the connections of the warm-up end a moment after their answers
    held = state()
    for i in range(CLIENTS):
        path = ("/stream/all.mjpg", "/stream/clean.mjpg", "/", "/api/v1/status")[i % 4]
        with connected(panel.url, path, window=8192 if i % 3 == 0 else 0) as client:
            if i % 5:
                client.recv(500 * (i % 7 + 1))
            if i % 2:  # gone in the middle of a picture, without a farewell
                linger = struct.pack("ii", 1, 0)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    wait_for(lambda: all(now <= then for now, then in zip(state(), held, strict=True)), 20)
    with panel.session._wake:
        assert panel.session._viewers == 0
    assert pictures(panel.url, 1.0) > 0
