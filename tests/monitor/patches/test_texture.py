"""Textures in sizes that halve: what they hold, which is taken, and that a small one is calm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.patches.drawing import drawn
from monitor.patches.quads import area, upright
from monitor.patches.texture import LEAST_SIDE, Sizes, level_of, levels_of

SIZES = st.tuples(st.integers(8, 300), st.integers(8, 300))
ONE, NONE = np.ones(3, np.float32), np.zeros(3, np.float32)


def random_sizes(seed: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray, Sizes]:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = np.where(rng.random((height, width)) < 0.7, 255, 0).astype(np.uint8)
    return pixels, mask, Sizes.of(pixels, mask)


def checkerboard(side: int) -> Sizes:
    cells = np.indices((side, side)).sum(axis=0) % 2 * 255
    pixels = np.repeat(cells[..., None], 3, axis=2).astype(np.uint8)
    return Sizes.of(pixels, np.full((side, side), 255, np.uint8))


@given(seed=st.integers(0, 2**32 - 1), size=SIZES)
@settings(max_examples=30)
def test_colours_are_multiplied_by_alpha_in_every_size(seed: int, size: tuple[int, int]) -> None:
    pixels, mask, sizes = random_sizes(seed, *size)
    first = sizes.levels[0][1:-1, 1:-1]
    shown = mask > 0
    assert np.array_equal(first[shown][:, :3], pixels[shown])
    assert (first[shown][:, 3] == 255).all()
    assert not first[~shown].any()
    for level in sizes.levels:
        assert (level[..., :3] <= level[..., 3:]).all()
        for edge in (level[0], level[-1], level[:, 0], level[:, -1]):
            assert not edge.any()


@given(seed=st.integers(0, 2**32 - 1), power=st.tuples(st.integers(3, 6), st.integers(3, 6)))
@settings(max_examples=30)
def test_each_size_is_the_mean_of_the_first(seed: int, power: tuple[int, int]) -> None:
    width, height = 2 ** power[0], 2 ** power[1]
    pixels, mask, sizes = random_sizes(seed, width, height)
    whole = np.dstack([pixels * (mask[..., None] / 255), mask])
    assert len(sizes.levels) == min(power) - 1
    for k, level in enumerate(sizes.levels):
        side = 2**k
        means = whole.reshape(height // side, side, width // side, side, 4).mean(axis=(1, 3))
        assert np.abs(level[1:-1, 1:-1] - means).max() <= 0.501


def test_an_odd_size_is_halved_without_its_last_row_and_column() -> None:
    sides = [level.shape[0] - 2 for level in Sizes.of(*_grey(37)).levels]
    assert sides == [37, 18, 9, 4]


def _grey(side: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full((side, side, 3), 90, np.uint8), np.full((side, side), 255, np.uint8)


@given(size=SIZES)
def test_no_size_is_smaller_than_the_least(size: tuple[int, int]) -> None:
    count = levels_of(size)
    assert min(size) // 2 ** (count - 1) >= LEAST_SIDE
    assert min(size) / 2**count < LEAST_SIDE


@given(size=SIZES, sides=st.tuples(*[st.floats(0.1, 2000)] * 4))
@settings(max_examples=200)
def test_a_smaller_quad_never_has_a_larger_texture(
    size: tuple[int, int], sides: tuple[float, float, float, float]
) -> None:
    one, two = upright((50, 50), *sides[:2]), upright((9, -3), *sides[2:])
    small, large = sorted((one, two), key=area)
    assert 0 <= level_of(large, size) <= level_of(small, size) < levels_of(size)


@given(size=SIZES, side=st.floats(0.5, 400))
@settings(max_examples=200)
def test_the_size_taken_fits_to_within_the_root_of_two(size: tuple[int, int], side: float) -> None:
    quad = upright((50, 50), side, side)
    level = level_of(quad, size)
    enlarged = side / (math.sqrt(size[0] * size[1]) / 2**level)
    if level < levels_of(size) - 1:
        assert enlarged > 1 / 1.42
    if level > 0:
        assert enlarged < 1.42


def test_the_size_that_fits_is_handed_out() -> None:
    sizes = checkerboard(64)
    sides = [
        sizes.for_quad(upright((0, 0), side, side)).shape[0] - 2 for side in (200, 64, 30, 9, 1)
    ]
    assert sides == [64, 64, 32, 8, 4]


@pytest.mark.parametrize("side", [6.0, 11.3, 20.7, 31.5, 44.0])
def test_a_fine_checkerboard_that_is_shrunk_is_grey(side: float) -> None:
    """One that is sampled point by point would show stripes of 0 and 255."""
    for at in (30.0, 30.25, 30.5, 30.81):
        out = np.zeros((60, 60, 3), np.uint8)
        drawn(out, checkerboard(64), upright((at, at), side, side), ONE, NONE)
        # Within a texel of the smallest size, which fades, from the edge.
        reach = math.floor(side / 2 - max(side / 8, 1) - 1)
        within = slice(30 - reach, 31 + reach)
        assert np.abs(out[within, within].astype(int) - 128).max() <= 1


def test_a_checkerboard_in_its_own_size_is_not() -> None:
    out = np.zeros((80, 80, 3), np.uint8)
    drawn(out, checkerboard(64), upright((40, 40), 64, 64), ONE, NONE)
    assert set(np.unique(out[10:70, 10:70])) == {0, 255}


@pytest.mark.parametrize("side", [12.0, 33.0, 64.0, 150.0])
def test_holes_stay_transparent_in_every_size(side: float) -> None:
    mask = np.full((64, 64), 255, np.uint8)
    mask[16:48, 16:48] = 0
    sizes = Sizes.of(np.full((64, 64, 3), 200, np.uint8), mask)
    frame = np.random.default_rng(0).integers(0, 100, (200, 200, 3), dtype=np.uint8)
    out = frame.copy()
    assert drawn(out, sizes, upright((100, 100), side, side), ONE, NONE) > 0
    # Half of the patch is the hole; of it a texel on each side is mixed.
    reach = math.floor(side / 4 - max(side / 64, 1.5) - 0.5)
    hole = slice(100 - reach, 100 + reach)
    assert np.array_equal(out[hole, hole], frame[hole, hole])
    ring = round(100 + 3 * side / 8)
    assert (np.abs(out[100 - reach : 100 + reach, ring].astype(int) - 200) <= 1).all()
