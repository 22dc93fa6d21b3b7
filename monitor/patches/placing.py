"""Where a patch hangs: at a spot of the frame, at an object, or on a plane of the scene."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.errors import ConfigError
from monitor.patches.patch import LEAST
from monitor.patches.quads import (
    UNIT,
    Box,
    Quad,
    area,
    convex,
    homography,
    mapped,
    perimeter,
    scaled_about,
    upright,
)
from monitor.patches.texture import level_of

TOUCH: Final = 0.1
"""How far a patch beside an object reaches over its edge, as a share of the object's side.

Without touching it a patch does little to a small network: of the stop signs of scene:road 0.43 vanished at a
distance of 0.15 sides, 0.78 where it touched."""

SIZE: Final = 1.2
"""Side of a patch at an object where nothing else is said, in the object's own."""

_LEAST_AREA: Final = 1.0  # pixels; of less there is nothing to see
_HORIZON: Final = 1e-3  # of the divisor, which is 1 in the middle
_HALVINGS: Final = 12  # of the search for the factor: to within 0.03 %

SIDES: Final = {
    "on": (0.0, 0.0),
    "below": (0.0, 1.0),
    "above": (0.0, -1.0),
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
}
"""Word -> where from the object's middle, across and down."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A fixed place of the frame, in shares of its width and height; the patch is as large as it may be."""

    x: float
    y: float

    def quad(self, size: tuple[int, int], share: float, aspect: float) -> Quad:
        """Upright, of that share of a frame (width, height)."""
        height = math.sqrt(share * size[0] * size[1] / aspect)
        return upright((self.x * size[0], self.y * size[1]), aspect * height, height)


@dataclass(frozen=True, slots=True)
class Beside:
    """At an object, on it or beside it, and as large as `size` times its side.

    An object's side is the root of its box's area, a patch's the root of its own.
    """

    where: str
    size: float = SIZE

    def quad(self, box: Box, aspect: float) -> Quad:
        """Upright."""
        width, height = box[2] - box[0], box[3] - box[1]
        side = math.sqrt(max(width * height, 0.0))
        wide, high = (self.size * side * root for root in (aspect**0.5, aspect**-0.5))
        across, down = SIDES[self.where]
        x = (box[0] + box[2]) / 2 + across * ((width + wide) / 2 - TOUCH * side)
        y = (box[1] + box[3]) / 2 + down * ((height + high) / 2 - TOUCH * side)
        return upright((x, y), wide, high)


@dataclass(frozen=True, slots=True)
class Plane:
    """Four corners in the first frame, in shares of it; the plane is followed from there."""

    corners: tuple[tuple[float, float], ...]

    def quad(self, size: tuple[int, int]) -> Quad:
        """In the first frame, (width, height)."""
        return np.array(self.corners, np.float64) * size


Placing = Spot | Beside | Plane


def parse_placing(text: str) -> Placing:
    """What `patch_at` says.

    "below", "above:1.5", "on:0.6": at every object, with the patch's side in the object's own; "0.5,0.8": a
    spot; "0.1,0.2 0.3,0.2 0.3,0.5 0.1,0.5": the corners of a plane in the first frame.

    Raises
    ------
    ConfigError : none of these.
    """
    text = " ".join(text.split())
    word, _, size = text.partition(":")
    try:
        if word in SIDES:
            factor = float(size) if size else SIZE
            if not 0.05 <= factor <= 10:
                raise ValueError
            return Beside(word, factor)
        points = [tuple(float(part) for part in pair.split(",")) for pair in text.split(" ")]
        if any(len(point) != 2 for point in points) or len(points) not in (1, 4):
            raise ValueError
        pairs = tuple((point[0], point[1]) for point in points)
        least, most = (0.0, 1.0) if len(pairs) == 1 else (-1.0, 2.0)
        if not all(least <= value <= most for pair in pairs for value in pair):
            raise ValueError
        if len(pairs) == 1:
            return Spot(*pairs[0])
        if not convex(np.array(pairs)):
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"patch_at = {text!r}: write {', '.join(SIDES)}, each with a size if you like (below:1.5, from "
            '0.05 to 10), a spot in shares of the frame ("0.5,0.8"), or the four corners of a plane in the '
            'first frame, clockwise ("0.1,0.2 0.3,0.2 0.3,0.5 0.1,0.5")'
        ) from None
    return Plane(pairs)


def fitted(
    quads: list[Quad],
    size: tuple[int, int],
    share: float,
    texture: tuple[int, int] = (LEAST, LEAST),
) -> list[Quad]:
    """The same, all smaller by one factor if together they would cover more than a share of a frame.

    Parameters
    ----------
    size : of the frame, (width, height).
    texture : its size, (width, height).
    """
    allowed = share * size[0] * size[1]
    quads = [quad for quad in quads if area(quad) >= _LEAST_AREA]

    def covering(factor: float) -> float:
        return sum(_painted(scaled_about(quad, factor), texture) for quad in quads)

    if covering(1.0) <= allowed:
        return quads
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if covering(middle) <= allowed else (low, middle)
    smaller = (scaled_about(quad, low) for quad in quads)
    return [quad for quad in smaller if area(quad) >= _LEAST_AREA]


def _painted(quad: Quad, texture: tuple[int, int]) -> float:
    """Pixels of a frame that a texture drawn there can change, at most.

    Its outermost pixels fade out over half a pixel of its own; pixels of the frame count from their centres,
    of which a convex shape holds no more than its area, half its perimeter and one (Nosarzewska 1948).
    Infinity where that reaches over the horizon of the quad's plane.
    """
    level = level_of(quad, texture)
    sides = np.array([max(side >> level, 1) for side in texture], np.float64)
    wide = UNIT * (1 + 1 / sides)
    row = homography(UNIT, quad)[2]
    if (wide @ row[:2] + row[2]).min() <= _HORIZON:
        return math.inf
    reached = mapped(quad, wide)
    return area(reached) + perimeter(reached) / 2 + 1
