"""A session on each kind of real server, while the server is killed, held and slowed ten times."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cameras import Camera, HlsCamera, MjpegCamera, RtspCamera, has_ffmpeg, has_rtsp

from models.centerface import CenterFace
from monitor.config import Settings
from monitor.session import Session
from monitor.status import SessionState

ROUNDS = 10
WAIT = 0.5
"""Seconds; the longest backoff, which a recovery may add to its two seconds."""
READ_TIMEOUT = 1.5
ALLOWED = 2.0 + WAIT

KINDS: dict[str, Callable[[Path], Camera]] = {
    "rtsp": lambda _: RtspCamera(),
    "mjpeg": lambda _: MjpegCamera(),
    "hls": HlsCamera,
}


def rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def wait_for(happened: Callable[[], bool], within: float, what: str) -> float:
    """Seconds until it happened."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < within, what
        time.sleep(0.01)
    return time.monotonic() - began


def comes_back(session: Session, within: float) -> float:
    """Seconds until a frame that was captured from now on."""
    now = time.monotonic()

    def fresh() -> bool:
        _, seen = session.broadcast.newest()
        return seen is not None and seen.frame.captured_at > now

    return wait_for(fresh, within, f"no picture within {within} s: {session.status}")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", list(KINDS))
def test_given_a_server_that_is_killed_held_and_slowed_ten_times_then_the_session_recovers(
    kind: str, tmp_path: Path, faces: CenterFace
) -> None:
    if (kind == "rtsp" and not has_rtsp()) or (kind != "rtsp" and not has_ffmpeg()):
        pytest.skip("the server is not installed")
    threads, files = threading.active_count(), descriptors()
    recoveries: list[float] = []
    memory: list[float] = []
    with KINDS[kind](tmp_path) as camera:
        settings = Settings().changed(
            {
                "source": camera.url,
                "width": 160,
                "idle_after": 0,
                "open_timeout": 3.0,
                "read_timeout": READ_TIMEOUT,
                "reconnect_wait": WAIT,
            }
        )
        session = Session(settings, load_model=lambda _: faces)
        session.start()
        lost = lambda: session.status.state is SessionState.RECONNECTING  # noqa: E731
        try:
            comes_back(session, 10)
            for _ in range(ROUNDS):
                camera.kill()
                wait_for(lost, READ_TIMEOUT + 4, "the loss was not noticed")
                assert "lost for" in session.status.trouble
                camera.start()
                recoveries.append(comes_back(session, 15))

                camera.hold()
                wait_for(lost, READ_TIMEOUT + 4, "the standstill was not noticed")
                camera.release()
                recoveries.append(comes_back(session, 15))

                camera.slow(1.0)
                recoveries.append(comes_back(session, 15))
                memory.append(rss_mb())
            health = session.status.health
        finally:
            session.stop(10.0)
    print(
        f"{kind}: slowest {max(recoveries):.2f} s, {health}, MB {memory[0]:.0f} to {memory[-1]:.0f}"
    )
    assert max(recoveries) <= ALLOWED, [round(each, 2) for each in recoveries]
    assert health.reconnects >= 2 * ROUNDS
    assert health.abandoned == 0
    assert session.status.state is SessionState.STOPPED
    assert memory[-1] - memory[ROUNDS // 3] < 10.0, memory
    wait_for(lambda: threading.active_count() <= threads, 10, "a thread is left over")
    wait_for(lambda: descriptors() <= files, 10, "a descriptor is left over")
