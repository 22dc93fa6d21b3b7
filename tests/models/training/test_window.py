"""Windows on pictures: boxes go where the pixels go, at any scale."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.training.sample import Sample, no_boxes
from models.training.window import aimed, random_background, window

SIDE = 320
GROUND = 60


def marked(x: float, y: float, radius: float, width: int = 900, height: int = 700) -> Sample:
    """A black picture with one smooth white disc around (x, y), in coordinates of pixel edges."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    bright = (radius - np.hypot(columns - x, rows - y) + 0.5).clip(0, 1) * 255
    pixels = np.repeat(bright[..., None], 3, 2).round().astype(np.uint8)
    boxes = np.array([[x - radius, y - radius, x + radius, y + radius]], np.float32)
    return Sample(pixels, boxes, np.zeros(1, np.int64), np.ones(1, bool), no_boxes())


def ground(value: int = 0) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), value, np.uint8)


def centroid(pixels: np.ndarray) -> np.ndarray:
    weights = pixels[..., 0].astype(float)
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]] + 0.5
    return np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()


@pytest.mark.parametrize("shrink", [0.12, 0.25, 0.45, 0.59, 0.61, 1.0, 1.7, 3.0])
def test_a_mark_stays_in_the_middle_of_its_box(shrink: float) -> None:
    rng = np.random.default_rng(round(shrink * 100))
    for _ in range(12):
        scale = (shrink * rng.uniform(1, 1.3), shrink * rng.uniform(1, 1.3))
        radius = rng.uniform(6, 30) / shrink
        radius = min(radius, 150.0)
        x, y = rng.uniform(radius, 900 - radius), rng.uniform(radius, 700 - radius)
        # The mark anywhere in the window, wholly.
        room = radius * max(scale) + 2
        place = rng.uniform(room, SIDE - room, 2)
        corner = (x * scale[0] - place[0], y * scale[1] - place[1])
        seen = window(marked(x, y, radius), ground(), scale, corner)
        assert len(seen.boxes) == 1
        middle = (seen.boxes[0, :2] + seen.boxes[0, 2:]) / 2
        assert np.abs(centroid(seen.pixels) - middle).max() < 0.5, (scale, corner)
        rows, columns = (np.flatnonzero((seen.pixels[..., 0] > 127).any(axis=a)) for a in (1, 0))
        edges = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        np.testing.assert_allclose(seen.boxes[0], edges, atol=1.3 * max(1, shrink))


def test_a_window_at_scale_1_is_a_cut() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (500, 600, 3), dtype=np.uint8)
    sample = Sample(pixels, no_boxes(), np.zeros(0, np.int64), np.ones(1, bool), no_boxes())
    seen = window(sample, ground(), (1.0, 1.0), (120.0, 40.0))
    np.testing.assert_array_equal(seen.pixels, pixels[40 : 40 + SIDE, 120 : 120 + SIDE])


def test_where_the_picture_ends_the_ground_is_seen_and_is_left_alone() -> None:
    below = ground(GROUND)
    sample = marked(50, 50, 20, width=100, height=100)
    seen = window(sample, below, (1.0, 1.0), (-30.0, -10.0))
    assert (seen.pixels[:10] == GROUND).all()
    assert (seen.pixels[:, :30] == GROUND).all()
    assert (seen.pixels[10:110, 30:130] == sample.pixels).all()
    assert (below == GROUND).all()


def test_a_strong_shrink_does_not_alias() -> None:
    pixels = np.zeros((900, 900, 3), np.uint8)
    pixels[:, ::2] = 255
    sample = Sample(pixels, no_boxes(), np.zeros(0, np.int64), np.ones(1, bool), no_boxes())
    seen = window(sample, ground(), (0.36, 0.36), (0.0, 0.0)).pixels[5:-5, 5:-5]
    assert seen.astype(float).std() < 25, "stripes of one pixel turn grey"


def test_an_aimed_window_shows_the_object_whole_and_about_as_large_as_asked() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        radius = rng.uniform(10, 40)
        x, y = rng.uniform(radius, 600 - radius), rng.uniform(radius, 400 - radius)
        size = rng.uniform(12, 200)
        seen = aimed(
            marked(x, y, radius, width=600, height=400), ground(GROUND), size, rng, stretch=0.5
        )
        assert seen.pixels.shape == (SIDE, SIDE, 3)
        assert len(seen.boxes) == 1
        assert not len(seen.ignored)
        scale = np.clip(size / (2 * radius), 0.25, 3)
        width, height = seen.boxes[0, 2:] - seen.boxes[0, :2]
        assert width * height == pytest.approx((2 * radius * scale) ** 2, rel=1e-3)
        assert np.exp(-0.5) < width / height < np.exp(0.5)


def test_a_picture_without_objects_fills_the_window_or_nearly() -> None:
    rng = np.random.default_rng(4)
    white = np.full((400, 600, 3), 255, np.uint8)
    sample = Sample(white, no_boxes(), np.zeros(0, np.int64), np.ones(1, bool), no_boxes())
    for _ in range(10):
        seen = aimed(sample, ground(0), 50, rng, stretch=0.3)
        assert (seen.pixels == 255).mean() > 0.4
        assert not len(seen.boxes)


@pytest.mark.parametrize("size", [(320, 320), (200, 1000), (900, 300), (50, 40)])
def test_a_background_is_a_piece_of_its_picture(size: tuple[int, int]) -> None:
    height, width = size
    rng = np.random.default_rng(0)
    picture = np.full((height, width, 3), 77, np.uint8)
    for _ in range(10):
        cut = random_background(picture, SIDE, rng)
        assert cut.shape == (SIDE, SIDE, 3)
        assert cut.flags.c_contiguous
        assert (cut == 77).all(), "nothing but the picture"


def test_backgrounds_are_functions_of_their_generator() -> None:
    picture = cv2.resize(
        np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8), (600, 400)
    )
    first, second, third = (
        random_background(picture, SIDE, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, third)
