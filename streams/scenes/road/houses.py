"""Houses beside the road: a gable that looks at the camera, a wall that looks at the road, a roof."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streams.scenes.sprite import Colour, Sketch, Sprite, fractal, textured

_PLASTER: tuple[tuple[Colour, Colour], ...] = (
    ((196, 214, 226), (62, 78, 142)),
    ((168, 196, 214), (70, 74, 92)),
    ((206, 210, 208), (58, 66, 120)),
    ((140, 168, 206), (64, 70, 84)),
)


@dataclass(frozen=True, slots=True)
class HouseStyle:
    """Pictures of one house's three sides that can be seen.

    Attributes
    ----------
    gable, wall, roof : seen from outside, the wall and the roof with the near end on the left.
    width, depth, eaves, ridge : metres across and along the road, and above the ground.
    """

    gable: Sprite
    wall: Sprite
    roof: Sprite
    width: float
    depth: float
    eaves: float
    ridge: float


def house_styles(rng: np.random.Generator) -> tuple[HouseStyle, ...]:
    """Draw every style."""
    return tuple(_style(rng, plaster, tiles) for plaster, tiles in _PLASTER)


def _style(rng: np.random.Generator, plaster: Colour, tiles: Colour) -> HouseStyle:
    eaves, ridge, width, depth = rng.uniform(4.6, 5.6), 8.2, rng.uniform(7.5, 9), rng.uniform(9, 12)
    return HouseStyle(
        gable=_gable(rng, plaster, (ridge - eaves) / ridge),
        wall=_wall(rng, plaster),
        roof=_roof(rng, tiles),
        width=width,
        depth=depth,
        eaves=eaves,
        ridge=ridge,
    )


def _window(sketch: Sketch, x: float, y: float, wide: float, high: float) -> None:
    sketch.polygon(_rectangle(x, y, wide * 1.16, high * 1.13), (232, 236, 236))
    sketch.polygon(_rectangle(x, y, wide, high), (92, 78, 66))
    sketch.polygon(
        [(x - wide / 2, y - high / 2), (x + wide / 2, y - high / 2), (x - wide / 2, y + high / 4)],
        (138, 122, 104),
    )
    sketch.polygon(_rectangle(x, y, wide * 0.07, high), (226, 230, 230))
    sketch.polygon(_rectangle(x, y - high * 0.12, wide, high * 0.05), (226, 230, 230))


def _rectangle(x: float, y: float, wide: float, high: float) -> list[tuple[float, float]]:
    left, top = x - wide / 2, y - high / 2
    return [(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)]


def _shaded(
    picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], rng: np.random.Generator, tone: float
) -> Sprite:
    height, width = picture.shape[:2]
    gain = tone * (1.0 + 0.025 * fractal(rng, height, width, cell=width / 3))
    foot = np.clip(1.06 - 0.14 * np.linspace(0, 1, height) ** 3, 0, 1.1)[:, None]
    return Sprite.of(textured(picture, (gain * foot).astype(np.float32)))


def _gable(rng: np.random.Generator, plaster: Colour, peak: float) -> Sprite:
    sketch = Sketch(224, 224)
    sketch.polygon([(0, 1), (0, peak), (0.5, 0.0), (1, peak), (1, 1)], plaster)
    sketch.polygon([(0, 1), (0, 0.93), (1, 0.93), (1, 1)], (112, 118, 122))
    below = 1 - peak
    for x in (0.25, 0.75):
        _window(sketch, x, peak + below * 0.2, 0.13, below * 0.25)
        _window(sketch, x, peak + below * 0.66, 0.13, below * 0.27)
    _window(sketch, 0.5, peak * 0.72, 0.11, peak * 0.34)
    sketch.polygon(_rectangle(0.5, peak + below * 0.74, 0.13, below * 0.38), (58, 74, 96))
    sketch.line([(0.0, peak), (0.5, 0.012), (1.0, peak)], 0.022, (74, 86, 104))
    return _shaded(sketch.picture(), rng, 0.94)


def _wall(rng: np.random.Generator, plaster: Colour) -> Sprite:
    sketch = Sketch(256, 128)
    sketch.polygon([(0, 0), (1, 0), (1, 1), (0, 1)], plaster)
    sketch.polygon([(0, 0.9), (1, 0.9), (1, 1), (0, 1)], (112, 118, 122))
    for x in (0.16, 0.39, 0.62, 0.85):
        _window(sketch, x, 0.25, 0.1, 0.26)
        _window(sketch, x, 0.68, 0.1, 0.28)
    return _shaded(sketch.picture(), rng, 0.78)


def _roof(rng: np.random.Generator, tiles: Colour) -> Sprite:
    sketch = Sketch(256, 128)
    sketch.polygon([(0, 0), (1, 0), (1, 1), (0, 1)], tiles)
    dark: Colour = (int(tiles[0] * 0.82), int(tiles[1] * 0.82), int(tiles[2] * 0.82))
    for row in range(1, 14):
        sketch.line([(0, row / 14), (1, row / 14)], 0.008, dark)
    sketch.polygon(_rectangle(0.3, 0.5, 0.09, 0.26), (150, 140, 128))
    return _shaded(sketch.picture(), rng, 1.0)
