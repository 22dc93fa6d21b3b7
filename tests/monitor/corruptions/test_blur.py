"""Blurs: kernels against their plain bodies, and what each blur does to a point and to a stream."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panned_photograph import obeys, on_a_still, panned, strictly_falling

from monitor.corruptions.blur import DefocusBlur, GlassBlur, MotionBlur, ZoomBlur, trace
from monitor.corruptions.fault import Build
from monitor.kernels.disk import disk_mean, disk_mean_numpy
from monitor.kernels.shuffled import (
    swapped_places,
    swapped_places_numpy,
    taken_from,
    taken_from_numpy,
)
from monitor.kernels.taps import WHOLE, sum_of_taps, sum_of_taps_numpy

BLURS = [MotionBlur, DefocusBlur, ZoomBlur, GlassBlur]
SHAPES = st.sampled_from([(1, 1, 3), (1, 9, 3), (8, 1, 3), (7, 5, 3), (33, 40, 3)])
SEEDS = st.integers(0, 2**32 - 1)


def random_frame(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@given(shape=SHAPES, seed=SEEDS, radius=st.floats(0.1, 12), angle=st.floats(-3.2, 3.2))
@settings(max_examples=60)
def test_taps_are_summed_as_in_numpy(
    shape: tuple[int, ...], seed: int, radius: float, angle: float
) -> None:
    pixels = random_frame(shape, seed)
    offsets, weights = trace(radius, radius / 2, angle)
    assert weights.sum() == WHOLE
    a, b = np.empty_like(pixels), np.empty_like(pixels)
    sum_of_taps(pixels, a, offsets, weights)
    sum_of_taps_numpy(pixels, b, offsets, weights)
    assert np.array_equal(a, b)


@given(shape=SHAPES, seed=SEEDS, radius=st.floats(0.6, 12))
@settings(max_examples=60)
def test_the_disk_is_as_in_numpy(shape: tuple[int, ...], seed: int, radius: float) -> None:
    pixels = random_frame(shape, seed)
    a, b = np.empty_like(pixels), np.empty_like(pixels)
    disk_mean(pixels, a, radius)
    disk_mean_numpy(pixels, b, radius)
    assert np.abs(a.astype(int) - b).max() <= 1


@given(shape=SHAPES, seed=SEEDS, delta=st.integers(1, 5), rounds=st.integers(1, 3))
@settings(max_examples=40)
def test_swaps_and_gather_are_as_in_numpy(
    shape: tuple[int, ...], seed: int, delta: int, rounds: int
) -> None:
    places = swapped_places(*shape[:2], delta, rounds, seed)
    assert np.array_equal(places, swapped_places_numpy(*shape[:2], delta, rounds, seed))
    assert np.array_equal(np.sort(places), np.arange(places.size))
    pixels = random_frame(shape, seed)
    a, b = np.empty_like(pixels), np.empty_like(pixels)
    taken_from(pixels, a, places)
    taken_from_numpy(pixels, b, places)
    assert np.array_equal(a, b)


@pytest.mark.parametrize("build", BLURS)
def test_a_blur_obeys_and_quality_falls_strictly(build: Build) -> None:
    assert obeys(build)
    assert strictly_falling(build)


@pytest.mark.parametrize("build", BLURS)
def test_what_is_flat_stays(build: Build) -> None:
    flat = np.full((48, 64, 3), (10, 130, 250), np.uint8)
    for severity in (0.3, 1.5, 5):
        shown = build(flat.shape, 1).apply(flat, severity, 3)
        assert np.abs(shown.astype(int) - flat).max() <= 1


def test_the_angle_drifts_and_the_frame_with_it() -> None:
    step, seeds = on_a_still(MotionBlur, 3)
    assert 0 < step < seeds / 4
    angles = np.array([MotionBlur((480, 640, 3), 4).angle(at) for at in range(1000)])
    assert np.abs(angles).max() <= MotionBlur.widest
    assert np.ptp(angles) > MotionBlur.widest
    assert np.abs(np.diff(angles)).max() < 1.3


@pytest.mark.parametrize("build", [DefocusBlur, ZoomBlur, GlassBlur])
def test_other_blurs_do_not_move(build: Build) -> None:
    assert on_a_still(build, 3)[0] == 0


def test_a_point_out_of_focus_is_a_disk_of_the_radius() -> None:
    point = np.zeros((480, 480, 3), np.uint8)
    point[235:246, 235:246] = 255
    for severity, radius in enumerate(DefocusBlur.radii, 1):
        shown = DefocusBlur(point.shape, 0).apply(point, severity, 0)
        across = np.flatnonzero(shown[240, :, 0])
        assert across[-1] - across[0] + 1 == pytest.approx(11 + 2 * radius, abs=1)
        assert int(shown.sum()) == pytest.approx(int(point.sum()), rel=0.01)


def test_the_disk_of_a_large_frame_is_as_large_in_proportion() -> None:
    # 5 % of the light of a white half is as far from its edge, in proportion, at either size.
    reach = []
    for height in (480, 1080):
        half = np.zeros((height, height, 3), np.uint8)
        half[:, height // 2 :] = 255
        shown = DefocusBlur(half.shape, 0).apply(half, 5, 0)
        reach.append(
            np.count_nonzero((shown[height // 2, :, 0] > 12) & ~half[0, :, 0].astype(bool)) / height
        )
    assert reach[1] == pytest.approx(reach[0], rel=0.1)


def test_a_zoom_keeps_the_middle_and_blurs_the_edge() -> None:
    clean = panned(0).astype(int)
    lost = np.abs(ZoomBlur(clean.shape, 0).apply(panned(0), 1, 0) - clean)
    assert lost[110:130, 150:170].mean() < 0.5 * lost[:, :40].mean()


def test_panes_differ_with_the_seed_and_stay() -> None:
    frame = panned(0)
    pane = GlassBlur(frame.shape, 1)
    assert np.array_equal(pane.apply(frame, 3, 0), pane.apply(frame, 3, 9))
    assert not np.array_equal(pane.apply(frame, 3, 0), GlassBlur(frame.shape, 2).apply(frame, 3, 0))
