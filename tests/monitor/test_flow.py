"""Carrying a pattern along with what moves, and seeing a cut."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from monitor.flow import Motion, carried


def scene(seed: int, side: int = 400) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (side // 10, side // 10, 3), dtype=np.uint8)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)


def window(picture: np.ndarray, x: int, y: int) -> np.ndarray:
    return np.ascontiguousarray(picture[y : y + 180, x : x + 240])


def test_the_first_picture_begins_a_scene() -> None:
    assert Motion().step(window(scene(0), 50, 50)) == (True, None)


def test_where_nothing_moves_nothing_is_carried() -> None:
    motion, picture = Motion(), window(scene(0), 50, 50)
    motion.step(picture)
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 2, picture.shape), 0, 255)
    assert motion.step(noisy.astype(np.uint8)) == (False, None)


@pytest.mark.parametrize(("dx", "dy"), [(6, 0), (0, -5), (-9, 7)])
def test_a_pattern_moves_with_the_picture(dx: int, dy: int) -> None:
    motion, whole = Motion(), scene(1)
    motion.step(window(whole, 60, 60))
    new, where = motion.step(
        window(whole, 60 - dx, 60 - dy)
    )  # the content goes right by dx, down by dy
    assert not new
    assert where is not None
    x, y = np.meshgrid(np.arange(240), np.arange(180))
    inner = np.s_[30:-30, 30:-30]
    way = np.stack([x, y], -1) - where
    np.testing.assert_allclose(np.median(way[inner], axis=(0, 1)), (dx, dy), atol=0.6)
    pattern = np.random.default_rng(0).normal(0, 1, (180, 240, 3)).astype(np.float32)
    # Noise blurred by sigma agrees with itself shifted by d to exp(-d^2 / 4 sigma^2): at sigma = 2 and the
    # shortest way here, 5 pixels, 0.21. At sigma = 3 it is 0.499, so that chance decided about a bar of 0.5.
    pattern = cv2.GaussianBlur(pattern, (0, 0), 2)
    moved = carried(pattern, where)
    shifted = np.roll(pattern, (dy, dx), axis=(0, 1))
    agreement = np.corrcoef(moved[inner].ravel(), shifted[inner].ravel())[0, 1]
    assert agreement > 0.99
    assert np.corrcoef(pattern[inner].ravel(), shifted[inner].ravel())[0, 1] < 0.3


def test_what_comes_into_the_picture_carries_nothing() -> None:
    motion, whole = Motion(), scene(2)
    motion.step(window(whole, 60, 60))
    _, where = motion.step(window(whole, 75, 60))
    assert where is not None
    moved = carried(np.ones((180, 240, 3), np.float32), where)
    assert not moved[40:-40, -6:].any()
    assert moved[40:-40, 40:-40].all()


def test_another_scene_is_a_cut_and_brighter_light_is_none() -> None:
    motion, first = Motion(), window(scene(0), 50, 50)
    motion.step(first)
    brighter = np.clip(first.astype(float) * 1.08, 0, 255).astype(np.uint8)
    assert motion.step(brighter)[0] is False
    assert motion.step(np.full_like(first, 20)) == (True, None)
    assert motion.step(first) == (True, None)


def test_another_size_begins_a_scene_and_so_does_a_reset() -> None:
    motion, picture = Motion(), scene(0)
    motion.step(window(picture, 0, 0))
    assert motion.step(picture)[0] is True
    assert motion.step(picture)[0] is False
    motion.reset()
    assert motion.step(picture)[0] is True
