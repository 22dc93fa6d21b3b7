"""Balls cut out of real photographs, to be put into others (copy and paste: Ghiasi et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from models.training.sample import Sample
from models.training.sprite import Sprite

_LEAST_SIDE = 12.0
"""Pixels; a smaller ball has nothing that a rendered one lacks."""

_ROUND = 1.25
"""A box whose sides differ by a larger factor holds a ball that is cut off, hidden or smeared by motion."""

_INSIDE = 0.94
"""Share of the box's axes that is cut out: the rim is half background."""


def cut_balls(photos: Iterable[Sample]) -> Iterator[Sprite]:
    """Every ball that is seen whole, as the ellipse in its box."""
    for photo in photos:
        height, width = photo.pixels.shape[:2]
        for left, top, right, bottom in photo.boxes:
            wide, high = right - left, bottom - top
            if min(wide, high) < _LEAST_SIDE or max(wide / high, high / wide) > _ROUND:
                continue
            if left < 1 or top < 1 or right > width - 1 or bottom > height - 1:
                continue
            sprite = _ellipse(photo, (float(left), float(top), float(right), float(bottom)))
            if sprite is not None:
                yield sprite


def _ellipse(photo: Sample, box: tuple[float, float, float, float]) -> Sprite | None:
    left, top, right, bottom = box
    x, y = int(left), int(top)
    cut = photo.pixels[y : int(np.ceil(bottom)), x : int(np.ceil(right))]
    enlarged = 4  # the mask's edge is finer than a pixel
    mask = np.zeros((cut.shape[0] * enlarged, cut.shape[1] * enlarged), np.uint8)
    centre = ((left + right) / 2 - x) * enlarged, ((top + bottom) / 2 - y) * enlarged
    axes = (right - left) * enlarged * _INSIDE, (bottom - top) * enlarged * _INSIDE
    cv2.ellipse(mask, (centre, axes, 0), 255, -1)
    alpha = cv2.resize(mask, cut.shape[1::-1], interpolation=cv2.INTER_AREA)
    return Sprite.of(np.concatenate([cut, alpha[..., None]], axis=-1))
