"""Sky, clouds and hills: what is so far away that it only turns."""

from __future__ import annotations

from math import ceil
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from streams.frame import Pixels
from streams.scenes.road.course import View
from streams.scenes.road.daylight import Daylight
from streams.scenes.sprite import fractal

_LARGEST_TURN: Final = 0.22  # radians that the road turns away from the straight line, at most
_NOD: Final = 8  # rows that bumps can move the horizon by

# BGR from the zenith to the horizon.
_DAY: Final = ((196, 136, 74), (224, 178, 126), (236, 222, 206))
_DUSK: Final = ((112, 74, 58), (140, 104, 120), (122, 158, 232))
# (height above the horizon in frame heights, roughness in frame widths, colour by day, at dusk)
_HILLS: Final = (
    (0.085, 0.55, (186, 168, 138), (122, 96, 104)),
    (0.055, 0.30, (138, 144, 108), (84, 66, 70)),
    (0.026, 0.05, (70, 98, 70), (46, 40, 40)),
)


class Sky:
    """Two pictures of the sky, by day and at dusk, wider than the frame; the road's bends move them.

    Parameters
    ----------
    rng : draws clouds and hills.
    size : of the frame in pixels.
    focal : pixels.
    horizon : row of the horizon on an even road.
    """

    def __init__(
        self, rng: np.random.Generator, size: tuple[int, int], focal: float, horizon: float
    ) -> None:
        self._size = size
        self._rows = ceil(horizon) + 2 * _NOD
        self._horizon = horizon + _NOD
        width = size[0] + 2 * ceil(_LARGEST_TURN * focal) + 4
        clouds = _clouds(rng, self._rows, width, self._horizon)
        ridges = [
            _ridge(rng, width, self._horizon, height * size[1], rough * size[0])
            for height, rough, _, _ in _HILLS
        ]
        self._day = self._picture(_DAY, clouds, (252, 250, 248), ridges, 2)
        self._dusk = self._picture(_DUSK, clouds, (150, 138, 206), ridges, 3)

    def paint(self, pixels: Pixels, view: View, light: Daylight) -> None:
        """Paint the rows above the horizon, and a few below it."""
        rows = min(self._size[1], ceil(view.horizon) + 4)
        middle = self._day.shape[1] / 2 + view.turn - 0.5
        row = self._horizon - view.horizon + rows / 2 - 0.5
        window = (self._size[0], rows)
        centre = (float(middle), float(row))
        if light.dusk <= 0:
            seen = cv2.getRectSubPix(self._day, window, centre)
        elif light.dusk >= 1:
            seen = cv2.getRectSubPix(self._dusk, window, centre)
        else:
            seen = cv2.addWeighted(
                cv2.getRectSubPix(self._day, window, centre),
                1 - light.dusk,
                cv2.getRectSubPix(self._dusk, window, centre),
                light.dusk,
                0,
            )
        pixels[:rows] = seen

    def _picture(
        self,
        colours: tuple[tuple[int, int, int], ...],
        clouds: npt.NDArray[np.float32],
        cloud: tuple[int, int, int],
        ridges: list[npt.NDArray[np.float32]],
        tone: int,
    ) -> Pixels:
        width = clouds.shape[1]
        height = np.clip(1 - (np.arange(self._rows) + 0.5) / self._horizon, 0, 1)
        knots = (0.0, 0.35, 1.0)
        column = np.stack(
            [np.interp(height, knots, [c[i] for c in reversed(colours)]) for i in range(3)], axis=1
        )
        picture = np.repeat(column[:, None], width, axis=1).astype(np.float32)
        # The lower side of a cloud is in its own shadow.
        shade = 1.0 - 0.16 * np.clip(clouds - np.roll(clouds, 9, axis=0), 0, 1)[..., None]
        share = (clouds * np.clip(height / 0.12, 0, 1)[:, None])[..., None]
        picture = picture * (1 - share) + np.array(cloud, np.float32) * shade * share
        rows = np.arange(self._rows, dtype=np.float32)[:, None] + 0.5
        for ridge, hill in zip(ridges, _HILLS, strict=True):
            inside = np.clip(rows - ridge[None] + 0.5, 0, 1)[..., None]
            colour = np.array(hill[tone], dtype=np.float32)
            foot = np.clip((rows - ridge[None]) / (0.09 * self._size[1]), 0, 1)[..., None]
            picture = picture * (1 - inside) + (colour * (1 + 0.10 * foot)) * inside
        return np.asarray(np.clip(picture, 0, 255), dtype=np.uint8)


def _clouds(
    rng: np.random.Generator, rows: int, width: int, horizon: float
) -> npt.NDArray[np.float32]:
    """How much cloud there is, 0 to 1: flat noise, seen from below at a slant."""
    flat = fractal(rng, 512, 1024, cell=150, octaves=6)
    height = np.maximum(horizon - np.arange(rows) - 0.5, 4.0) / horizon
    away = (0.35 / (height + 0.22)).astype(np.float32)  # distance grows towards the horizon
    across = (np.arange(width) - width / 2).astype(np.float32)
    x = 512 + across[None] * 0.72 * (0.5 + away[:, None])
    y = np.repeat((330.0 * away)[:, None], width, axis=1)
    noise = cv2.remap(flat, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    soft = np.clip((noise - 0.15) / 1.5, 0, 1)
    return np.asarray(0.92 * soft**0.8, dtype=np.float32)


def _ridge(
    rng: np.random.Generator, width: int, horizon: float, height: float, rough: float
) -> npt.NDArray[np.float32]:
    """Row of the upper edge of a line of hills, for each column."""
    noise = fractal(rng, 1, width, cell=rough, octaves=5)[0]
    return np.asarray(horizon - height * np.clip(0.55 + 0.3 * noise, 0.12, 1.4), dtype=np.float32)
