"""Cut-outs: cropped, at several sizes, and cast with a box that is tight around what is opaque."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from models.training.boards import board
from models.training.lights import traffic_light
from models.training.shapes import wheel
from models.training.spheres import ball, round_thing
from models.training.sprite import LARGEST, Sprite, lit, paste


def disc(side: int, colour: tuple[int, int, int] = (40, 80, 200)) -> np.ndarray:
    picture = np.zeros((side, side, 4), np.uint8)
    cv2.circle(picture, (side // 2, side // 2), side // 3, (*colour, 255), -1)
    return picture


def opaque_box(picture: np.ndarray) -> np.ndarray:
    rows, columns = (np.flatnonzero((picture[..., 3] > 127).any(axis=a)) for a in (1, 0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


@pytest.mark.parametrize("draw", [ball, round_thing, traffic_light, board, wheel])
def test_a_casts_box_is_tight_around_what_is_opaque(
    draw: Callable[[np.random.Generator], Sprite],
) -> None:
    rng = np.random.default_rng(7)
    for _ in range(25):
        sprite = draw(rng)
        finest = max(sprite.levels[0].shape[:2])
        for _ in range(5):
            size = float(np.exp(rng.uniform(np.log(8), np.log(200))))
            cast = sprite.cast(size, rng)
            apart = np.abs(opaque_box(cast.picture) - cast.box).max()
            # Grown beyond its finest level, a pixel of that level is as wide as the growth; a sharp
            # tip (the visor of a light from the side) is half transparent before it ends.
            assert apart <= max(1.2, size / finest), (size, cast.box)


def test_a_cast_is_about_as_large_as_asked_and_whole() -> None:
    rng = np.random.default_rng(1)
    sprite = Sprite.of(disc(120))
    assert sprite is not None
    for size in (6, 20, 60, 150):
        for _ in range(20):
            cast = sprite.cast(size, rng)
            height, width = cast.picture.shape[:2]
            sides = cast.box[2:] - cast.box[:2]
            assert 0.6 * size < sides.max() < 1.5 * size
            assert (cast.box >= 0).all()
            assert (cast.box <= [width, height, width, height]).all()
            assert not cast.picture[[0, -1], :, 3].max() > 127, "nothing is cut off"


def test_without_tilt_and_stretch_the_shape_stays() -> None:
    rng = np.random.default_rng(2)
    sprite = Sprite.of(disc(120))
    assert sprite is not None
    for _ in range(20):
        box = sprite.cast(100, rng, tilt=0.0, stretch=0.0).box
        width, height = box[2:] - box[:2]
        assert width == pytest.approx(height, rel=0.02)


def test_a_cast_is_a_function_of_its_generator() -> None:
    sprite = Sprite.of(disc(60))
    assert sprite is not None
    first, second, third = (sprite.cast(40, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.picture, second.picture)
    np.testing.assert_array_equal(first.box, second.box)
    assert not np.array_equal(first.box, third.box)


def test_a_sprite_is_cropped_to_what_is_opaque() -> None:
    picture = np.zeros((50, 80, 4), np.uint8)
    picture[10:30, 20:60] = (1, 2, 3, 255)
    sprite = Sprite.of(picture)
    assert sprite is not None
    assert sprite.levels[0].shape == (20, 40, 4)
    assert sprite.aspect == 2
    np.testing.assert_allclose(sprite.outline.min(axis=0), [0.5 / 40, 0.5 / 20])
    np.testing.assert_allclose(sprite.outline.max(axis=0), [39.5 / 40, 19.5 / 20])


def test_a_picture_without_an_opaque_pixel_is_no_sprite() -> None:
    assert Sprite.of(np.full((20, 20, 4), 127, np.uint8)) is None


def test_every_level_is_half_of_the_one_before() -> None:
    sprite = Sprite.of(np.full((400, 300, 4), 255, np.uint8))
    assert sprite is not None
    sides = [max(level.shape[:2]) for level in sprite.levels]
    assert sides == [LARGEST, 80, 40, 20, 10]
    assert all(
        level.shape[0] / level.shape[1] == pytest.approx(4 / 3, rel=0.1) for level in sprite.levels
    )


def test_a_small_copy_of_fine_stripes_is_grey() -> None:
    # Taken from the finest level with linear interpolation it would alias to black and white.
    picture = np.full((160, 160, 4), 255, np.uint8)
    picture[:, ::2, :3] = 0
    sprite = Sprite.of(picture)
    assert sprite is not None
    cast = sprite.cast(16, np.random.default_rng(0), tilt=0.0, stretch=0.0).picture
    inside = cast[cast[..., 3] == 255][:, :3].astype(float)
    assert len(inside) > 50
    assert np.abs(inside - 127.5).max() < 30


def test_light_changes_colours_and_no_outline() -> None:
    rng = np.random.default_rng(0)
    picture = disc(60)
    before = picture.copy()
    changed = 0
    for _ in range(10):
        out = lit(picture, rng)
        np.testing.assert_array_equal(out[..., 3], picture[..., 3])
        changed += not np.array_equal(out, picture)
    assert changed == 10
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize(
    ("x", "y"), [(0, 0), (-5, -5), (15, 15), (-30, 0), (0, 40), (100, 100), (3, -9)]
)
def test_what_sticks_out_is_cut(x: int, y: int) -> None:
    canvas = np.full((20, 24, 3), 9, np.uint8)
    picture = np.full((10, 10, 4), 255, np.uint8)
    picture[..., :3] = 100
    paste(canvas, picture, x, y)
    rows, columns = np.mgrid[:20, :24]
    covered = (rows >= y) & (rows < y + 10) & (columns >= x) & (columns < x + 10)
    np.testing.assert_array_equal(canvas, np.where(covered, 100, 9)[..., None].repeat(3, 2))


def test_half_transparent_is_half_of_both() -> None:
    canvas = np.full((4, 4, 3), 200, np.uint8)
    picture = np.zeros((4, 4, 4), np.uint8)
    picture[..., 3] = 128
    paste(canvas, picture, 0, 0)
    assert (np.abs(canvas.astype(int) - 100) <= 1).all()


@pytest.mark.parametrize("angle", [0.0, np.pi / 2, 0.7, 2.5])
def test_a_smear_is_longer_along_the_motion_and_fainter_at_its_ends(angle: float) -> None:
    picture = disc(90)
    picture[..., :3] = (40, 80, 200)  # also where it is transparent, so that its edge is not dark
    sprite = Sprite.of(picture)
    assert sprite is not None
    still = sprite.cast(30, np.random.default_rng(0), tilt=0.0, stretch=0.0)
    moved = still.smeared(20.0, angle)
    grown = (moved.box[2:] - moved.box[:2]) - (still.box[2:] - still.box[:2])
    np.testing.assert_allclose(grown, np.abs([10 * np.cos(angle), 10 * np.sin(angle)]), atol=1e-3)
    ink = moved.picture[..., 3].astype(float)
    assert ink.sum() == pytest.approx(still.picture[..., 3].sum(), rel=0.02), "nothing is lost"
    rows, columns = np.mgrid[: ink.shape[0], : ink.shape[1]]
    middle = [(axis * ink).sum() / ink.sum() + 0.5 for axis in (columns, rows)]
    np.testing.assert_allclose(middle, (moved.box[:2] + moved.box[2:]) / 2, atol=1.0)
    x, y = columns + 0.5 - middle[0], rows + 0.5 - middle[1]
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    assert (along**2 * ink).sum() > 1.3 * (across**2 * ink).sum()
    colour = np.median(moved.picture[ink > 128][:, :3], axis=0)
    np.testing.assert_allclose(colour, (40, 80, 200), atol=5)
