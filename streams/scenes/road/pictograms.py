"""The black, white and red symbols in the middle of road signs, in unit coordinates around a point."""

from __future__ import annotations

import numpy as np

from streams.scenes.sprite import Colour, Points, Sketch, arc

BLACK: Colour = (28, 26, 26)
WHITE: Colour = (238, 240, 240)
RED: Colour = (38, 30, 190)


class Pen:
    """Draws around a point at a scale, so that a symbol is written once and fits every sign.

    Parameters
    ----------
    sketch : drawn on.
    centre : where the symbol's own (0, 0) goes.
    scale : length of the symbol's unit.
    mirrored : left and right change places.
    """

    def __init__(
        self,
        sketch: Sketch,
        centre: tuple[float, float] = (0.5, 0.5),
        scale: float = 1.0,
        *,
        mirrored: bool = False,
    ) -> None:
        self._sketch = sketch
        self._centre = np.array(centre)
        self._scale = np.array([-scale if mirrored else scale, scale])
        self._unit = scale

    def polygon(self, colour: Colour, *xy: float) -> None:
        """Fill a polygon, given as x, y, x, y, ..."""
        self._sketch.polygon(self._put(np.array(xy).reshape(-1, 2)), colour)

    def line(self, colour: Colour, thickness: float, *xy: float) -> None:
        """Draw a line, given as x, y, x, y, ..."""
        points = self._put(np.array(xy).reshape(-1, 2))
        self._sketch.line(points, thickness * self._unit, colour)

    def disc(self, colour: Colour, x: float, y: float, radius: float) -> None:
        """Fill a circle."""
        self._sketch.polygon(self._put(arc(x, y, radius, radius, 0, 360)), colour)

    def ring(self, colour: Colour, x: float, y: float, radius: float, thickness: float) -> None:
        """Draw a circle."""
        points = self._put(arc(x, y, radius, radius, 0, 360))
        self._sketch.line(points, thickness * self._unit, colour)

    def arc(
        self,
        colour: Colour,
        thickness: float,
        centre: tuple[float, float],
        radius: float,
        angles: tuple[float, float],
    ) -> None:
        """Draw a part of a circle, angles in degrees clockwise from the right."""
        points = self._put(arc(*centre, radius, radius, *angles))
        self._sketch.line(points, thickness * self._unit, colour)

    def _put(self, points: Points) -> Points:
        return np.asarray(self._centre + points * self._scale, dtype=np.float64)


def car_from_behind(pen: Pen, colour: Colour, x: float) -> None:
    """A car's back, 0.4 wide, as on the sign that forbids overtaking."""
    pen.polygon(colour, x - 0.2, 0.02, x - 0.13, -0.16, x + 0.13, -0.16, x + 0.2, 0.02)
    pen.polygon(colour, x - 0.21, 0.0, x + 0.21, 0.0, x + 0.21, 0.16, x - 0.21, 0.16)
    pen.polygon(colour, x - 0.19, 0.1, x - 0.1, 0.1, x - 0.1, 0.24, x - 0.19, 0.24)
    pen.polygon(colour, x + 0.1, 0.1, x + 0.19, 0.1, x + 0.19, 0.24, x + 0.1, 0.24)
    pen.polygon(WHITE, x - 0.12, -0.02, x - 0.08, -0.11, x + 0.08, -0.11, x + 0.12, -0.02)


def bicycle(pen: Pen, colour: Colour) -> None:
    """A bicycle from the side."""
    pen.ring(colour, -0.27, 0.12, 0.19, 0.045)
    pen.ring(colour, 0.27, 0.12, 0.19, 0.045)
    pen.line(colour, 0.045, -0.27, 0.12, -0.12, -0.12, 0.16, -0.12, 0.0, 0.12, -0.27, 0.12)
    pen.line(colour, 0.045, 0.27, 0.12, 0.13, -0.24, 0.22, -0.27)
    pen.line(colour, 0.045, 0.0, 0.12, -0.14, -0.2)
    pen.line(colour, 0.06, -0.21, -0.21, -0.07, -0.21)


