"""Real servers on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cameras import HlsCamera, InProcessMjpeg, MjpegCamera, RtspCamera, has_ffmpeg, has_rtsp

from streams.errors import SourceNotFound, SourceTimeout
from streams.opening import open_source
from streams.patience import Patience
from streams.reconnect import Reconnect
from streams.source import VideoSource
from streams.states import SourceState

pytestmark = pytest.mark.timeout(60)

FDS = Path("/proc/self/fd")
QUICK = Patience(
    open_timeout=3.0, read_timeout=1.5, reconnect=Reconnect(first=0.1, most=0.3, settled=0.5)
)


@pytest.fixture
def mjpeg() -> Iterator[InProcessMjpeg]:
    server = InProcessMjpeg()
    yield server
    server.kill()


def next_frame(source: VideoSource, within: float = 10.0):
    deadline = time.monotonic() + within
    while True:
        try:
            return source.read(0.1)
        except SourceTimeout:
            assert time.monotonic() < deadline, source.health


def test_given_an_mjpeg_server_that_goes_and_comes_back_then_the_stream_goes_on(mjpeg) -> None:
    with open_source(mjpeg.url, patience=QUICK) as source:
        assert source.properties.live
        before = next_frame(source)
        mjpeg.kill()
        deadline = time.monotonic() + 10
        while source.health.outage is None:
            assert time.monotonic() < deadline
            with contextlib.suppress(SourceTimeout):
                source.read(0.1)
        with pytest.raises(SourceTimeout, match=r"127\.0\.0\.1.*lost for"):
            source.read(0.1)
        mjpeg.start()
        after = next_frame(source)
        assert (after.lap, source.health.reconnects) == (before.lap + 1, 1)
        assert after.index > before.index


def test_given_nobody_there_then_it_is_told_at_once(mjpeg) -> None:
    mjpeg.kill()
    began = time.monotonic()
    with pytest.raises(SourceNotFound, match="refused"):
        open_source(mjpeg.url, patience=QUICK).start()
    assert time.monotonic() - began < 2.0


def test_given_a_server_that_takes_the_connection_and_says_nothing_then_the_opening_is_interrupted() -> (
    None
):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        began = time.monotonic()
        with pytest.raises(SourceNotFound, match="nothing within 1 s"):
            open_source(url, patience=Patience(open_timeout=1.0)).start()
        assert time.monotonic() - began < 3.0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rtsp", "hls"])
def test_given_a_real_server_then_its_pictures_come_at_their_rate(kind, tmp_path) -> None:
    if kind == "rtsp" and not has_rtsp():
        pytest.skip("GStreamer's RTSP server is not installed")
    if kind == "hls" and not has_ffmpeg():
        pytest.skip("ffmpeg is not installed")
    camera = RtspCamera() if kind == "rtsp" else HlsCamera(tmp_path)
    with camera, open_source(camera.url, patience=Patience()) as source:
        frames = [next_frame(source) for _ in range(40)]
    assert frames[0].size == (160, 120)
    times = [frame.media_time for frame in frames]
    assert times == sorted(set(times))
    # The last 15 are past what had been queued at the opening.
    span = frames[-1].captured_at - frames[-16].captured_at
    assert 0.4 < span < 1.2


def leftovers() -> tuple[int, set[str]]:
    names = {thread.name for thread in threading.enumerate()}
    return len(list(FDS.iterdir())), names


@pytest.mark.skipif(not FDS.exists(), reason="counts descriptors on Linux")
def test_given_a_source_that_is_opened_and_closed_then_no_thread_or_descriptor_is_left(
    mjpeg,
) -> None:
    with open_source(mjpeg.url, patience=QUICK) as source:
        next_frame(source)
    before = leftovers()
    for _ in range(5):
        with open_source(mjpeg.url, patience=QUICK) as source:
            next_frame(source)
        assert source.state is SourceState.CLOSED
    deadline = time.monotonic() + 5
    while leftovers()[0] > before[0]:
        assert time.monotonic() < deadline, (before, leftovers())
        time.sleep(0.02)
    assert "stream reader" not in leftovers()[1]


def test_mjpeg_from_ffmpeg() -> None:
    if not has_ffmpeg():
        pytest.skip("ffmpeg is not installed")
    with MjpegCamera() as camera, open_source(camera.url, patience=QUICK) as source:
        frames = [next_frame(source) for _ in range(3)]
    assert frames[0].index == 0
    assert frames[-1].media_time > 0
