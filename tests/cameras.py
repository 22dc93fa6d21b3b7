"""Real network cameras on loopback, as processes that can be killed, held, slowed and brought back."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"
"""GStreamer's bindings come with Debian's Python, not with a virtual environment's."""

_PICTURE = "testsrc2=s=160x120:r=25"


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@cache
def has_ffmpeg() -> bool:
    """Whether the program is there, with its encoder of H.264."""
    return shutil.which("ffmpeg") is not None


@cache
def has_rtsp() -> bool:
    """Whether GStreamer's RTSP server is there."""
    code = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    try:
        return (
            subprocess.run([SYSTEM_PYTHON, "-c", code], capture_output=True, check=False).returncode
            == 0
        )
    except OSError:
        return False


class Camera(ABC):
    """A server in a process group of its own; nothing of it is left when the `with` block ends."""

    url: str

    def __init__(self) -> None:
        self._group: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @abstractmethod
    def start(self) -> None:
        """Serve; returns once a client would get pictures."""

    def kill(self) -> None:
        """End at once."""
        if self._group is not None:
            self._signal(signal.SIGKILL)
            self._group.wait(10)
            if self._group.stdout is not None:
                self._group.stdout.close()
        self._group = None

    def hold(self) -> None:
        """Stand still: connections stay open and nothing comes."""
        self._signal(signal.SIGSTOP)

    def release(self) -> None:
        """Go on."""
        self._signal(signal.SIGCONT)

    def slow(self, seconds: float) -> None:
        """Run for a fifth of each quarter second only."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.hold()
            time.sleep(0.2)
            self.release()
            time.sleep(0.05)

    def _signal(self, number: signal.Signals) -> None:
        if self._group is not None:
            os.killpg(self._group.pid, number)

    def _launch(self, command: list[str], **kwargs: object) -> subprocess.Popen[bytes]:
        self._group = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **kwargs,  # type: ignore[call-overload]
        )
        return self._group


class RtspCamera(Camera):
    """H.264 over RTSP from GStreamer's server."""

    def __init__(self) -> None:
        super().__init__()
        self._port = free_port()
        self.url = f"rtsp://127.0.0.1:{self._port}/cam"

    def start(self) -> None:
        server = HERE / "streams" / "rtsp_server.py"
        group = self._launch([SYSTEM_PYTHON, str(server), str(self._port), "ball"])
        assert group.stdout is not None
        assert group.stdout.readline().strip() == b"serving"


class MjpegCamera(Camera):
    """MJPEG over HTTP from ffmpeg, which serves one client and is started again when that one goes."""

    def __init__(self) -> None:
        super().__init__()
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}/cam.mjpg"

    def start(self) -> None:
        one = f"ffmpeg -v quiet -re -f lavfi -i {_PICTURE} -f mpjpeg -listen 1 {self.url}"
        self._launch(["sh", "-c", f"while true; do {one}; sleep 0.1; done"])
        time.sleep(0.3)


class HlsCamera(Camera):
    """HLS from ffmpeg, with segments of half a second and a plain web server in front of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._port, self._folder = free_port(), folder
        self.url = f"http://127.0.0.1:{self._port}/cam.m3u8"

    def start(self) -> None:
        for old in self._folder.glob("cam*"):
            old.unlink()
        record = (
            f"ffmpeg -v quiet -re -f lavfi -i {_PICTURE} -c:v libx264 -preset ultrafast -tune zerolatency "
            "-g 12 -f hls -hls_time 0.5 -hls_list_size 6 -hls_flags delete_segments cam.m3u8"
        )
        serve = f"exec {sys.executable} -m http.server {self._port} --bind 127.0.0.1"
        self._launch(["sh", "-c", f"{record} & {serve}"], cwd=self._folder)
        deadline = time.monotonic() + 10
        while not (self._folder / "cam.m3u8").exists():
            assert time.monotonic() < deadline, "no segment within 10 s"
            time.sleep(0.05)
        time.sleep(0.5)


class InProcessMjpeg:
    """MJPEG over HTTP from this very process: what every machine can run."""

    def __init__(self, size: tuple[int, int] = (64, 48)) -> None:
        self._size = size
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self._stop = threading.Event()
        self.start()
        self.url = f"http://127.0.0.1:{self._port}/cam.mjpg"

    def start(self) -> None:
        """Serve, on the port that it had before."""
        stop, size = threading.Event(), self._size

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
                self.end_headers()
                number = 0
                try:
                    while not stop.wait(0.02):
                        pixels = np.full((size[1], size[0], 3), number % 256, np.uint8)
                        data = cv2.imencode(".jpg", pixels)[1].tobytes()
                        head = f"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                        self.wfile.write(head.encode() + data + b"\r\n")
                        number += 1
                except OSError:
                    pass

            def log_message(self, *_: object) -> None:
                pass

        self._stop = stop
        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def kill(self) -> None:
        """End all answers and the server."""
        self._stop.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self._server = None
