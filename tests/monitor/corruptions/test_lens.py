"""Glare, flare, dirt and drops: where they sit, that they stay or wander, and what is seen through them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.corruptions.lens_dirt import Dirt, WaterDrops
from monitor.corruptions.lens_light import Glare, LensFlare, Light, add_at, ghost
from monitor.kernels.drops import refract, refract_numpy

Pixels = npt.NDArray[np.uint8]


@given(
    height=st.integers(1, 50),
    width=st.integers(1, 50),
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 5),
)
@settings(max_examples=40, deadline=None)
def test_drops_are_as_their_numpy_body(height: int, width: int, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    one = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    small = rng.integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    low, high = (
        (-5, -5, 0.1, 0.1, 0, -0.08, -0.08),
        (width + 5, height + 5, 15, 15, 0.3, 0.08, 0.08),
    )
    drops = rng.uniform(low, high, (count, 7)).astype(np.float32)
    two = one.copy()
    refract(one, small, drops)
    refract_numpy(two, small, drops)
    differing = np.abs(one.astype(int) - two)
    # Float32 takes another order: on a noise picture a place between pixels shows.
    assert differing.max(initial=0) <= 2
    assert np.count_nonzero(differing) <= max(3, one.size // 50)


def test_a_drop_shows_the_scene_upside_down_and_mirrored() -> None:
    frame = np.zeros((200, 200, 3), np.uint8)
    frame[:100, :, 0] = 200
    frame[:, :100, 2] = 200
    shown = frame.copy()
    small = np.ascontiguousarray(frame[::4, ::4])
    refract(shown, small, np.array([[100, 100, 40, 40, 0, 0, 0]], np.float32))
    assert shown[120, 110, 0] > 100 > shown[80, 110, 0]
    assert shown[110, 120, 2] > 100 > shown[110, 80, 2]
    assert np.array_equal(shown[:50], frame[:50])
    # The rim is darker than the middle.
    assert shown[137, 110, 0] < 0.8 * shown[115, 110, 0]


def test_drops_sit_until_they_run_down_and_grow_anew() -> None:
    lens = WaterDrops((480, 640, 3), 4)
    one = 0
    first, rounds = int(lens._starts[one]), int(lens._rounds[one])
    lens._radii[:] = 0.001
    lens._radii[one] = 0.05  # the largest is drawn last
    ages = [lens.drops(5.0, age - first)[-1] for age in range(rounds + lens.runs)]
    sitting = np.stack(ages[lens.runs : rounds - lens.runs])
    assert np.ptp(sitting, axis=0).max() == 0
    running = np.stack(ages[rounds - lens.runs : rounds])[:, 1]
    assert (np.diff(running) > 0).all()
    assert np.diff(running).max() < 0.05 * 480
    assert ages[rounds - 1][1] > ages[rounds // 2][1] + 480
    grown = [float(lens.drops(5.0, rounds + age - first)[:, 2].max()) for age in (1, 10, 40, 60)]
    assert grown == sorted(grown)


def test_more_water_keeps_the_drops_there_are() -> None:
    lens = WaterDrops((240, 320, 3), 4)
    for less, more in ((0.7, 1.0), (2.0, 3.0), (3.0, 4.5)):
        few, many = lens.drops(less, 3), lens.drops(more, 3)
        assert len(few) <= len(many)
        sizes = {(x, y): size for x, y, size in many[:, :3].tolist()}
        assert all(sizes[x, y] >= size for x, y, size in few[:, :3].tolist())


def test_dirt_stays_and_only_gets_more() -> None:
    dirt = Dirt((120, 160, 3), 5)
    masks = [dirt.mask(severity).astype(int) for severity in (0.5, 1, 1.5, 2, 3, 4, 5)]
    for less, more in pairwise(masks):
        assert (more >= less).all()
        assert more.sum() > less.sum()
    assert (masks[1] == 0).mean() > 0.5
    grey = np.full((120, 160, 3), 200, np.uint8)
    assert np.array_equal(dirt.apply(grey, 3.0, 0), dirt.apply(grey, 3.0, 99))
    assert (dirt.apply(grey, 3.0, 0) <= 200).all()


def test_a_light_stays_near_the_upper_edge_and_wanders_slowly() -> None:
    for seed in range(5):
        places = np.array([Light(seed).at(at) for at in range(0, 2000)])
        assert (places > 0).all()
        assert places[:, 0].max() < 1
        assert places[:, 1].max() < 0.25
        assert np.abs(np.diff(places, axis=0)).max() < 0.003
        assert np.ptp(places[:, 0]) > 0.3


def test_glare_is_brightest_at_its_light_and_falls_from_there() -> None:
    frame = np.full((240, 320, 3), 60, np.uint8)
    out = Glare(frame.shape, 2).apply(frame, 3.0, 10).astype(int)
    x, y = Light(2).at(10)
    column, row = int(x * 320), int(y * 240)
    assert out[row, column].min() > 235
    down = out[row::20, column, 1]
    assert (np.diff(down) <= 0).all()
    assert (out >= 60).all()


def test_ghosts_lie_opposite_the_light() -> None:
    frame = np.zeros((240, 320, 3), np.uint8)
    flare = LensFlare(frame.shape, 2).apply(frame, 3.0, 10)
    x, y = Light(2).at(10)
    place, radius, *_, colour = LensFlare.ghosts[6]
    there = flare[int((y + place * (0.5 - y)) * 240), int((x + place * (0.5 - x)) * 320)].astype(
        int
    )
    assert there.min() > 5
    assert radius < 0.1 < max(colour)
    # Its mirror image across the axis, off the line, is dark.
    assert flare[230, int(x * 320)].max() < there.max()


@pytest.mark.parametrize("corners", [0, 6])
def test_a_ghost_is_bright_inside_and_fills_its_radius(corners: int) -> None:
    iris = ghost(20.0, 24.0, corners, 0.3)
    middle = len(iris) // 2
    assert iris[middle, middle] == pytest.approx(0.35, abs=0.01)
    assert iris[0].max() == 0
    area = (iris > 0.2).sum() / (math.pi * 400)
    assert 0.9 < area < 1.2


def test_a_sprite_is_added_where_it_belongs_cut_at_the_edges_and_between_pixels() -> None:
    sprite = np.zeros((5, 5, 3), np.uint8)
    sprite[2, 2] = 200
    frame = np.full((9, 9, 3), 100, np.uint8)
    add_at(frame, sprite, 4.5, 3.0)
    assert frame[3, 4, 0] == frame[3, 5, 0] == 200
    assert (frame != 100).any(axis=2).sum() == 2
    for x, y in ((0, 0), (8, 8), (-1, 4), (40, -40)):
        add_at(frame, sprite, x, y)
    assert frame[0, 0, 0] == frame[8, 8, 0] == 255


def test_lens_faults_take_views_with_gaps(photograph: Pixels) -> None:
    view = photograph[::2, ::-2]
    for build in (Glare, LensFlare, Dirt, WaterDrops):
        whole = build(view.shape, 1).apply(np.ascontiguousarray(view), 2.5, 4)
        assert np.array_equal(build(view.shape, 1).apply(view, 2.5, 4), whole)
