"""The ways that tracks have taken, drawn behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from monitor.arrays import Pixels
from monitor.drift.trails import Trail, TrailPoint

Colour = tuple[int, int, int]

PALETTE: Final[tuple[Colour, ...]] = (
    (233, 180, 86),  # sky blue
    (66, 228, 240),  # yellow
    (255, 255, 255),  # white
    (214, 120, 20),  # blue, a little lighter than theirs: it has to show on asphalt
)
"""BGR; what Okabe and Ito's palette (2008) has besides the colours of the outcomes, and white."""

MADE_UP: Final[Colour] = (167, 121, 204)  # the reddish purple of what is fabricated
_CASING: Final[Colour] = (24, 24, 24)
_FINE: Final = 4  # bits after the point of a coordinate, for OpenCV
_PARTS: Final = 3  # thicknesses that a trail is drawn in, the newest part the thickest


def trail_colour(track_id: int, *, made_up: bool) -> Colour:
    """The colour of a track, the same in both pictures."""
    return MADE_UP if made_up else PALETTE[(track_id - 1) % len(PALETTE)]


def draw_trails(picture: Pixels, trails: Sequence[Trail], *, zoom: int, line: int) -> None:
    """Draw trails that grow thicker towards their newest end, where a dot marks the middle of the box.

    Parameters
    ----------
    picture : uint8 BGR, drawn into.
    trails : in pixels of the frame; those that have not moved are left out.
    zoom : how much larger the picture is than the frame.
    line : thickness of the thickest part, pixels of the picture.
    """
    for trail in filter(lambda trail: trail.moved, trails):
        colour = trail_colour(trail.track_id, made_up=trail.made_up)
        for casing in (True, False):
            for piece in trail.pieces():
                _draw_piece(
                    picture, piece, trail, zoom, line, _CASING if casing else colour, casing
                )


def draw_faint_trails(picture: Pixels, trails: Sequence[Trail], *, zoom: int) -> None:
    """The same trails as thin lines, for comparison behind others: where the clean answer saw the tracks."""
    for trail in filter(lambda trail: trail.moved, trails):
        colour = trail_colour(trail.track_id, made_up=trail.made_up)
        for piece in trail.pieces():
            ends = [_scaled(piece, zoom)]
            cv2.polylines(picture, ends, False, _CASING, 3, cv2.LINE_AA, _FINE)
            cv2.polylines(picture, ends, False, colour, 2, cv2.LINE_AA, _FINE)


def _draw_piece(
    picture: Pixels,
    piece: tuple[TrailPoint, ...],
    trail: Trail,
    zoom: int,
    line: int,
    colour: Colour,
    casing: bool,
) -> None:
    newest, oldest = trail.points[-1].seconds, trail.points[0].seconds
    span = max(newest - oldest, 1e-9)
    ends = _scaled(piece, zoom)
    for part in range(_PARTS):
        # Each part begins where the one before it ends, so that the line is whole.
        since = oldest + span * part / _PARTS
        until = oldest + span * (part + 1) / _PARTS
        inside = [i for i, point in enumerate(piece) if since <= point.seconds <= until]
        if not inside:
            continue
        first = max(inside[0] - 1, 0) if part else inside[0]
        width = max(1, round(line * (part + 2) / (_PARTS + 1))) + (2 if casing else 0)
        stretch = ends[first : inside[-1] + 1]
        cv2.polylines(picture, [stretch], False, colour, width, cv2.LINE_AA, _FINE)
    if piece[-1] is trail.points[-1]:
        x, y = (int(v) for v in ends[-1])
        radius = (line + (1 if casing else 0)) << _FINE
        cv2.circle(picture, (x, y), radius, colour, cv2.FILLED, cv2.LINE_AA, _FINE)


def _scaled(
    piece: Sequence[TrailPoint], zoom: int
) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Points of the picture, (n, 2), in sixteenths of a pixel."""
    points = np.array([(point.x, point.y) for point in piece])
    return np.round(points * zoom * (1 << _FINE)).astype(np.int32)
