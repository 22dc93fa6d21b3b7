"""Sprites: pictures with a transparent surround, drawn once at high resolution in unit coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Colour = tuple[int, int, int]
"""Blue, green, red, 0 to 255."""
Points = npt.NDArray[np.float64]
"""(N, 2) of x to the right and y downwards."""

_OVERSAMPLING: Final = 3
_SHIFT: Final = 4  # fractional bits of the coordinates that OpenCV's drawing takes


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A picture at several sizes, each half of the one before.

    Attributes
    ----------
    levels : uint8 (H, W, 4), BGR premultiplied with alpha.
    outline : the edge of what is opaque, in [0, 1] of the sprite's width and height; its box is exact.
    """

    levels: tuple[npt.NDArray[np.uint8], ...]
    outline: Points

    @classmethod
    def of(cls, picture: npt.NDArray[np.uint8], outline: Points | None = None) -> Sprite:
        """Make the smaller sizes of a premultiplied BGRA picture; without an outline it is its frame."""
        levels = [picture]
        while min(levels[-1].shape[:2]) >= 6:
            height, width = levels[-1].shape[:2]
            half = (max(1, width // 2), max(1, height // 2))
            smaller = cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA)
            levels.append(np.asarray(smaller, dtype=np.uint8))
        return cls(tuple(levels), UNIT_SQUARE if outline is None else outline)

    def level_for(self, width: float, height: float) -> npt.NDArray[np.uint8]:
        """The smallest level that a picture of this size can be drawn from without being blurred."""
        for level in reversed(self.levels):
            if level.shape[1] >= 0.9 * width and level.shape[0] >= 0.9 * height:
                return level
        return self.levels[0]


UNIT_SQUARE: Final[Points] = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


class Sketch:
    """Draws in unit coordinates ([0, 1], y downwards), at three times the resolution.

    Parameters
    ----------
    width, height : of the finished picture in pixels; lengths (radius, thickness) count in its width.
    """

    def __init__(self, width: int, height: int | None = None) -> None:
        self.size = (width, width if height is None else height)
        self._unit = np.array(self.size, dtype=np.float64) * _OVERSAMPLING
        shape = (self.size[1] * _OVERSAMPLING, self.size[0] * _OVERSAMPLING, 4)
        self._canvas = np.zeros(shape, dtype=np.uint8)

    def polygon(self, points: Points | Sequence[tuple[float, float]], colour: Colour) -> None:
        """Fill a polygon."""
        cv2.fillPoly(self._canvas, [self._fixed(points)], (*colour, 255), cv2.LINE_8, _SHIFT)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Fill an ellipse; `ry` counts in widths as `rx` does."""
        aspect = self.size[0] / self.size[1]
        self.polygon(arc(x, y, rx, ry * aspect, 0, 360), colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        self.ellipse(x, y, radius, radius, colour)

    def line(
        self, points: Points | Sequence[tuple[float, float]], thickness: float, colour: Colour
    ) -> None:
        """Draw a line with round ends and corners."""
        pen = max(1, round(thickness * self._unit[0]))
        cv2.polylines(
            self._canvas, [self._fixed(points)], False, (*colour, 255), pen, cv2.LINE_8, _SHIFT
        )

    def picture(self) -> npt.NDArray[np.uint8]:
        """Return the finished picture, BGR premultiplied with alpha."""
        # Nothing is transparent but black: the mean over an area is premultiplied by itself.
        small = cv2.resize(self._canvas, self.size, interpolation=cv2.INTER_AREA)
        return np.asarray(small, dtype=np.uint8)

    def _fixed(self, points: Points | Sequence[tuple[float, float]]) -> npt.NDArray[np.int32]:
        scaled = np.asarray(points, dtype=np.float64) * self._unit - 0.5
        return np.asarray(np.round(scaled * (1 << _SHIFT)), dtype=np.int32)


def arc(x: float, y: float, rx: float, ry: float, first: float, last: float) -> Points:
    """Points on an ellipse from one angle to another, in degrees from the right, clockwise."""
    steps = max(4, int(abs(last - first) / 6))
    angles = np.radians(np.linspace(first, last, steps + 1))
    return np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], axis=1)


def regular(corners: int, radius: float, turn: float = 0.0, centre: float = 0.5) -> Points:
    """Corners of a regular polygon around a point of the diagonal; `turn` in degrees, 0: one at the right."""
    angles = [radians(turn + 360.0 * i / corners) for i in range(corners)]
    return np.array([[centre + radius * cos(a), centre + radius * sin(a)] for a in angles])


def textured(
    picture: npt.NDArray[np.uint8], gain: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """Multiply the colours of a premultiplied picture by a map (H, W); they stay within alpha."""
    alpha = picture[..., 3:]
    colours = np.clip(picture[..., :3] * gain[..., None], 0, alpha).astype(np.uint8)
    return np.concatenate([colours, alpha], axis=2)


def fractal(
    rng: np.random.Generator, height: int, width: int, *, cell: float, octaves: int = 4
) -> npt.NDArray[np.float32]:
    """Smooth noise of several scales, float32 (H, W), standard deviation about 1.

    Parameters
    ----------
    rng : draws it.
    height, width : in pixels.
    cell : pixels of the coarsest scale; each further one is half as long and half as strong.
    octaves : scales.
    """
    total = np.zeros((height, width), dtype=np.float32)
    power = 0.0
    for octave in range(octaves):
        step = max(1.0, cell / 2**octave)
        share = 0.5**octave
        shape = (int(height / step) + 3, int(width / step) + 3)
        coarse = rng.standard_normal(shape, dtype=np.float32)
        size = (max(width, int(shape[1] * step)), max(height, int(shape[0] * step)))
        fine = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
        total += share * fine[:height, :width]
        power += share**2
    return np.asarray(total / np.float32(power**0.5), dtype=np.float32)
