"""The faces of the road signs and of the traffic light, drawn by ourselves after the international patterns.

Vienna Convention on Road Signs and Signals (1968), Annex 1; the yellow diamond for a warning is the North
American pattern that the convention allows as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from streams.scenes.glyphs import write
from streams.scenes.road import pictograms as symbols
from streams.scenes.road.pictograms import BLACK, RED, WHITE, Pen
from streams.scenes.sprite import (
    UNIT_SQUARE,
    Colour,
    Points,
    Sketch,
    Sprite,
    arc,
    fractal,
    regular,
    textured,
)

CLASSES: Final = (
    "stop",
    "give way",
    "no entry",
    "speed limit",
    "prohibition",
    "mandatory",
    "warning",
    "priority",
    "crosswalk",
    "traffic light",
)
"""Names of the truth's classes; the position is the id."""

BLUE: Colour = (168, 84, 16)
YELLOW: Colour = (10, 190, 246)
_EDGE: Colour = (168, 168, 166)  # the metal that a face is glued to, seen as a thin rim
_PIXELS: Final = 160

_DISC: Final = arc(0.5, 0.5, 0.5, 0.5, 0, 360)
_OCTAGON: Final = regular(8, 0.5 / np.cos(np.pi / 8), 22.5)
_DIAMOND: Final = np.array([[0.5, 0.0], [1.0, 0.5], [0.5, 1.0], [0.0, 0.5]])
_UP: Final = np.array([[0.5, 0.06], [0.99, 0.92], [0.01, 0.92]])
_DOWN: Final = np.array([[0.5, 0.94], [0.01, 0.08], [0.99, 0.08]])


@dataclass(frozen=True, slots=True)
class Face:
    """One kind of sign.

    Attributes
    ----------
    name : of its class.
    size : width and height of the picture in metres.
    paint : draws it.
    outline : its edge in [0, 1] of the picture.
    """

    name: str
    size: tuple[float, float]
    paint: Callable[[Sketch], None]
    outline: Points

    def sprite(self, rng: np.random.Generator) -> Sprite:
        """Draw it, a little worn."""
        width = _PIXELS
        height = round(_PIXELS * self.size[1] / self.size[0])
        sketch = Sketch(width, height)
        self.paint(sketch)
        return Sprite.of(textured(sketch.picture(), _wear(rng, height, width)), self.outline)


def _wear(rng: np.random.Generator, height: int, width: int) -> npt.NDArray[np.float32]:
    """Bleached and dirty places, and the sky's light that falls in from above."""
    blotches = 1.0 + 0.025 * fractal(rng, height, width, cell=width / 2)
    fall = np.linspace(1.05, 0.93, height, dtype=np.float32)[:, None]
    return np.asarray(blotches * fall, dtype=np.float32)


def _inset(outline: Points, share: float) -> Points:
    middle = outline.mean(axis=0)
    return np.asarray(middle + (outline - middle) * share, dtype=np.float64)


def _rounded(outline: Points, radius: float) -> Points:
    """A polygon with its corners cut round: points of quadratic curves from edge to edge."""
    points = []
    for before, corner, after in zip(
        np.roll(outline, 1, axis=0), outline, np.roll(outline, -1, axis=0), strict=True
    ):
        first = corner + (before - corner) * radius / np.hypot(*(before - corner))
        last = corner + (after - corner) * radius / np.hypot(*(after - corner))
        for t in np.linspace(0, 1, 7):
            points.append((1 - t) ** 2 * first + 2 * t * (1 - t) * corner + t**2 * last)
    return np.array(points)


_UP_ROUND: Final = _rounded(_UP, 0.09)
_DOWN_ROUND: Final = _rounded(_DOWN, 0.09)
_DIAMOND_ROUND: Final = _rounded(_DIAMOND, 0.07)
_SQUARE_ROUND: Final = _rounded(UNIT_SQUARE, 0.07)


def _stop(sketch: Sketch) -> None:
    sketch.polygon(_OCTAGON, _EDGE)
    sketch.polygon(_inset(_OCTAGON, 0.98), WHITE)
    sketch.polygon(_inset(_OCTAGON, 0.92), RED)
    write(sketch, "STOP", (0.5, 0.5), 0.32, WHITE, weight=0.18, squeeze=0.76)


