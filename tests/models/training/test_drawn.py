"""What is drawn, rendered and photographed badly: a function of its generator, and what it says it is."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from models.training.boards import board
from models.training.camera import Camera
from models.training.lights import traffic_light
from models.training.pitch import pitch
from models.training.shapes import eye, lamp, shape, wheel
from models.training.spheres import SIDE, ball, round_thing
from models.training.sprite import Sprite

Draw = Callable[[np.random.Generator], Sprite]
EVERYTHING = [ball, round_thing, traffic_light, board, shape, wheel, lamp, eye]


def drawn(draw: Draw, seed: int, count: int = 12) -> list[Sprite]:
    rng = np.random.default_rng(seed)
    return [draw(rng) for _ in range(count)]


@pytest.mark.parametrize("draw", EVERYTHING)
def test_a_thing_is_a_function_of_its_generator(draw: Draw) -> None:
    first, second, other = (drawn(draw, seed) for seed in (5, 5, 6))
    for one, same in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.levels[0], same.levels[0])
        np.testing.assert_array_equal(one.outline, same.outline)
    assert any(
        not np.array_equal(one.levels[0], another.levels[0])
        for one, another in zip(first, other, strict=True)
    )


@pytest.mark.parametrize("draw", EVERYTHING)
def test_things_differ_from_one_another(draw: Draw) -> None:
    pictures = {sprite.levels[0].tobytes() for sprite in drawn(draw, 1)}
    assert len(pictures) == 12


@pytest.mark.parametrize("draw", EVERYTHING)
def test_the_global_generator_is_left_alone(draw: Draw) -> None:
    before = np.random.get_state(legacy=False)["state"]["key"].copy()  # noqa: NPY002
    drawn(draw, 0, 3)
    after = np.random.get_state(legacy=False)["state"]["key"]  # noqa: NPY002
    np.testing.assert_array_equal(before, after)


def test_a_ball_is_a_disc_with_a_soft_edge() -> None:
    grid = (np.arange(SIDE) + 0.5) / (SIDE / 2) - 1
    radius = np.hypot(*np.meshgrid(grid, grid))
    for sprite in drawn(ball, 2, 20):
        assert sprite.aspect == 1
        alpha = sprite.levels[0][..., 3]
        assert (alpha[radius < 0.98] == 255).all()
        assert (alpha[radius > 1.02] == 0).all()


def test_a_ball_is_lit_from_above() -> None:
    brighter = 0
    for sprite in drawn(ball, 3, 40):
        grey = sprite.levels[0][..., :3].astype(float).mean(axis=2)
        opaque = sprite.levels[0][..., 3] == 255
        upper, lower = (
            grey[half][opaque[half]].mean()
            for half in (slice(0, SIDE // 2), slice(SIDE // 2, SIDE))
        )
        brighter += upper > lower
    assert brighter > 28


def test_a_head_is_no_wider_than_high() -> None:
    for sprite in drawn(round_thing, 4, 30):
        assert 0.65 < sprite.aspect <= 1.02


@pytest.mark.parametrize("seed", range(5))
def test_a_pitch_is_mostly_grass(seed: int) -> None:
    first, second = (pitch(160, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first.shape, first.dtype) == ((160, 160, 3), np.uint8)
    green = (first[..., 1] > first[..., 0]) & (first[..., 1] > first[..., 2])
    assert green.mean() > 0.3


def test_what_a_camera_delivers_is_a_function_of_its_generator() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (320, 320, 3), dtype=np.uint8)
    before = picture.copy()
    changed = 0
    for seed in range(30):
        first, second = (Camera(1).take(picture, np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert (first.shape, first.dtype) == (picture.shape, np.uint8)
        changed += not np.array_equal(first, picture)
    assert changed > 25
    np.testing.assert_array_equal(picture, before)


def test_another_camera_has_other_noise() -> None:
    picture = np.full((320, 320, 3), 128, np.uint8)
    seeds = range(20)
    first, second = (
        [camera.take(picture, np.random.default_rng(seed)) for seed in seeds]
        for camera in (Camera(1), Camera(2))
    )
    assert any(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_bad_camera_still_shows_the_picture() -> None:
    # Left dark, right bright: after every fault the right half is the brighter one.
    picture = np.full((320, 320, 3), 60, np.uint8)
    picture[:, 160:] = 180
    camera = Camera(0)
    for seed in range(60):
        out = camera.take(picture, np.random.default_rng(seed)).astype(float)
        assert out[:, 200:].mean() > out[:, :120].mean() + 25


def test_some_pictures_have_no_colour_and_most_have() -> None:
    picture = np.full((320, 320, 3), (30, 90, 200), np.uint8)
    camera, grey = Camera(0), 0
    for seed in range(200):
        blue, _, red = camera.take(picture, np.random.default_rng(seed)).reshape(-1, 3).mean(0)
        grey += abs(red - blue) < 30
    assert 2 <= grey <= 25


def test_without_discs_every_shape_has_corners() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        whole = shape(rng, discs=False).levels[0][..., 3] > 127
        outline = cv2.findContours(whole.astype(np.uint8), cv2.RETR_EXTERNAL, 2)[0][0]
        _, radius = cv2.minEnclosingCircle(outline)
        assert whole.sum() < 0.9 * np.pi * radius**2
        assert len(cv2.approxPolyDP(outline, 0.03 * cv2.arcLength(outline, True), True)) <= 7


def test_a_mirror_shows_the_scenery() -> None:
    loud = np.full((40, 40, 3), (255, 0, 255), np.uint8)
    rng = np.random.default_rng(0)
    seen = [
        (board(rng, [loud]).levels[0][..., :3] == (255, 0, 255)).all(axis=2).mean()
        for _ in range(120)
    ]
    assert 3 <= sum(share > 0.3 for share in seen) <= 30
