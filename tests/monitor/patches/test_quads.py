"""Four corners in a frame: their measures, and the way from a frame's pixels to a texture's."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.patches.quads import (
    UNIT,
    Quad,
    area,
    bounds,
    covered,
    homography,
    mapped,
    perimeter,
    scaled_about,
    texture_matrix,
    upright,
)

SEEDS = st.integers(0, 2**32 - 1)


def convex(seed: int) -> Quad:
    """Any convex quad, clockwise, about 100 pixels large: four points of an ellipse."""
    rng = np.random.default_rng(seed)
    angles = np.cumsum(rng.uniform(0.2, 1, 4))
    angles *= 2 * np.pi / (angles[-1] + rng.uniform(0.2, 1))
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(20, 60, 2)
    quad: Quad = around + rng.uniform(0, 100, 2)
    return quad


def inside(quad: Quad, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> np.ndarray:
    """Which points lie in a clockwise quad, bool."""
    within = np.ones(np.broadcast(x, y).shape, bool)
    for (ax, ay), (bx, by) in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        within &= (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0
    return within


def test_an_upright_quad_has_its_sides_and_its_corners_in_order() -> None:
    quad = upright((10, 20), 6, 4)
    assert quad.tolist() == [[7, 18], [13, 18], [13, 22], [7, 22]]
    assert area(quad) == 24
    assert perimeter(quad) == 20


@given(seed=SEEDS)
@settings(max_examples=60)
def test_area_is_what_a_fine_grid_counts_whichever_way_round(seed: int) -> None:
    quad = convex(seed)
    steps = np.arange(-70, 170, 0.25) + 0.125
    counted = inside(quad, steps[None], steps[:, None]).sum() / 16
    assert area(quad) == pytest.approx(counted, abs=0.1 * perimeter(quad))
    assert area(quad[::-1]) == pytest.approx(area(quad))


@given(seed=SEEDS, turn=st.floats(0, 7), factor=st.floats(0.1, 5))
@settings(max_examples=60)
def test_a_turn_leaves_the_measures_and_a_scale_multiplies_them(
    seed: int, turn: float, factor: float
) -> None:
    quad = convex(seed)
    sides = [math.dist(quad[i], quad[(i + 1) % 4]) for i in range(4)]
    assert perimeter(quad) == pytest.approx(sum(sides))
    turned = quad @ np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    assert perimeter(turned) == pytest.approx(perimeter(quad))
    assert area(turned) == pytest.approx(area(quad))
    scaled = scaled_about(quad, factor)
    assert area(scaled) == pytest.approx(factor**2 * area(quad))
    np.testing.assert_allclose(scaled.mean(axis=0), quad.mean(axis=0))


@given(seed=SEEDS)
@settings(max_examples=60)
def test_the_unit_square_is_mapped_to_the_quad_and_lines_stay_lines(seed: int) -> None:
    quad = convex(seed)
    np.testing.assert_allclose(mapped(quad, UNIT), quad, atol=1e-3)
    middle = mapped(quad, np.zeros((1, 2)))[0]
    first, second = quad[2] - quad[0], quad[3] - quad[1]
    for corner, along in ((quad[0], first), (quad[1], second)):
        off = along[0] * (middle - corner)[1] - along[1] * (middle - corner)[0]
        assert off / np.linalg.norm(along) == pytest.approx(0, abs=1e-2)


@given(
    seed=SEEDS,
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    origin=st.tuples(st.integers(-50, 50), st.integers(-50, 50)),
)
@settings(max_examples=60)
def test_the_texture_matrix_takes_corners_to_corners_and_back(
    seed: int, size: tuple[int, int], origin: tuple[int, int]
) -> None:
    quad = convex(seed)
    matrix = texture_matrix(quad, size, origin)
    width, height = size
    # Of centres: the frame's corner (0, 0) is the pixel (-0.5, -0.5).
    pixels = np.c_[quad - origin - 0.5, np.ones(4)]
    u, v, w = matrix @ pixels.T
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
    np.testing.assert_allclose(np.c_[u / w, v / w], corners, atol=2e-4 * max(size))
    x, y, z = np.linalg.inv(matrix) @ np.c_[corners, np.ones(4)].T
    np.testing.assert_allclose(np.c_[x / z, y / z], pixels[:, :2], atol=1e-2)


def test_a_texture_of_its_own_size_is_not_moved() -> None:
    matrix = texture_matrix(upright((15, 24), 10, 8), (10, 8), (10, 20))
    np.testing.assert_allclose(matrix / matrix[2, 2], np.eye(3), atol=1e-5)


@given(seed=SEEDS)
@settings(max_examples=200)
def test_a_convex_quad_is_seen_from_its_front(seed: int) -> None:
    """The kernel draws where the divisor is above 0, so it has to be all over the quad."""
    quad = convex(seed) + 100
    part = bounds(quad, (300, 300), room=4)
    assert part is not None
    matrix = texture_matrix(quad, (64, 64), part[:2])
    assert (matrix[2] @ np.c_[quad - part[:2] - 0.5, np.ones(4)].T > 0).all()


def test_a_homography_is_exact_in_float64() -> None:
    known = np.array([[1.2, 0.1, 5], [-0.2, 0.9, 3], [0.001, -0.002, 1]])
    source = upright((20, 30), 40, 20)
    x, y, w = known @ np.c_[source, np.ones(4)].T
    found = homography(source, np.c_[x / w, y / w])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, known, atol=1e-4)


@given(seed=SEEDS, integers=st.booleans())
@settings(max_examples=100)
def test_the_share_covered_is_what_a_fine_grid_counts(seed: int, integers: bool) -> None:
    rng = np.random.default_rng(seed)
    quad = convex(seed)
    low = rng.uniform(-20, 100, 2)
    corners = np.concatenate([low, low + rng.uniform(2, 80, 2)])
    if integers:  # corners upon corners and sides along sides
        quad, corners = np.rint(quad / 10) * 10, np.rint(corners / 10) * 10
    assume((corners[2:] > corners[:2]).all())
    left, top, right, bottom = corners
    x = left + (np.arange(400) + 0.5) / 400 * (right - left)
    y = top + (np.arange(400) + 0.5) / 400 * (bottom - top)
    counted = inside(quad, x[None], y[:, None]).mean() if area(quad) else 0.0
    assert covered(quad, (left, top, right, bottom)) == pytest.approx(counted, abs=0.012)


def test_all_nothing_and_a_half_are_covered() -> None:
    quad = upright((10, 10), 20, 20)
    assert covered(quad, (2, 3, 9, 8)) == pytest.approx(1)
    assert covered(quad, (30, 3, 40, 8)) == 0
    assert covered(quad, (10, 0, 30, 20)) == pytest.approx(0.5)
    assert covered(quad, (-20, -20, 40, 40)) == pytest.approx(1 / 9)
    assert covered(quad, (5, 5, 5, 9)) == 0, "a box without pixels"


@given(seed=SEEDS, room=st.integers(0, 9))
@settings(max_examples=60)
def test_bounds_hold_every_pixel_of_the_quad_and_hardly_more(seed: int, room: int) -> None:
    quad = convex(seed)
    size = 110, 90
    y, x = np.mgrid[: size[1], : size[0]]
    touched = inside(quad, x + 0.5, y + 0.5)
    part = bounds(quad, size, room)
    if part is None:
        assert not touched.any()
        return
    left, top, right, bottom = part
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert touched[top:bottom, left:right].sum() == touched.sum()
    low, high = quad.min(axis=0) - room, quad.max(axis=0) + room
    assert left >= low[0] - 2
    assert top >= low[1] - 2
    assert right <= high[0] + 2
    assert bottom <= high[1] + 2
    assert left <= max(low[0] - 1, 0)
    assert right >= min(high[0] + 1, size[0])


@pytest.mark.parametrize("middle", [(-30, 50), (130, 50), (50, -30), (50, 130)])
def test_beyond_the_frame_there_are_no_bounds(middle: tuple[float, float]) -> None:
    assert bounds(upright(middle, 20, 20), (100, 100)) is None
    assert bounds(upright(middle, 20, 20), (100, 100), room=25) is not None