def _give_way(sketch: Sketch) -> None:
    sketch.polygon(_DOWN_ROUND, _EDGE)
    sketch.polygon(_inset(_DOWN_ROUND, 0.97), RED)
    sketch.polygon(_inset(_rounded(_DOWN, 0.05), 0.67), WHITE)


def _no_entry(sketch: Sketch) -> None:
    sketch.polygon(_DISC, _EDGE)
    sketch.disc(0.5, 0.5, 0.49, WHITE)
    sketch.disc(0.5, 0.5, 0.465, RED)
    sketch.polygon([(0.14, 0.415), (0.86, 0.415), (0.86, 0.585), (0.14, 0.585)], WHITE)


def _ring(sketch: Sketch) -> None:
    sketch.polygon(_DISC, _EDGE)
    sketch.disc(0.5, 0.5, 0.49, RED)
    sketch.disc(0.5, 0.5, 0.375, WHITE)


def _speed_limit(sketch: Sketch, limit: str) -> None:
    _ring(sketch)
    height = 0.38 if len(limit) == 2 else 0.34
    write(
        sketch,
        limit,
        (0.5, 0.5),
        height,
        BLACK,
        weight=0.19,
        squeeze=1.0 if len(limit) == 2 else 0.72,
    )


def _no_overtaking(sketch: Sketch) -> None:
    _ring(sketch)
    pen = Pen(sketch, scale=0.72)
    symbols.car_from_behind(pen, RED, -0.23)
    symbols.car_from_behind(pen, BLACK, 0.23)


def _no_bicycles(sketch: Sketch) -> None:
    _ring(sketch)
    symbols.bicycle(Pen(sketch, (0.5, 0.53), 0.72), BLACK)


def _no_lorries(sketch: Sketch) -> None:
    _ring(sketch)
    symbols.lorry(Pen(sketch, (0.5, 0.51), 0.74), BLACK)


def _no_turn(sketch: Sketch) -> None:
    _ring(sketch)
    pen = Pen(sketch, (0.53, 0.5), 0.8)
    symbols.arrow(pen, BLACK, 0.1, 0.3, 0.1, -0.1, -0.24, -0.1, thickness=0.12)
    sketch.line([(0.24, 0.24), (0.76, 0.76)], 0.085, RED)


def _blue_disc(sketch: Sketch) -> Pen:
    sketch.polygon(_DISC, _EDGE)
    sketch.disc(0.5, 0.5, 0.49, WHITE)
    sketch.disc(0.5, 0.5, 0.465, BLUE)
    return Pen(sketch, scale=0.95)


def _straight_on(sketch: Sketch) -> None:
    symbols.arrow(_blue_disc(sketch), WHITE, 0.0, 0.34, 0.0, -0.34)


def _turn_right(sketch: Sketch) -> None:
    symbols.arrow(_blue_disc(sketch), WHITE, -0.14, 0.32, -0.14, -0.08, 0.32, -0.08)


def _keep_right(sketch: Sketch) -> None:
    symbols.arrow(_blue_disc(sketch), WHITE, -0.22, -0.22, 0.24, 0.24)


def _roundabout(sketch: Sketch) -> None:
    symbols.roundabout(_blue_disc(sketch), WHITE)


def _warning(sketch: Sketch, symbol: Callable[[Pen, Colour], None]) -> None:
    sketch.polygon(_UP_ROUND, _EDGE)
    sketch.polygon(_inset(_UP_ROUND, 0.97), RED)
    sketch.polygon(_inset(_rounded(_UP, 0.05), 0.7), WHITE)
    symbol(Pen(sketch, (0.5, 0.65), 0.55), BLACK)


def _children(sketch: Sketch) -> None:
    _warning(sketch, lambda _, __: None)
    symbols.walker(Pen(sketch, (0.43, 0.66), 0.42), BLACK)
    symbols.walker(Pen(sketch, (0.58, 0.69), 0.34), BLACK)


def _warning_diamond(sketch: Sketch, symbol: Callable[[Pen, Colour], None]) -> None:
    sketch.polygon(_DIAMOND_ROUND, YELLOW)
    sketch.polygon(_inset(_DIAMOND_ROUND, 0.95), BLACK)
    sketch.polygon(_inset(_DIAMOND_ROUND, 0.89), YELLOW)
    symbol(Pen(sketch, scale=0.8), BLACK)


