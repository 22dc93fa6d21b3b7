"""Things that are neither sign nor ball: discs, plates, polygons, stains, wheels, lamps."""

from __future__ import annotations

import cv2
import numpy as np

from models.training.plates import sprite_of
from models.training.sample import Pixels
from models.training.sprite import Sprite


def shape(rng: np.random.Generator, discs: bool = True) -> Sprite:
    """A plain or two-coloured disc, ring, rectangle or polygon, cut out; the first two if `discs`."""
    side = 96
    picture = np.zeros((side, side, 4), np.uint8)
    first, second = (rng.integers(0, 256, 3) for _ in range(2))
    if rng.random() < 0.3:  # the colours of signs, without being one
        first = np.array(
            [(30, 30, 200), (170, 80, 20), (245, 245, 245), (20, 180, 250)][rng.integers(4)]
        )
    kind = rng.uniform(0.0 if discs else 0.35, 1.0)
    if kind < 0.35:
        axes = (46, round(46 * rng.uniform(0.6, 1.0)))
        cv2.ellipse(
            picture, (48, 48), axes, rng.uniform(0, 180), 0, 360, _bgra(first), -1, cv2.LINE_AA
        )
        if rng.random() < 0.3:
            inner = round(46 * rng.uniform(0.3, 0.8))
            cv2.circle(picture, (48, 48), min(inner, axes[1] - 4), _bgra(second), -1, cv2.LINE_AA)
    elif kind < 0.7:
        high = round(side * rng.uniform(0.3, 1.0))
        picture[:high] = _bgra(first)
        if rng.random() < 0.5:
            split = int(rng.integers(0, high))
            picture[split:high] = _bgra(second)
    else:
        count = int(rng.integers(3, 7))
        angles = np.sort(rng.uniform(0, 2 * np.pi, count))
        corners = 48 + 46 * np.stack([np.cos(angles), np.sin(angles)], 1)
        cv2.fillPoly(picture, [corners.astype(np.int32)], _bgra(first), cv2.LINE_AA)
    _stain(picture, rng)
    sprite = Sprite.of(picture)
    return sprite if sprite is not None else shape(rng, discs)


def wheel(rng: np.random.Generator) -> Sprite:
    """A tyre with a rim and spokes."""
    picture = np.zeros((96, 96, 4), np.uint8)
    tyre = int(rng.integers(10, 60))
    cv2.circle(picture, (48, 48), 46, (tyre, tyre, tyre, 255), -1, cv2.LINE_AA)
    grey = int(rng.integers(70, 220))
    radius = round(46 * rng.uniform(0.5, 0.75))
    cv2.circle(picture, (48, 48), radius, (grey, grey, grey, 255), -1, cv2.LINE_AA)
    spokes = int(rng.integers(0, 9))
    for i in range(spokes):
        angle = 2 * np.pi * i / spokes
        end = (round(48 + radius * np.cos(angle)), round(48 + radius * np.sin(angle)))
        cv2.line(picture, (48, 48), end, (tyre + 20, tyre + 20, tyre + 20, 255), 5, cv2.LINE_AA)
    cv2.circle(picture, (48, 48), 7, (tyre, tyre, tyre, 255), -1, cv2.LINE_AA)
    return sprite_of(picture)


def eye(rng: np.random.Generator) -> Sprite:
    """A disc in a disc, light round dark or dark round light: an eye, a button, a watch, a lens."""
    picture = np.zeros((96, 96, 4), np.uint8)
    outer, inner = int(rng.integers(0, 256)), int(rng.integers(0, 256))
    tint = rng.integers(-25, 26, 3)
    axes = 46, round(46 * rng.uniform(0.4, 1.0))
    shades = [(np.array([tone] * 3) + tint).clip(0, 255) for tone in (outer, inner)]
    cv2.ellipse(picture, (48, 48), axes, 0, 0, 360, _bgra(shades[0]), -1, cv2.LINE_AA)
    radius = round(axes[1] * rng.uniform(0.3, 0.9))
    cv2.circle(picture, (48, 48), radius, _bgra(shades[1]), -1, cv2.LINE_AA)
    if rng.random() < 0.6:  # the pupil, and the light in it
        cv2.circle(picture, (48, 48), max(radius // 2, 1), (10, 10, 10, 255), -1, cv2.LINE_AA)
        cv2.circle(picture, (53, 43), max(radius // 5, 1), (250, 250, 250, 255), -1, cv2.LINE_AA)
    return sprite_of(picture)


def lamp(rng: np.random.Generator) -> Sprite:
    """A bright disc with a glow around it."""
    y, x = np.mgrid[-48:48, -48:48] / 48.0
    distance = np.hypot(x, y * rng.uniform(1, 1.6))
    core = rng.uniform(0.2, 0.6)
    glow = np.exp(-np.maximum(distance - core, 0) * rng.uniform(5, 14))
    picture = np.zeros((96, 96, 4), np.uint8)
    picture[..., :3] = rng.uniform([180, 200, 220], 256, 3)
    picture[..., 3] = glow * 255
    return sprite_of(picture)


def _stain(picture: Pixels, rng: np.random.Generator) -> None:
    """Uneven paint, so that a plain colour is not the mark of a thing that is to be found."""
    coarse = rng.normal(0, rng.uniform(0, 22), (8, 8, 1)).astype(np.float32)
    grown = cv2.resize(coarse, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    picture[..., :3] = (picture[..., :3] + grown[..., None]).clip(0, 255)


def _bgra(colour: np.ndarray) -> tuple[int, int, int, int]:
    return int(colour[0]), int(colour[1]), int(colour[2]), 255
