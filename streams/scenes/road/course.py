"""Where the road goes and where the car is on it."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
import numpy.typing as npt

SPEED = 11.0
"""Metres a second: 40 km/h."""
CAMERA_HEIGHT = 1.45
"""Metres above the road: behind the windscreen."""
IN_LANE = 1.6
"""Metres from the road's middle to the camera, to the right."""


@dataclass(frozen=True, slots=True)
class Course:
    """The road's middle line: metres to the side as a sum of sines of the metres along.

    The bends are wide (at least 160 m of radius), so that sideways and along can be told apart without a
    curve's length.

    Attributes
    ----------
    waves : (amplitude [m], length [m], phase) of each sine.
    """

    waves: tuple[tuple[float, float, float], ...]

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Course:
        """Draw where the bends are."""
        return cls(
            (
                (rng.uniform(4.0, 6.0), rng.uniform(270.0, 330.0), rng.uniform(0.0, 2.0 * pi)),
                (rng.uniform(0.8, 1.2), rng.uniform(115.0, 140.0), rng.uniform(0.0, 2.0 * pi)),
            )
        )

    def side(self, along: float) -> float:
        """Metres to the right of the straight line."""
        return sum(
            size * sin(2.0 * pi * along / length + phase) for size, length, phase in self.waves
        )

    def heading(self, along: float) -> float:
        """Slope of the way there, in radians."""
        return sum(
            size * 2.0 * pi / length * cos(2.0 * pi * along / length + phase)
            for size, length, phase in self.waves
        )


class View:
    """The camera at one moment.

    Parameters
    ----------
    course : the road that it follows.
    along : metres driven.
    size : of the frame in pixels.
    focal : pixels.
    horizon : row of the horizon, in pixels from the top.
    """

    def __init__(
        self, course: Course, along: float, size: tuple[int, int], focal: float, horizon: float
    ) -> None:
        self.course, self.along, self.size = course, along, size
        self.focal, self.horizon = focal, horizon
        self._side = course.side(along) + IN_LANE
        self._heading = course.heading(along)

    def road_at(self, distance: float) -> float:
        """Metres from the camera's axis to the road's middle, that far ahead."""
        return self.course.side(self.along + distance) - self._side - self._heading * distance

    def column(self, distance: float, side: float) -> float:
        """Column of what is so far ahead and so far to the right of the road's middle, in metres."""
        return self.size[0] / 2 + self.focal * (self.road_at(distance) + side) / distance

    def row(self, distance: float, height: float) -> float:
        """Row of what is so far ahead and so high above the road, in metres."""
        return self.horizon + self.focal * (CAMERA_HEIGHT - height) / distance

    def middles(self, distances: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Columns of the road's middle at many distances."""
        side = np.zeros_like(distances)
        for size, length, phase in self.course.waves:
            side += size * np.sin(2.0 * pi * (self.along + distances) / length + phase)
        ahead = side - self._side - self._heading * distances
        return np.asarray(self.size[0] / 2 + self.focal * ahead / distances)

    @property
    def turn(self) -> float:
        """Pixels by which what is far away has moved to the left."""
        return self.focal * self._heading
