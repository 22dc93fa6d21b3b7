"""Rendered balls, and rendered round things that are none: heads, bald ones above all, and fruit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.training.plates import sprite_of
from models.training.sprite import Sprite

Vectors = npt.NDArray[np.float64]

SIDE = 112
"""Pixels of the finest rendering."""

_GOLD = (1 + 5**0.5) / 2


def ball(rng: np.random.Generator) -> Sprite:
    """A lit ball: football, plain, panelled, striped, basketball or tennis ball."""
    direction, facing = _sphere(rng)
    kind = rng.random()
    if kind < 0.48:
        paint = _football(direction, rng)
    elif kind < 0.68:
        paint = _plain(direction, rng)
    elif kind < 0.86:
        paint = _panels(direction, rng)
    elif kind < 0.93:
        paint = _segments(direction, rng)
    else:
        paint = _lined(direction, rng)
    return _lit(paint, facing, rng, shine=rng.uniform(0, 0.5))


def round_thing(rng: np.random.Generator) -> Sprite:
    """A lit sphere that is no ball: a bald or hairy head, an apple, a peach, a melon."""
    direction, facing = _sphere(rng)
    if rng.random() < 0.65:
        return _head(facing, rng)
    dark = np.array(_FRUIT[rng.integers(len(_FRUIT))], float)
    paint = dark + _clouds(direction, rng)[..., None] * rng.uniform(10, 70, 3)
    stalk = facing[..., 1] < -0.82
    paint = np.where(stalk[..., None], (25.0, 50.0, 70.0), paint)
    return _lit(paint, facing, rng, shine=rng.uniform(0.1, 0.6), squash=rng.uniform(0.8, 1.0))


_FRUIT = ((35, 30, 170), (40, 150, 90), (90, 120, 215), (60, 40, 80), (50, 110, 60))  # BGR
_SKIN = ((160, 185, 230), (120, 150, 205), (95, 125, 185), (60, 85, 130), (40, 55, 90))
_HAIR = ((20, 20, 25), (30, 45, 70), (70, 120, 170), (150, 150, 155))


def _head(facing: Vectors, rng: np.random.Generator) -> Sprite:
    """A head from some side; most are bald, with the shine of the sun on top."""
    skin = np.array(_SKIN[rng.integers(len(_SKIN))], float) * rng.uniform(0.85, 1.1)
    paint = np.broadcast_to(skin, (*facing.shape[:2], 3)).copy()
    x, y = facing[..., 0], facing[..., 1]
    if rng.random() < 0.35:  # hair on top, or round the back
        line = rng.uniform(-0.6, 0.3) + rng.uniform(-0.4, 0.4) * x
        paint[y < line] = np.array(_HAIR[rng.integers(len(_HAIR))], float)
    elif rng.random() < 0.4:  # a wreath of hair
        paint[(y > 0.0) & (np.abs(x) > rng.uniform(0.6, 0.9))] = _HAIR[rng.integers(len(_HAIR))]
    if rng.random() < 0.6:
        turn = rng.uniform(-0.5, 0.5)
        for side in (-0.35, 0.35):  # eyes
            paint[np.hypot((x - side - turn) * 1.2, (y - 0.05) * 2) < 0.13] *= 0.45
        paint[(np.abs(x - turn) < 0.25) & (np.abs(y - 0.55) < 0.06)] *= 0.6  # mouth
        paint[(np.abs(x - turn) < 0.08) & (y > 0.05) & (y < 0.35)] *= 0.88  # nose
    if rng.random() < 0.2:  # beard
        paint[(y > 0.4)] *= 0.5
    return _lit(paint, facing, rng, shine=rng.uniform(0.1, 0.9), squash=1 / rng.uniform(1.0, 1.4))


def _sphere(rng: np.random.Generator) -> tuple[Vectors, Vectors]:
    """Unit vectors of a sphere's visible half (SIDE, SIDE, 3), in its own frame and in the camera's."""
    grid = (np.arange(SIDE) + 0.5) / (SIDE / 2) - 1
    x, y = np.meshgrid(grid, grid)
    z = np.sqrt(np.maximum(1 - x * x - y * y, 0.0))
    facing = np.stack([x, y, z], -1)
    axes, _ = np.linalg.qr(rng.normal(0, 1, (3, 3)))
    return facing @ axes, facing


def _football(direction: Vectors, rng: np.random.Generator) -> Vectors:
    """The truncated icosahedron: twelve pentagons among twenty hexagons, with seams."""
    corners = _icosahedron()
    faces = _dodecahedron()
    # The planes of pentagons and hexagons stand at 0.9393 and 0.9149 of the circumscribed sphere's radius.
    to_pentagon = (direction @ corners.T).max(-1) / 0.9393
    to_hexagons = np.sort(direction @ faces.T, axis=-1)[..., ::-1] / 0.9149
    light, dark = _pair(rng)
    is_dark = to_pentagon > to_hexagons[..., 0]
    paint = np.where(is_dark[..., None], dark, light)
    edge = np.minimum(
        np.abs(to_pentagon - to_hexagons[..., 0]), to_hexagons[..., 0] - to_hexagons[..., 1]
    )
    seam = (edge < 0.02)[..., None] * rng.uniform(0, 0.6)
    return np.asarray(paint * (1 - seam))


def _pair(rng: np.random.Generator) -> tuple[Vectors, Vectors]:
    """Two colours that a football is seen in."""
    white, black = rng.uniform(215, 255, 3), rng.uniform(0, 45, 3)
    if rng.random() < 0.5:
        return white, black
    loud = _hue(rng)
    choice = rng.random()
    if choice < 0.35:
        return white, loud
    if choice < 0.7:
        return loud, white
    return (loud, black) if choice < 0.85 else (loud, _hue(rng))


def _hue(rng: np.random.Generator) -> Vectors:
    colour = rng.uniform(0, 1, 3)
    colour = (colour - colour.min()) / max(float(np.ptp(colour)), 0.2)
    return np.asarray(20 + colour * rng.uniform(170, 235))


_PLAIN = (
    (40, 215, 235), (60, 235, 225), (90, 200, 230), (60, 190, 200), (110, 240, 245), (20, 130, 245),
    (30, 150, 250), (240, 240, 240),
)  # fmt: skip
"""BGR."""


def _plain(direction: Vectors, rng: np.random.Generator) -> Vectors:
    """Yellow, orange or white, with little on it."""
    colour = np.array(_PLAIN[rng.integers(len(_PLAIN))], float)
    colour *= rng.uniform(0.6, 1.05) * rng.uniform(0.85, 1.1, 3)
    paint = np.broadcast_to(colour, direction.shape)
    if rng.random() < 0.5:
        seams = np.abs(np.sin(3 * direction[..., 0]) - direction[..., 1]) < 0.05
        paint = np.where(seams[..., None], colour * 0.7, paint)
    return np.asarray(paint * (1 + 0.08 * _clouds(direction, rng)[..., None]))


def _panels(direction: Vectors, rng: np.random.Generator) -> Vectors:
    """Patches of two or three colours with round edges, as on newer footballs."""
    light, dark = _pair(rng)
    clouds = _clouds(direction, rng)
    paint = np.where((clouds > rng.uniform(0.1, 0.6))[..., None], dark, light)
    if rng.random() < 0.5:
        third = _hue(rng)
        paint = np.where((_clouds(direction, rng) > 0.7)[..., None], third, paint)
    return np.asarray(paint)


def _segments(direction: Vectors, rng: np.random.Generator) -> Vectors:
    """Stripes round an axis: volleyball, beach ball."""
    count = int(rng.integers(2, 5)) * 2
    angle = np.arctan2(direction[..., 1], direction[..., 0]) / (2 * np.pi) * count
    colours = np.stack([rng.uniform(215, 255, 3), _hue(rng), _hue(rng)])
    chosen = np.floor(angle).astype(int) % int(rng.integers(2, 4))
    return np.asarray(colours[chosen])


def _lined(direction: Vectors, rng: np.random.Generator) -> Vectors:
    """Basketball and tennis ball: one colour, curved lines."""
    x, y, z = np.moveaxis(direction, -1, 0)
    if rng.random() < 0.6:
        colour, ink = np.array([40, 100, 210.0]) * rng.uniform(0.8, 1.1), rng.uniform(0, 50, 3)
        lines = (np.abs(x) < 0.03) | (np.abs(y) < 0.03) | (np.abs(np.abs(z) - 0.6) < 0.03)
    else:
        colour, ink = np.array([60, 235, 205.0]) * rng.uniform(0.85, 1.05), np.full(3, 240.0)
        lines = np.abs(np.sin(2 * np.arctan2(y, x)) * 0.5 - z) < 0.06
    return np.asarray(np.where(lines[..., None], ink, colour))


def _clouds(direction: Vectors, rng: np.random.Generator) -> Vectors:
    """Smooth values about 0 on the sphere, some of unit size."""
    waves = rng.normal(0, 1.8, (5, 3))
    phases = rng.uniform(0, 2 * np.pi, 5)
    return np.asarray(np.sin(direction @ waves.T * 1.7 + phases).sum(-1) / 1.6)


def _lit(
    paint: Vectors,
    facing: Vectors,
    rng: np.random.Generator,
    shine: float,
    squash: float = 1.0,
) -> Sprite:
    """Lambert's law, a highlight, less light below; a soft edge. `squash` is width over height."""
    light = np.array([rng.normal(0, 0.6), -rng.uniform(0.2, 1.0), rng.uniform(0.2, 1.0)])
    light /= np.linalg.norm(light)
    ambient = rng.uniform(0.25, 0.8)
    lambert = np.maximum(facing @ light, 0)
    brightness = ambient + (1.15 - ambient) * lambert
    brightness -= 0.15 * np.maximum(facing[..., 1], 0)
    half = light + np.array([0.0, 0.0, 1.0])
    half /= np.linalg.norm(half)
    highlight = np.maximum(facing @ half, 0) ** rng.uniform(12, 60) * shine * 200
    colours = paint * brightness[..., None] + highlight[..., None]
    radius = np.hypot(facing[..., 0], facing[..., 1])
    alpha = ((1 - radius) * SIDE / 2 + 0.5).clip(0, 1) * 255
    picture = np.concatenate([colours.clip(0, 255), alpha[..., None]], -1).astype(np.uint8)
    if squash != 1.0:
        import cv2

        width = round(SIDE * min(squash, 1.0))
        picture = np.asarray(
            cv2.resize(picture, (width, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    return sprite_of(picture)


def _icosahedron() -> Vectors:
    """The twelve corners, unit length."""
    corners = [np.roll((0.0, a, b * _GOLD), k) for a in (-1, 1) for b in (-1, 1) for k in range(3)]
    return np.asarray(np.stack(corners) / np.hypot(1, _GOLD))


def _dodecahedron() -> Vectors:
    """The twenty corners, unit length: the middles of an icosahedron's faces."""
    cube = [np.array((a, b, c), float) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    rest = [
        np.roll((0.0, a / _GOLD, b * _GOLD), k) for a in (-1, 1) for b in (-1, 1) for k in range(3)
    ]
    return np.asarray(np.stack([*cube, *rest]) / 3**0.5)
