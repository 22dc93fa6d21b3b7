"""Pictures for the times when there is no frame: waiting, failed; and a stamp on one that stands still."""

from __future__ import annotations

import textwrap
from typing import Final

import cv2
import numpy as np

from monitor.arrays import Pixels
from monitor.pictures import Colour, draw_label, enlarged, text_scale

_GROUND: Final[Colour] = (39, 32, 30)
_QUIET: Final[Colour] = (190, 180, 175)
_LOUD: Final[Colour] = (0, 94, 213)  # vermilion, the colour of what is lost
_STAMP: Final[Colour] = (60, 50, 46)
_FONT: Final = cv2.FONT_HERSHEY_DUPLEX
_SMALLEST: Final = 480  # pixels; text on narrower ground would not be legible


def waiting_picture(size: tuple[int, int], text: str) -> Pixels:
    """A dark ground of the frame's shape with a word on what is awaited."""
    return _written(size, "", text)


def failed_picture(size: tuple[int, int], reason: str) -> Pixels:
    """A dark ground of the frame's shape with the reason, wrapped so that all of it can be read."""
    return _written(size, "No picture", reason or "the session failed; see the log")


def stamped(picture: Pixels, word: str) -> Pixels:
    """A copy with a word in its lower left corner."""
    marked = enlarged(picture, 1)
    height = marked.shape[0]
    draw_label(marked, (0, 2 * height, 0, 2 * height), word, _STAMP)
    return marked


def _written(size: tuple[int, int], title: str, text: str) -> Pixels:
    width, height = size
    if width < _SMALLEST:
        width, height = _SMALLEST, max(1, round(height * _SMALLEST / width))
    picture = np.full((height, width, 3), _GROUND, np.uint8)
    scale = 1.4 * text_scale(picture)
    while scale > 0.3:
        lines = _lines(text, width, scale)
        if _line_height(scale) * (len(lines) + bool(title)) <= height:
            break
        scale -= 0.05
    step = _line_height(scale)
    rows = [(title, _LOUD)] if title else []
    rows += [(line, _QUIET) for line in lines]
    top = (height - step * len(rows)) // 2
    for i, (row, colour) in enumerate(rows):
        (w, h), _ = cv2.getTextSize(row, _FONT, scale, 1)
        place = (max((width - w) // 2, 0), top + i * step + (step + h) // 2)
        cv2.putText(picture, row, place, _FONT, scale, colour, 1, cv2.LINE_AA)
    return picture


def _lines(text: str, width: int, scale: float) -> list[str]:
    (sample, _), _ = cv2.getTextSize("n" * 40, _FONT, scale, 1)
    return textwrap.wrap(text, max(8, int(width * 0.9 / (sample / 40)))) or [""]


def _line_height(scale: float) -> int:
    return round(42 * scale)