def _priority(sketch: Sketch) -> None:
    sketch.polygon(_DIAMOND_ROUND, BLACK)
    sketch.polygon(_inset(_DIAMOND_ROUND, 0.965), WHITE)
    sketch.polygon(_inset(_rounded(_DIAMOND, 0.04), 0.68), YELLOW)


def _crosswalk(sketch: Sketch) -> None:
    sketch.polygon(_SQUARE_ROUND, WHITE)
    sketch.polygon(_inset(_SQUARE_ROUND, 0.95), BLUE)
    sketch.polygon([(0.5, 0.13), (0.9, 0.85), (0.1, 0.85)], WHITE)
    pen = Pen(sketch, (0.5, 0.545), 0.5)
    symbols.walker(pen, BLACK)
    symbols.zebra(pen, BLACK)


_LAMPS: Final = (("red", (40, 40, 250)), ("amber", (20, 170, 255)), ("green", (150, 235, 60)))
_UNLIT: Final[Mapping[str, Colour]] = MappingProxyType(
    {"red": (26, 22, 66), "amber": (20, 52, 70), "green": (36, 58, 26)}
)


def _traffic_light(sketch: Sketch, lit: frozenset[str]) -> None:
    sketch.polygon(_SQUARE_ROUND, (44, 42, 40))
    sketch.polygon(_inset(_SQUARE_ROUND, 0.95), (30, 28, 27))
    for row, (name, bright) in enumerate(_LAMPS):
        y = 0.185 + 0.315 * row
        sketch.disc(0.5, y, 0.37, (14, 13, 13))  # the hood
        on = name in lit
        sketch.disc(0.5, y + 0.012, 0.31, bright if on else _UNLIT[name])
        if on:
            core: Colour = tuple(min(255, c + 90) for c in bright)  # type: ignore[assignment]
            sketch.disc(0.5, y + 0.012, 0.17, core)
        # The hood's lip throws its shadow on the upper part of the lens.
        lip = arc(0.5, y, 0.37, 0.37 * sketch.size[0] / sketch.size[1], 200, 340)
        sketch.line(lip, 0.07, (14, 13, 13))


def _light(*lit: str) -> Face:
    paint = partial(_traffic_light, lit=frozenset(lit))
    return Face("traffic light", (0.42, 1.12), paint, _SQUARE_ROUND)


def _disc(name: str, paint: Callable[[Sketch], None]) -> Face:
    return Face(name, (0.8, 0.8), paint, _DISC)


def _triangle(paint: Callable[[Sketch], None]) -> Face:
    return Face("warning", (1.0, 1.0), paint, _UP_ROUND)


FACES: Final[Mapping[str, tuple[Face, ...]]] = MappingProxyType(
    {
        "stop": (Face("stop", (0.9, 0.9), _stop, _OCTAGON),),
        "give way": (Face("give way", (1.0, 1.0), _give_way, _DOWN_ROUND),),
        "no entry": (_disc("no entry", _no_entry),),
        "speed limit": tuple(
            _disc("speed limit", partial(_speed_limit, limit=limit))
            for limit in ("50", "30", "60", "80", "70", "40", "100", "120")
        ),
        "prohibition": tuple(
            _disc("prohibition", paint)
            for paint in (_no_overtaking, _no_bicycles, _no_lorries, _no_turn)
        ),
        "mandatory": tuple(
            _disc("mandatory", paint)
            for paint in (_turn_right, _straight_on, _keep_right, _roundabout)
        ),
        "warning": (
            *(
                _triangle(partial(_warning, symbol=symbol))
                for symbol in (symbols.junction, symbols.exclamation, symbols.bend, symbols.bumps)
            ),
            _triangle(_children),
            Face(
                "warning",
                (0.95, 0.95),
                partial(_warning_diamond, symbol=symbols.bend),
                _DIAMOND_ROUND,
            ),
        ),
        "priority": (Face("priority", (0.9, 0.9), _priority, _DIAMOND_ROUND),),
        "crosswalk": (Face("crosswalk", (0.8, 0.8), _crosswalk, _SQUARE_ROUND),),
        "traffic light": (_light("red"), _light("red", "amber"), _light("green"), _light("amber")),
    }
)
"""Class -> its kinds; of the traffic light the phases, in the order in which they follow."""
