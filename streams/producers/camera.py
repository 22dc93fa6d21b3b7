"""A camera that the operating system knows by a number."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2

from streams.clock import SYSTEM_CLOCK, Clock
from streams.errors import SourceBusy, SourceNotFound, SourceUnreadable, StreamError
from streams.frame import Pixels, SourceProperties
from streams.producers.capture import Capture, decode, open_capture, stated_rate
from streams.producers.devices import listed_cameras
from streams.producers.producer import Picture

# Seconds of failed reads before a camera counts as dead. The first picture may take longer (exposure
# settles); later the patience is short, so that closing stays within its two seconds.
_FIRST_PICTURE: Final = 3.0
_NEXT_PICTURE: Final = 1.0
_BETWEEN_READS: Final = 0.05


class CameraProducer:
    """A webcam, an USB or a built-in camera.

    Parameters
    ----------
    index : its number, 0 for the first.
    capture : opens it; tests bring their own.
    clock : for the patience with a camera that delivers nothing.
    listed : the indexes that the system lists, or None if it does not.
    """

    def __init__(
        self,
        index: int,
        *,
        capture: Callable[[int], Capture] | None = None,
        clock: Clock = SYSTEM_CLOCK,
        listed: Callable[[], tuple[int, ...] | None] = listed_cameras,
    ) -> None:
        self._index = index
        self._name = f"camera {index}"
        self._open_capture = _native_capture if capture is None else capture
        self._clock = clock
        self._listed = listed
        self._waiting = threading.Condition()
        self._capture: Capture | None = None
        self._first: Pixels | None = None

    def open(self) -> SourceProperties:
        """Open the camera and wait for its first picture.

        Raises
        ------
        SourceNotFound : the system has no such camera.
        SourceBusy : it does not open, or opens and delivers nothing.
        SourceUnreadable : the user may not use it.
        """
        cameras = self._listed()
        # OpenCV takes a 32-bit number; no system has a camera beyond 255.
        if self._index > 255 or (cameras is not None and self._index not in cameras):
            raise SourceNotFound(self._not_there(cameras))
        capture = self._open_capture(self._index)
        self._capture = capture
        if not capture.isOpened():
            raise self._why_not(cameras)
        self._first = self._grab(capture, _FIRST_PICTURE)
        if self._first is None:
            raise SourceBusy(
                f"{self._name} opens but delivers no picture; close other programs that use it, or "
                "unplug it and plug it in again"
            )
        return SourceProperties(
            name=self._name,
            width=self._first.shape[1],
            height=self._first.shape[0],
            fps=stated_rate(capture),
            frame_count=None,
            live=True,
        )

    def read(self) -> Picture | None:
        """Return the next picture; a camera has no end, so never None while it is open.

        Raises
        ------
        SourceBusy : it stopped delivering.
        """
        if self._capture is None:
            return None
        first, self._first = self._first, None
        pixels = first if first is not None else self._grab(self._capture, _NEXT_PICTURE)
        if pixels is None:
            raise SourceBusy(
                f"{self._name} stopped delivering pictures; check its cable, close other programs that "
                "use it, and start again"
            )
        return Picture(pixels=pixels, media_time=None)

    def close(self) -> None:
        """Release the camera."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def _grab(self, capture: Capture, patience: float) -> Pixels | None:
        deadline = self._clock.monotonic() + patience
        while True:
            try:
                pixels = decode(capture)
            except cv2.error:  # a picture that was damaged on the cable
                pixels = None
            left = deadline - self._clock.monotonic()
            if pixels is not None or left <= 0:
                return pixels
            with self._waiting:
                self._clock.wait(self._waiting, min(_BETWEEN_READS, left))

    def _not_there(self, cameras: tuple[int, ...] | None) -> str:
        if cameras:
            found = f"this machine has {', '.join(map(str, cameras))}; choose one of these"
        else:
            found = "no camera was found; plug one in, or take scene:portrait"
        return f"{self._name}: there is no such device; {found}"

    def _why_not(self, cameras: tuple[int, ...] | None) -> StreamError:
        if cameras is None:
            return SourceNotFound(
                f"{self._name}: there is no such device, or it may not be used; plug it in, and allow "
                "camera access in the system's privacy settings"
            )
        device = Path(f"/dev/video{self._index}")
        if device.exists() and not os.access(device, os.R_OK | os.W_OK):
            return SourceUnreadable(
                f"{self._name}: no permission to use {device}; add the user to the group `video` and log "
                "in again"
            )
        return SourceBusy(
            f"{self._name} is there but does not open; close other programs that use it, or choose another"
        )


def _native_capture(index: int) -> Capture:
    # Named backends first: asking for any of them makes OpenCV try the number with each one in turn.
    backends = {
        "linux": (cv2.CAP_V4L2,),
        "darwin": (cv2.CAP_AVFOUNDATION,),
        # Media Foundation takes up to half a minute to open some webcams; DirectShow does not.
        "win32": (cv2.CAP_DSHOW, cv2.CAP_MSMF),
    }
    capture = open_capture(index, backends.get(sys.platform, (cv2.CAP_ANY,)))
    if isinstance(capture, cv2.VideoCapture):
        # The driver's queue would add its length to the delay of every picture.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture
