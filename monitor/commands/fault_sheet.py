"""Every natural fault at five severities on one picture: a contact sheet to look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from monitor.arrays import Pixels
from monitor.corruptions.fault import WORST
from monitor.errors import MonitorError
from monitor.faults import FAULTS
from monitor.faulty import fault_seed
from streams.opening import open_source
from streams.scaling import scaled

FRAMES: Final = 24
"""Frames that a fault is on before the one that is shown: drops have fallen, a link has lost something."""

CELL: Final = 232
"""Width of a picture, pixels."""

_QUALITY: Final = (cv2.IMWRITE_JPEG_QUALITY, 85)  # where the file is a .jpg
_MARGIN: Final = 6
_LABEL: Final = 24
_WIDTH: Final = 480  # of the frames that the faults are put on, before they are shrunk to a cell
_INK, _PAPER = (40, 40, 40), 255
_WAIT: Final = 20.0


def write_sheet(source: str, file: Path) -> None:
    """Draw the sheet: a row a fault, in the order of the catalogue; severities 1 to 5 from left to right.

    Raises
    ------
    streams.errors.StreamError : the source cannot be opened or gives no frame.
    MonitorError : the file cannot be written.
    """
    if not cv2.haveImageWriter(str(file)):
        raise _unwritten(file)  # before half a minute of drawing
    frames = _frames(source)
    head = _row("none: the frame as it came", [frames[-1]])
    rows = [head, *(_row(name, list(_five(name, frames))) for name in FAULTS)]
    written = False
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        written = cv2.imwrite(str(file), np.vstack(rows), _QUALITY)
    except (OSError, cv2.error):
        pass
    if not written:
        raise _unwritten(file)


def _unwritten(file: Path) -> MonitorError:
    return MonitorError(f"{file}: cannot be written; name a .png or .jpg in a folder of your own")


def _frames(source: str) -> list[Pixels]:
    frames: list[Pixels] = []
    with open_source(source) as opened:
        while len(frames) < FRAMES and (frame := opened.read(_WAIT)) is not None:
            frames.append(scaled(frame, _WIDTH).pixels)
    if not frames:
        raise MonitorError(f"{source}: no frame came; name another source")
    return frames


def _five(name: str, frames: list[Pixels]) -> Iterator[Pixels]:
    height, width = frames[0].shape[:2]
    for severity in range(1, WORST + 1):
        fault = FAULTS[name].build((height, width, 3), fault_seed(0, 0, name))
        for at, frame in enumerate(frames):
            shown = fault.apply(frame, severity, at)
        yield shown


def _row(title: str, pictures: list[Pixels]) -> Pixels:
    height, width = pictures[0].shape[:2]
    size = CELL, max(round(CELL * height / width), 1)
    row = np.full(
        (size[1] + _LABEL + _MARGIN, (CELL + _MARGIN) * WORST + _MARGIN, 3), _PAPER, np.uint8
    )
    place, font = (_MARGIN, _LABEL - 7), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(row, title.replace("_", " "), place, font, 0.5, _INK, 1, cv2.LINE_AA)
    for i, picture in enumerate(pictures):
        left = _MARGIN + i * (CELL + _MARGIN)
        shrunk = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        row[_LABEL : _LABEL + size[1], left : left + CELL] = shrunk
    return row
