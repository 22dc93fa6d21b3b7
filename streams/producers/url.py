"""A camera, or a recording, that is reached by a URL: RTSP, MJPEG over HTTP, HLS, whatever FFmpeg opens."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from math import isfinite
from typing import Final
from urllib.parse import urlsplit

import cv2

from streams.clock import SYSTEM_CLOCK, Clock
from streams.errors import SourceLost, SourceNotFound, SourceUnreadable
from streams.frame import Pixels, SourceProperties
from streams.lag import Lag
from streams.naming import without_credentials
from streams.pacing import Pacer
from streams.patience import PATIENT, Patience
from streams.producers.capture import Capture, decode, open_capture, stated_rate
from streams.producers.media_time import MediaTime
from streams.producers.producer import Picture

SCHEMES: Final = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "rtp", "udp", "tcp", "srt")
"""What can be opened. `file:` and the like are left out: a URL from elsewhere must not read this disk."""

# Reads that fail at once are damaged packets; so many in a row are the end of the connection.
_FAILURES_IN_A_ROW: Final = 20
# Their pictures carry the camera's own clock; MJPEG's carry none, FFmpeg counts 25 a second.
_CLOCKED: Final = ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "srt")


class UrlProducer:
    """Pictures from the network.

    FFmpeg interrupts its own calls at the time-outs, so a server that stands still does not hold the thread.
    RTSP goes over TCP unless OPENCV_FFMPEG_CAPTURE_OPTIONS says otherwise: over UDP a lost packet is a torn
    picture, and one would measure the network's faults for the attack's.

    Parameters
    ----------
    url : with its login, if it needs one; neither shown nor logged.
    patience : its time-outs.
    capture : opens it; tests bring their own.
    clock : for time-outs, delays and the pace of HLS, whose pictures come a segment at a time.
    """

    def __init__(
        self,
        url: str,
        *,
        patience: Patience = PATIENT,
        capture: Callable[[str], Capture] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        parts = urlsplit(url)
        self._url = url
        self._name = without_credentials(url)
        self._scheme = parts.scheme.lower()
        self._segmented = parts.path.lower().endswith((".m3u8", ".m3u"))
        self._patience = patience
        self._clock = clock
        self._open_capture = capture or partial(_native_capture, patience=patience)
        self._waiting = threading.Condition()
        self._capture: Capture | None = None
        self._first: Pixels | None = None
        self._time = MediaTime(None)
        self._lag = Lag()
        self._pacer: Pacer | None = None
        self._began = 0.0
        self._live = True

    def open(self) -> SourceProperties:
        """Connect and decode the first picture.

        Raises
        ------
        SourceNotFound : nobody answers, or there is no such stream.
        SourceUnreadable : a scheme that is not opened.
        """
        if self._scheme not in SCHEMES:
            raise SourceUnreadable(
                f"{self._name}: {self._scheme or 'no scheme'} is not opened; give a URL that begins with "
                "rtsp://, http:// or https://, or the path of a file"
            )
        began = self._clock.monotonic()
        capture = self._open_capture(self._url)
        self._capture = capture
        first = self._decode(capture) if capture.isOpened() else None
        if first is None:
            took = self._clock.monotonic() - began
            raise SourceNotFound(
                f"{self._name}: no picture came ({self._why(took, self._patience.open_timeout)}); check the "
                "address, the login and that the camera is on"
            )
        self._first = first
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        # A stream without an end states none, or a negative one.
        recorded = isfinite(count) and 0 < count < 2**53 and self._scheme in ("http", "https")
        self._live = not recorded
        rate = stated_rate(capture)
        self._time = MediaTime(rate if self._keeps_time else None)
        self._lag = Lag()
        self._pacer = Pacer() if self._live and self._segmented else None
        self._began = self._clock.monotonic()
        return SourceProperties(
            name=self._name,
            width=first.shape[1],
            height=first.shape[0],
            fps=rate,
            frame_count=int(count) if recorded else None,
            live=self._live,
        )

    def read(self) -> Picture | None:
        """Return the next picture; None at the end of a recording.

        Raises
        ------
        SourceLost : a live stream ended, or nothing came within `read_timeout`.
        """
        capture = self._capture
        if capture is None:
            return None
        began = self._clock.monotonic()
        first, self._first = self._first, None
        pixels = first if first is not None else self._decode(capture)
        now = self._clock.monotonic()
        if pixels is None and not self._live:
            return None
        took, limit = now - began, self._patience.read_timeout
        # A call that was interrupted may still hand out a picture that the decoder had kept, seen twice on
        # RTSP: it is as old as the time-out.
        if pixels is None or (self._live and took >= 0.95 * limit):
            raise SourceLost(
                f"{self._name}: the pictures stopped ({self._why(took, limit)}); check the camera and the "
                "network"
            )
        if not self._keeps_time:
            return Picture(pixels, media_time=now - self._began)
        time = self._time.next(capture.get(cv2.CAP_PROP_POS_MSEC))
        if self._pacer is not None:
            self._wait_until_due(self._pacer, time)
        late = 0.0
        if time is not None and self._live and self._scheme in _CLOCKED:
            late = self._lag.update(time, now)
        return Picture(pixels, media_time=time, late=late)

    def close(self) -> None:
        """Let go of the connection."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    @property
    def _keeps_time(self) -> bool:
        return self._scheme in _CLOCKED or self._segmented or not self._live

    def _decode(self, capture: Capture) -> Pixels | None:
        began = self._clock.monotonic()
        for _ in range(_FAILURES_IN_A_ROW):
            try:
                pixels = decode(capture)
            except (cv2.error, ValueError):  # a picture that was damaged on the way
                pixels = None
            if pixels is not None:
                return pixels
            if self._clock.monotonic() - began >= self._patience.read_timeout:
                return None
        return None

    def _wait_until_due(self, pacer: Pacer, time: float | None) -> None:
        with self._waiting:
            while (wait := pacer.delay(time, self._clock.monotonic())) > 0:
                # A jump in the stream's own clock must not hold it up for ever.
                self._clock.wait(self._waiting, min(wait, 1.0))
                if wait > self._patience.read_timeout:
                    pacer.restart()

    def _why(self, took: float, limit: float) -> str:
        if took >= 0.9 * limit:
            return f"nothing within {limit:g} s"
        return "the connection was refused or closed"


def _native_capture(url: str, patience: Patience) -> Capture:
    # Read by OpenCV at every opening, and for the whole process; what the user set is left alone.
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
    limits = [
        *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(1000 * patience.open_timeout)),
        *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(1000 * patience.read_timeout)),
        # Every further thread of the decoder keeps a picture back: two of H.264 on two cores.
        *(cv2.CAP_PROP_N_THREADS, 1),
    ]
    return open_capture(url, (cv2.CAP_FFMPEG,), limits)
