"""What stands along the road and is no sign: trees, bushes, houses, lamps, boards, posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi

import cv2
import numpy as np

from streams.scenes.glyphs import write
from streams.scenes.sprite import Colour, Points, Sketch, Sprite, arc, fractal, textured


@dataclass(frozen=True, slots=True)
class Prop:
    """A picture of a thing and how large it is.

    Attributes
    ----------
    sprite : its picture; the foot stands in the middle of the lower edge.
    size : width and height in metres.
    shadow : width of its shadow in metres, 0 for none.
    """

    sprite: Sprite
    size: tuple[float, float]
    shadow: float = 0.0


def props(rng: np.random.Generator) -> Mapping[str, tuple[Prop, ...]]:
    """Draw all of them: kind -> its varieties."""
    return {
        "tree": tuple(_broadleaf(rng) for _ in range(5)) + tuple(_conifer(rng) for _ in range(2)),
        "bush": tuple(_bush(rng) for _ in range(4)),
        "lantern": (Prop(Sprite.of(_lantern()), (2.4, 7.2)),),
        "globe": (Prop(Sprite.of(_globe()), (0.7, 4.0)),),
        "board": tuple(Prop(Sprite.of(_board(rng, i)), (2.6, 2.5), 2.0) for i in range(3)),
        "post": (Prop(Sprite.of(_post()), (0.13, 1.0)),),
        "box": (Prop(Sprite.of(_box()), (0.9, 1.1), 1.0),),
    }


def _leaves(
    rng: np.random.Generator,
    sketch: Sketch,
    spots: Points,
    radius: float,
    green: tuple[float, float, float],
) -> None:
    """Clumps of leaves, the shaded ones first; light falls in from the upper left."""
    towards = spots - spots.mean(axis=0)
    spread = np.abs(towards).max(axis=0) + 1e-6
    bright = -0.45 * towards[:, 0] / spread[0] - 0.75 * towards[:, 1] / spread[1]
    bright = bright + 0.45 * rng.standard_normal(len(spots))
    for i in np.argsort(bright):
        gain = 0.82 + 0.36 * float(np.clip(bright[i], -1.3, 1.3))
        tint = rng.normal(1.0, 0.05, 3)
        blue, green_, red = (
            int(min(max(c * gain * t, 0.0), 255.0)) for c, t in zip(green, tint, strict=True)
        )
        size = radius * rng.uniform(0.6, 1.25)
        ring = arc(spots[i, 0], spots[i, 1], size, size, 0, 360)[::6]
        ragged = spots[i] + (ring - spots[i]) * rng.uniform(0.65, 1.25, (len(ring), 1))
        sketch.polygon(ragged, (blue, green_, red))


def _broadleaf(rng: np.random.Generator) -> Prop:
    sketch = Sketch(224, 256)
    bark: Colour = (48, 62, 78)
    sketch.polygon([(0.47, 0.55), (0.53, 0.55), (0.545, 1.0), (0.455, 1.0)], bark)
    for x in (0.34, 0.66):
        sketch.line([(0.5, 0.72), (x, 0.5)], 0.025, bark)
    boughs = [(0.5, 0.36)]
    for angle in np.arange(7) * 2 * pi / 7 + rng.uniform(0, 1):
        way = rng.uniform(0.18, 0.25)
        boughs.append((0.5 + way * np.cos(angle) * 1.15, 0.36 + way * np.sin(angle)))
    spots = []
    for x, y in boughs:
        reach = np.sqrt(rng.uniform(0, 1, 150)) * rng.uniform(0.11, 0.16)
        turn = rng.uniform(0, 2 * pi, 150)
        spots.append(np.stack([x + reach * np.cos(turn), y + reach * np.sin(turn)], axis=1))
    green = (rng.uniform(30, 58), rng.uniform(98, 132), rng.uniform(60, 104))
    cloud = np.clip(np.concatenate(spots), 0.03, 0.97)
    _leaves(rng, sketch, cloud, 0.019, green)
    height = rng.uniform(6.0, 9.5)
    return Prop(Sprite.of(sketch.picture()), (height * 0.88, height), height * 0.6)


def _conifer(rng: np.random.Generator) -> Prop:
    sketch = Sketch(128, 256)
    sketch.polygon([(0.46, 0.8), (0.54, 0.8), (0.55, 1.0), (0.45, 1.0)], (44, 58, 72))
    y = np.sqrt(rng.uniform(0, 1, 700)) * 0.9
    half = 0.42 * y**0.85 * (0.78 + 0.22 * np.cos(y * 40))
    x = 0.5 + half * rng.uniform(-1, 1, 700)
    _leaves(rng, sketch, np.stack([x, 0.02 + y], axis=1), 0.034, (44.0, 92.0, 52.0))
    height = rng.uniform(8.0, 11.0)
    return Prop(Sprite.of(sketch.picture()), (height * 0.5, height), height * 0.35)


def _bush(rng: np.random.Generator) -> Prop:
    sketch = Sketch(192, 110)
    x = 0.5 + 0.44 * rng.uniform(-1, 1, 800) * np.sqrt(rng.uniform(0.2, 1, 800))
    top = 0.12 + 0.75 * np.abs(x - 0.5) ** 1.5 * 2 + 0.05 * np.sin(x * 17 + rng.uniform(0, 6))
    y = top + (0.97 - top) * rng.uniform(0, 1, 800)
    green = (rng.uniform(30, 52), rng.uniform(88, 120), rng.uniform(56, 92))
    _leaves(rng, sketch, np.stack([x, y], axis=1), 0.021, green)
    height = rng.uniform(1.0, 1.9)
    return Prop(Sprite.of(sketch.picture()), (height * 1.75, height), height * 1.6)


def _steel(sketch: Sketch, x: float, top: float, width: float) -> None:
    sketch.polygon(
        [(x - width, top), (x + width, top), (x + width, 1), (x - width, 1)], (112, 112, 108)
    )
    sketch.polygon(
        [(x - width, top), (x - width * 0.2, top), (x - width * 0.2, 1), (x - width, 1)],
        (150, 150, 146),
    )


def _lantern() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    sketch = Sketch(96, 288)
    _steel(sketch, 0.5, 0.05, 0.02)
    sketch.line([(0.5, 0.06), (0.3, 0.022), (0.1, 0.02)], 0.034, (120, 120, 116))
    sketch.polygon([(0.02, 0.012), (0.26, 0.012), (0.24, 0.034), (0.04, 0.034)], (96, 98, 100))
    sketch.polygon([(0.05, 0.03), (0.23, 0.03), (0.21, 0.04), (0.07, 0.04)], (214, 232, 240))
    return sketch.picture()


def _globe() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    sketch = Sketch(56, 320)
    _steel(sketch, 0.5, 0.14, 0.06)
    sketch.disc(0.5, 0.088, 0.46, (206, 214, 218))
    sketch.disc(0.44, 0.078, 0.34, (226, 232, 234))
    sketch.disc(0.36, 0.062, 0.12, (246, 248, 248))
    sketch.polygon([(0.34, 0.165), (0.66, 0.165), (0.6, 0.185), (0.4, 0.185)], (90, 90, 88))
    return sketch.picture()


def _post() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    sketch = Sketch(24, 184)
    sketch.polygon([(0.05, 0.06), (0.95, 0.0), (0.95, 1.0), (0.05, 1.0)], (222, 224, 224))
    sketch.polygon([(0.05, 0.16), (0.95, 0.1), (0.95, 0.3), (0.05, 0.36)], (34, 34, 34))
    sketch.polygon([(0.3, 0.2), (0.7, 0.17), (0.7, 0.27), (0.3, 0.3)], (200, 206, 210))
    return sketch.picture()


def _box() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    sketch = Sketch(96, 117)
    sketch.polygon([(0.02, 0.05), (0.98, 0.05), (0.98, 1.0), (0.02, 1.0)], (120, 134, 128))
    sketch.polygon([(0.0, 0.0), (1.0, 0.0), (1.0, 0.07), (0.0, 0.07)], (98, 108, 104))
    sketch.line([(0.5, 0.1), (0.5, 0.96)], 0.015, (92, 102, 98))
    return sketch.picture()


_BOARDS = (
    ((196, 214, 222), (66, 96, 60), "FARM SHOP", (54, 84, 52)),
    ((120, 86, 58), (208, 220, 226), "HOTEL", (226, 232, 234)),
    ((186, 206, 168), (120, 120, 190), "GARDEN", (72, 60, 92)),
)


def _board(rng: np.random.Generator, kind: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    ground, band, text, ink = _BOARDS[kind]
    sketch = Sketch(200, 192)
    for x in (0.14, 0.86):
        sketch.polygon(
            [(x - 0.02, 0.5), (x + 0.02, 0.5), (x + 0.02, 1), (x - 0.02, 1)], (66, 84, 98)
        )
    sketch.polygon([(0, 0), (1, 0), (1, 0.66), (0, 0.66)], (84, 96, 104))
    sketch.polygon([(0.015, 0.015), (0.985, 0.015), (0.985, 0.645), (0.015, 0.645)], ground)
    hills = [(0.015, 0.645), (0.015, 0.5), (0.3, 0.36), (0.55, 0.52), (0.8, 0.4), (0.985, 0.54)]
    sketch.polygon([*hills, (0.985, 0.645)], band)
    write(sketch, text, (0.5, 0.21), 0.17, ink, squeeze=0.62 if len(text) > 7 else 0.85)
    picture = sketch.picture()
    gain = 1.0 + 0.03 * fractal(rng, *picture.shape[:2], cell=70)
    return textured(picture, gain.astype(np.float32))


def glow(colour: Colour) -> Sprite:
    """Light around a lamp: it adds, and covers nothing."""
    axis = np.linspace(-1, 1, 64)
    away = np.hypot(axis[:, None], axis[None])
    fall = np.clip(1 - away, 0, 1) ** 2.4
    picture = np.zeros((64, 64, 4), dtype=np.uint8)
    picture[..., :3] = np.round(fall[..., None] * np.array(colour))
    return Sprite.of(picture)


def flat(colour: Colour, rng: np.random.Generator | None = None, rough: float = 0.05) -> Sprite:
    """A surface of one colour, a little rough."""
    picture = np.full((64, 64, 4), (*colour, 255), dtype=np.uint8)
    if rng is not None:
        gain = 1.0 + rough * rng.standard_normal((64, 64))
        picture = textured(picture, gain.astype(np.float32))
    return Sprite.of(np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), dtype=np.uint8))


def stripes(colour: Colour, count: int) -> Sprite:
    """A zebra crossing from above: stripes along the road."""
    sketch = Sketch(256, 64)
    for i in range(count):
        x = (i + 0.25) / count
        sketch.polygon([(x, 0), (x + 0.5 / count, 0), (x + 0.5 / count, 1), (x, 1)], colour)
    return Sprite.of(sketch.picture())
