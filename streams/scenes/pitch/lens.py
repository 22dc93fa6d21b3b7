"""The camera on the stand: where it looks, how far it zooms, and where things fall in the picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, hypot, sin
from typing import Final

import numpy as np
import numpy.typing as npt

from streams.scenes.sprite import Points

STAND: Final = np.array([0.0, -22.0, 7.0])
"""Where the camera stands, in metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """The camera at one moment.

    Attributes
    ----------
    pan, tilt : radians, to the right and downwards from looking straight across the pitch.
    focal : pixels.
    size : of the frame in pixels.
    """

    pan: float
    tilt: float
    focal: float
    size: tuple[int, int]

    @property
    def axes(self) -> npt.NDArray[np.float64]:
        """(3, 3): the unit vectors to the right, upwards and ahead."""
        sp, cp, st, ct = sin(self.pan), cos(self.pan), sin(self.tilt), cos(self.tilt)
        return np.array([[cp, -sp, 0.0], [sp * st, cp * st, ct], [sp * ct, cp * ct, -st]])

    def project(self, points: npt.NDArray[np.float64]) -> Points:
        """Pixels (N, 2) of points (N, 3) in metres, which must lie ahead."""
        right, up, ahead = ((points - STAND) @ self.axes.T).T
        x = self.size[0] / 2 + self.focal * right / ahead
        y = self.size[1] / 2 - self.focal * up / ahead
        return np.stack([x, y], axis=-1)

    def spot(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """Column and row of a point, and the pixels that a metre has there."""
        right, up, ahead = self.axes @ (np.array([x, y, z]) - STAND)
        scale = self.focal / ahead
        return self.size[0] / 2 + scale * right, self.size[1] / 2 - scale * up, scale

    def ahead(self, points: npt.NDArray[np.float64]) -> bool:
        """Whether all of some points (N, 3) lie ahead, clear of the camera."""
        return bool((((points - STAND) @ self.axes[2]) > 1.0).all())

    @property
    def horizon(self) -> float:
        """Row of the horizon; rows below it look at the ground."""
        return self.size[1] / 2 - self.focal * sin(self.tilt) / cos(self.tilt)

    def ground(self) -> npt.NDArray[np.float64]:
        """(3, 3): from homogeneous (x, y, 1) on the ground, in metres, to pixels."""
        axes = self.axes
        moved = np.array([[1.0, 0, -STAND[0]], [0, 1.0, -STAND[1]], [0, 0, -STAND[2]]])
        to_camera = axes @ moved
        width, height = self.size
        inner = np.array([[self.focal, 0, width / 2], [0, -self.focal, height / 2], [0, 0, 1.0]])
        return np.asarray(inner @ to_camera)


def aim(x: float, y: float, z: float, size: tuple[int, int], pixels_a_metre: float) -> Lens:
    """Look at a point, a little above the middle, and zoom so that a metre there has this many pixels."""
    dx, dy = x - float(STAND[0]), y - float(STAND[1])
    away = hypot(dx, dy)
    drop = float(STAND[2]) - z
    focal = pixels_a_metre * hypot(away, drop)
    # The point stands above the middle: the touchline and its linesman are below it.
    return Lens(atan2(dx, dy), atan2(drop, away) + 0.05 * size[1] / focal, focal, size)
