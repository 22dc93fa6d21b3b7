"""Where in a frame an attack has to look: the surroundings of the objects, cut out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy.typing as npt

Rect = tuple[int, int, int, int]
"""x0, y0, x1, y1 in whole pixels; x1 and y1 are the first ones outside."""

MARGINS: Final = (128, 96, 64, 32)
"""Pixels kept round an object. The more the better: what is cut off makes the excerpt's answer another."""

ENOUGH: Final = 0.3
"""Share of the frame up to which a wider margin is taken: ten passes then cost what three frames do."""

GRID: Final = 32
"""Sides are multiples of it, as the nets have them, so that nothing is padded."""

WHOLE: Final = 0.7
"""Share of the frame from which cutting out no longer pays."""


def excerpts(boxes: npt.NDArray[Any], width: int, height: int) -> list[Rect]:
    """Rectangles round the boxes (n, 4), xyxy in pixels; those that touch are made one.

    The whole frame where they take up most of it, or where there is no box.
    """
    for margin in MARGINS:
        rects = _apart([_round(box, margin, width, height) for box in boxes])
        covered = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in rects) / (width * height)
        if 0 < covered <= (WHOLE if margin == MARGINS[-1] else ENOUGH):
            return rects
    return [(0, 0, width, height)]


def _round(box: npt.NDArray[Any], margin: int, width: int, height: int) -> Rect:
    x0, y0 = (max(int((edge - margin) // GRID) * GRID, 0) for edge in box[:2])
    x1 = min(-int((-box[2] - margin) // GRID) * GRID, width)
    y1 = min(-int((-box[3] - margin) // GRID) * GRID, height)
    # A box may lie outside of the frame, all of it.
    return min(x0, width - 1), min(y0, height - 1), max(x1, 1), max(y1, 1)


def _apart(rects: Sequence[Rect]) -> list[Rect]:
    """No two overlap: those that do become the one round both."""
    done: list[Rect] = []
    for rect in rects:
        joined = rect
        touching = [other for other in done if _overlap(joined, other)]
        while touching:
            done = [other for other in done if other not in touching]
            joined = _both([joined, *touching])
            touching = [other for other in done if _overlap(joined, other)]
        done.append(joined)
    return done


def _overlap(a: Rect, b: Rect) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _both(rects: Sequence[Rect]) -> Rect:
    x0, y0, x1, y1 = zip(*rects, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
