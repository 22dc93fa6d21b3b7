"""Which cameras `camdrift doctor` finds, what they deliver, and what modes they take.

Whatever touches the system is a parameter; the defaults really look.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import cv2

from models.errors import reason
from monitor.commands.doctor_findings import Finding, State, bounded, guarded, told
from streams.errors import StreamError
from streams.opening import probe_camera
from streams.producers.capture import open_capture, stated_rate
from streams.producers.devices import listed_cameras

CAMERA_LIMIT: Final = 4.0
"""Seconds for one camera, its first picture and its modes together."""

SIZES: Final = ((320, 240), (640, 480), (800, 600), (1280, 720), (1920, 1080))
"""What a camera is asked for; it answers with the nearest that it has."""

_TRIED: Final = range(4)  # cameras, where the system does not list them
_WITHOUT: Final = "without a camera `camdrift live --source scene:portrait` works too"


def may_use(index: int) -> bool:
    """Whether the user may open /dev/videoN; True where there is no such file to ask."""
    device = Path(f"/dev/video{index}")
    return not device.exists() or os.access(device, os.R_OK | os.W_OK)


def open_camera(index: int) -> cv2.VideoCapture:
    """OpenCV's capture of a camera."""
    # DirectShow, as the camera is opened for pictures: Media Foundation may take half a minute.
    capture = open_capture(index, (cv2.CAP_DSHOW if sys.platform == "win32" else cv2.CAP_ANY,))
    assert isinstance(capture, cv2.VideoCapture)
    return capture


def camera_modes(
    index: int, opened: Callable[[int], cv2.VideoCapture] = open_camera
) -> Iterator[str]:
    """The mode that a camera opens in, then the one it comes to for each of `SIZES`: "640x480 at 30 fps"."""
    capture = opened(index)
    try:
        if not capture.isOpened():
            return
        yield _mode(capture)
        for width, height in SIZES:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
            yield _mode(capture)
    finally:
        capture.release()


def _mode(capture: cv2.VideoCapture) -> str:
    width, height = (
        int(capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    rate = stated_rate(capture)
    return f"{width}x{height}" + (f" at {rate:g} fps" if rate else "")


def cameras(
    *,
    probe: bool = True,
    listed: Callable[[], tuple[int, ...] | None] = listed_cameras,
    permitted: Callable[[int], bool] = may_use,
    first_picture: Callable[[int], str] = probe_camera,
    modes: Callable[[int], Iterator[str]] = camera_modes,
    limit: float = CAMERA_LIMIT,
) -> list[Finding]:
    """One finding a camera; one that delivers nothing is wrong only where no other does.

    Parameters
    ----------
    probe : open each, take a picture and ask for its modes.
    listed : the cameras that the system lists, None where it lists none.
    permitted : whether the user may open that camera.
    first_picture : its size, or a StreamError.
    modes : the mode it is in, then those it takes.
    limit : seconds for each.
    """
    indexes = listed()
    if indexes is None and not probe:
        return [Finding("cameras", State.OK, "this system does not list them; not probed")]

    def look(index: int) -> list[Finding]:
        name = f"camera {index}"
        if not permitted(index):
            found = f"no permission to use /dev/video{index}"
            remedy = "`sudo usermod -aG video $USER` (group video), then log in again"
            return [Finding(name, State.WRONG, found, remedy)]
        if not probe:
            return [Finding(name, State.OK, "there; not probed")]
        return [_probed(name, lambda: first_picture(index), lambda: modes(index), limit)]

    findings = [
        finding
        for index in (_TRIED if indexes is None else indexes)
        for finding in guarded(f"camera {index}", partial(look, index), _WITHOUT)
    ]
    delivers = any(finding.state is State.OK for finding in findings)
    if indexes is None:  # guesses: those that came to nothing say nothing
        findings = [finding for finding in findings if finding.state is State.OK]
    if not findings:
        return [Finding("cameras", State.WARN, "no camera was found", f"plug one in; {_WITHOUT}")]
    if delivers:
        return findings
    return [replace(finding, state=State.WRONG) for finding in findings]


def _probed(
    name: str, first_picture: Callable[[], str], modes: Callable[[], Iterator[str]], limit: float
) -> Finding:
    end = time.monotonic() + limit
    try:
        size = bounded(first_picture, limit)
    except TimeoutError:
        remedy = f"unplug it and plug it in again, close other programs that use it; {_WITHOUT}"
        return Finding(name, State.WARN, f"no picture within {limit:g} s", remedy)
    except StreamError as error:
        found, remedy = told(error)
        # Many webcams have a second number, for metadata, that never delivers a picture.
        return Finding(name, State.WARN, found.removeprefix(name).lstrip(": "), remedy)
    seen: list[str] = []

    def ask() -> None:
        for mode in modes():
            seen.append(mode)  # one by one: what was told before a hang is kept

    cut = ""
    try:
        bounded(ask, end - time.monotonic())
    except TimeoutError:
        cut = f" (cut off after {limit:g} s)"
    except Exception as error:  # noqa: BLE001 - it delivers, which is what counts
        cut = f" (cut off: {reason(error)})"
    current, *taken = [*seen] or [size]
    answer = f"takes {', '.join(dict.fromkeys(taken))}" if taken else "its modes were not told"
    return Finding(name, State.OK, f"delivers {current}; {answer}{cut}")