def lorry(pen: Pen, colour: Colour) -> None:
    """A lorry from the side."""
    pen.polygon(colour, -0.42, -0.22, 0.14, -0.22, 0.14, 0.14, -0.42, 0.14)
    pen.polygon(colour, 0.17, -0.12, 0.32, -0.12, 0.42, 0.02, 0.42, 0.14, 0.17, 0.14)
    pen.disc(colour, -0.24, 0.17, 0.085)
    pen.disc(colour, 0.28, 0.17, 0.085)


def walker(pen: Pen, colour: Colour) -> None:
    """A person who walks to the left, from -0.4 to 0.4 in height."""
    pen.disc(colour, 0.0, -0.36, 0.065)
    pen.line(colour, 0.13, 0.0, -0.2, 0.01, 0.0)
    pen.line(colour, 0.085, -0.01, 0.02, -0.1, 0.2, -0.19, 0.38)
    pen.line(colour, 0.085, 0.02, 0.02, 0.09, 0.2, 0.19, 0.36)
    pen.line(colour, 0.06, -0.02, -0.22, -0.16, -0.1, -0.23, 0.03)
    pen.line(colour, 0.06, 0.03, -0.22, 0.14, -0.08, 0.2, 0.05)


def zebra(pen: Pen, colour: Colour) -> None:
    """The stripes under a walker's feet."""
    for x in (-0.36, -0.18, 0.0, 0.18, 0.36):
        pen.polygon(
            colour, x - 0.05, 0.47, x + 0.05, 0.47, x * 1.12 + 0.06, 0.6, x * 1.12 - 0.06, 0.6
        )


def arrow(pen: Pen, colour: Colour, *xy: float, thickness: float = 0.13) -> None:
    """An arrow along a way given as x, y, x, y, ...; its head is at the end."""
    points = np.array(xy).reshape(-1, 2)
    along = points[-1] - points[-2]
    along = along / np.hypot(*along)
    across = np.array([-along[1], along[0]])
    neck = points[-1] - 1.45 * thickness * along
    pen.line(colour, thickness, *points[:-1].ravel(), *neck)
    head = [neck + 1.25 * thickness * across, points[-1] + 0.35 * thickness * along]
    pen.polygon(colour, *head[0], *head[1], *(neck - 1.25 * thickness * across))


def roundabout(pen: Pen, colour: Colour) -> None:
    """Three arrows that follow each other in a ring."""
    for turn in (0.0, 120.0, 240.0):
        pen.arc(colour, 0.12, (0.0, 0.0), 0.27, (turn, turn + 70))
        tip = np.radians(turn - 26.0)
        foot = np.radians(turn + 4.0)
        inner, outer = 0.12, 0.42
        pen.polygon(
            colour,
            *(inner * np.cos(foot), inner * np.sin(foot)),
            *(outer * np.cos(foot), outer * np.sin(foot)),
            *(0.27 * np.cos(tip), 0.27 * np.sin(tip)),
        )


def bend(pen: Pen, colour: Colour) -> None:
    """A road that bends, with a head."""
    arrow(pen, colour, 0.12, 0.3, 0.12, 0.12, -0.08, -0.06, -0.08, -0.3, thickness=0.1)


def junction(pen: Pen, colour: Colour) -> None:
    """A broad road that a narrow one crosses."""
    pen.polygon(colour, -0.07, 0.32, -0.07, -0.2, 0.0, -0.34, 0.07, -0.2, 0.07, 0.32)
    pen.line(colour, 0.06, -0.24, 0.08, 0.24, 0.08)


def exclamation(pen: Pen, colour: Colour) -> None:
    """An exclamation mark."""
    pen.polygon(colour, -0.07, -0.32, 0.07, -0.32, 0.045, 0.1, -0.045, 0.1)
    pen.disc(colour, 0.0, 0.24, 0.075)


def bumps(pen: Pen, colour: Colour) -> None:
    """An uneven road."""
    pen.line(colour, 0.07, -0.38, 0.22, 0.38, 0.22)
    for x in (-0.17, 0.17):
        pen.polygon(colour, *(arc(x, 0.22, 0.17, 0.2, 180, 360)).ravel())
