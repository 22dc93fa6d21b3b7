"""OpenCV's captures, as far as this package uses them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import isfinite
from typing import Protocol

import cv2

from streams.frame import Pixels
from streams.pixels import as_bgr8


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that the producers call; tests bring their own."""

    def isOpened(self) -> bool:
        """Whether the medium could be opened."""
        ...

    def read(self) -> tuple[bool, cv2.typing.MatLike]:
        """Return (True, picture) or (False, None)."""
        ...

    def get(self, propId: int, /) -> float:
        """Return a property, 0 where it is not known."""
        ...

    def release(self) -> None:
        """Let go of the medium."""
        ...


def open_capture(
    medium: str | int, backends: Sequence[int] = (cv2.CAP_ANY,), options: Sequence[int] = ()
) -> Capture:
    """Open a file, a camera or a URL with the first backend that can; OpenCV is silenced before.

    `options` are OpenCV's pairs of property and value, for what must be known at the opening.
    """
    silence()
    capture = cv2.VideoCapture(medium, backends[0], list(options))
    for backend in backends[1:]:
        if capture.isOpened():
            break
        capture = cv2.VideoCapture(medium, backend, list(options))
    return capture


def decode(capture: Capture) -> Pixels | None:
    """Return the next picture, None when the capture has none; cv2.error where its native code fails."""
    grabbed, picture = capture.read()
    return as_bgr8(picture) if grabbed and picture is not None and picture.size else None


def stated_rate(capture: Capture) -> float | None:
    """Return the frames a second that the medium states, None where that cannot be a rate.

    Containers without a rate are reported as 0, NaN, or the ticks of their clock (1000 for
    Matroska, 90000 for MPEG).
    """
    rate = capture.get(cv2.CAP_PROP_FPS)
    return rate if isfinite(rate) and 0 < rate < 1000 else None


def silence() -> None:
    """Keep OpenCV and FFmpeg from writing to stderr, where the user reads our own messages.

    Both settings are OpenCV's own and hold for the whole process; a level that the user chose in the
    environment is left alone. FFmpeg's is read once, when the first file is opened.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # OpenCV 4 has it at the top, OpenCV 5 in cv2.utils.logging; 0 is silence in both.
        getattr(cv2.utils, "logging", cv2).setLogLevel(0)
