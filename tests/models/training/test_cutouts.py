"""Balls cut out of photographs: those seen whole, without what is around them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.training.cutouts import cut_balls
from models.training.sample import Sample


def photo(*boxes: tuple[float, float, float, float]) -> Sample:
    """Green, with a yellow ellipse in every box."""
    pixels = np.full((200, 300, 3), (40, 140, 30), np.uint8)
    for left, top, right, bottom in boxes:
        centre, axes = ((left + right) / 2, (top + bottom) / 2), (right - left, bottom - top)
        cv2.ellipse(pixels, (centre, axes, 0), (40, 220, 240), -1)
    array = np.array(boxes, np.float32).reshape(-1, 4)
    labels = np.zeros(len(boxes), np.int64)
    return Sample(pixels, array, labels, np.ones(1, bool), np.zeros((0, 4), np.float32))


def test_what_is_cut_out_is_ball_and_nothing_of_the_grass() -> None:
    (sprite,) = cut_balls([photo((100, 60, 140, 98))])
    picture = sprite.levels[0]
    opaque = picture[..., 3] == 255
    yellow = (picture[..., :3] == (40, 220, 240)).all(axis=2)
    assert yellow[opaque].mean() > 0.98
    height, width = picture.shape[:2]
    assert (width, height) == pytest.approx((38, 36), abs=2)
    assert opaque.mean() == pytest.approx(np.pi / 4, abs=0.1), "an ellipse, not its box"
    assert not picture[[0, 0, -1, -1], [0, -1, 0, -1], 3].any()


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ((100, 60, 108, 68), "tiny"),
        ((100, 60, 160, 100), "smeared or hidden"),
        ((-10, 60, 30, 100), "cut off on the left"),
        ((270, 60, 300, 90), "at the right edge"),
        ((100, 175, 130, 205), "below the picture"),
    ],
)
def test_a_ball_that_is_not_seen_whole_is_left(
    box: tuple[float, float, float, float], why: str
) -> None:
    assert not list(cut_balls([photo(box)])), why


def test_every_ball_of_every_photo_is_taken() -> None:
    photos = [photo((20, 20, 50, 50), (100, 100, 160, 158)), photo(), photo((60, 60, 90, 88))]
    assert len(list(cut_balls(photos))) == 3
