"""What drawn signs and lights are made of: plates with round corners, finished as sprites."""

from __future__ import annotations

import cv2
import numpy as np

from models.training.sample import Pixels
from models.training.sprite import Sprite

Colour = tuple[int, int, int]
"""BGR."""


def empty(width: int, height: int) -> Pixels:
    """A BGRA picture through which everything is seen."""
    return np.zeros((height, width, 4), np.uint8)


def rounded(picture: Pixels, box: tuple[int, int, int, int], radius: int, colour: Colour) -> None:
    """Fill a rectangle with round corners in a BGRA picture."""
    left, top, right, bottom = box
    radius = min(radius, (right - left) // 2, (bottom - top) // 2)
    paint = (*(int(c) for c in colour), 255)
    cv2.rectangle(picture, (left + radius, top), (right - radius - 1, bottom - 1), paint, -1)
    cv2.rectangle(picture, (left, top + radius), (right - 1, bottom - radius - 1), paint, -1)
    for x in (left + radius, right - radius - 1):
        for y in (top + radius, bottom - radius - 1):
            cv2.circle(picture, (x, y), radius, paint, -1, cv2.LINE_AA)


def either_way(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """The picture, left and right exchanged half of the time."""
    return np.ascontiguousarray(picture[:, ::-1]) if rng.random() < 0.5 else picture


def sprite_of(picture: Pixels) -> Sprite:
    """The sprite of a picture that is opaque somewhere."""
    sprite = Sprite.of(picture)
    assert sprite is not None, "a drawn thing has opaque pixels"
    return sprite
