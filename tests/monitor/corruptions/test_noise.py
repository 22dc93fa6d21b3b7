"""Noise and light: kernels against their plain bodies, and the statistics that the constants promise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, poisson

from monitor.corruptions.exposure import (
    Brightness,
    ColourCast,
    Contrast,
    Flicker,
    LowLight,
    OverExposure,
)
from monitor.corruptions.noise import (
    BandingNoise,
    GaussianNoise,
    ImpulseNoise,
    ShotNoise,
    poisson_levels,
)
from monitor.kernels.dice import dice_numpy, key, normal_table
from monitor.kernels.graded import graded, graded_numpy
from monitor.kernels.noise import (
    add_normal,
    add_normal_numpy,
    black_and_white,
    black_and_white_numpy,
    draw_levels,
    draw_levels_numpy,
    shifted,
    shifted_numpy,
)

Pixels = npt.NDArray[np.uint8]

SHAPES = st.sampled_from([(1, 1, 3), (7, 5, 3), (64, 90, 3), (1, 5462, 3)])
SEEDS = st.integers(0, 2**32 - 1)


def levels(shape: tuple[int, ...], seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def both(
    kernel: Callable[..., None], body: Callable[..., None], pixels: Pixels, *rest: object
) -> tuple[Pixels, Pixels]:
    """What kernel and plain body make of a frame, which stays as it is."""
    held, one, two = pixels.copy(), np.empty_like(pixels), np.empty_like(pixels)
    kernel(pixels, one, *rest)
    body(pixels, two, *rest)
    assert np.array_equal(held, pixels)
    return one, two


@given(shape=SHAPES, seed=SEEDS, deviation=st.floats(0, 120))
@settings(max_examples=40, deadline=None)
def test_normal_noise_is_its_plain_bodys(
    shape: tuple[int, ...], seed: int, deviation: float
) -> None:
    one, two = both(add_normal, add_normal_numpy, levels(shape, seed), deviation, seed)
    # A fused multiplication rounds once where numpy rounds twice: a value may fall to its neighbour.
    assert np.abs(one.astype(int) - two).max() <= 1
    assert (one != two).mean() < 0.01


@given(shape=SHAPES, seed=SEEDS, share=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_black_and_white_is_its_plain_bodys(
    shape: tuple[int, ...], seed: int, share: float
) -> None:
    one, two = both(black_and_white, black_and_white_numpy, levels(shape, seed), share, seed)
    assert np.array_equal(one, two)


@given(shape=SHAPES, seed=SEEDS, photons=st.sampled_from([3.0, 60.0, 900.0]))
@settings(max_examples=20, deadline=None)
def test_drawn_levels_are_their_plain_bodys(
    shape: tuple[int, ...], seed: int, photons: float
) -> None:
    table = poisson_levels(photons)
    one, two = both(draw_levels, draw_levels_numpy, levels(shape, seed), table, seed)
    assert np.array_equal(one, two)


@given(shape=SHAPES, seed=SEEDS, rise=st.floats(0, 255))
@settings(max_examples=40, deadline=None)
def test_graded_is_its_plain_body(shape: tuple[int, ...], seed: int, rise: float) -> None:
    pixels = levels(shape, seed)
    pixels[:, ::3] = 0
    one, two = both(graded, graded_numpy, pixels, rise)
    assert np.abs(one.astype(int) - two).max() <= 1


@given(shape=SHAPES, seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_shifted_is_its_plain_body(shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = (rng.normal(0, 40, n).astype(np.float32) for n in shape[:2])
    one, two = both(shifted, shifted_numpy, levels(shape, seed), rows, columns)
    assert np.abs(one.astype(int) - two).max() <= 1


def test_draws_are_even_and_of_no_pattern() -> None:
    draws = dice_numpy(key(1, 2), 1 << 18)
    bits = (draws[:, None] >> np.arange(32, dtype=np.uint32)) & np.uint32(1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.005
    apart = dice_numpy(key(1, 3), 1 << 18)
    for one, other in ((draws[:-1], draws[1:]), (draws[:-640], draws[640:]), (draws, apart)):
        assert abs(float(np.corrcoef(one, other)[0, 1])) < 0.01
    counts = np.bincount(draws >> np.uint32(24), minlength=256)
    assert (
        float(np.square(counts - 1024).sum() / 1024) < 350
    )  # chi squared of 255: 330 once in a thousand


def test_keys_differ_by_any_of_their_numbers() -> None:
    keys = {key(seed, frame, part) for seed in range(20) for frame in range(50) for part in (0, 1)}
    assert len(keys) == 2000
    assert key(1, 2) != key(2, 1)


def test_the_table_of_the_normal_distribution_has_its_quantiles() -> None:
    table = normal_table()
    assert table.std() == pytest.approx(1, abs=1e-4)
    for share in (0.01, 0.2, 0.5, 0.9, 0.999):
        assert (table <= norm.ppf(share)).mean() == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize("severity", [1, 3, 5])
def test_noise_has_the_deviation_it_is_told(severity: int) -> None:
    grey = np.full((300, 400, 3), 128, np.uint8)
    index = severity - 1
    small = GaussianNoise(grey.shape, 3).apply(grey, severity / 5, 0).astype(float)
    told = 255 * GaussianNoise.deviations[0] * severity / 5
    assert small.std() == pytest.approx(told, rel=0.02)
    hit = ImpulseNoise(grey.shape, 3).apply(grey, severity, 0) != 128
    assert hit.mean() == pytest.approx(ImpulseNoise.shares[index], rel=0.03)
    photons = ShotNoise.photons[index]
    shot = ShotNoise(grey.shape, 3).apply(np.full_like(grey, 51), severity, 0)
    dark = np.exp(-51 / 255 * photons)
    assert (shot == 0).mean() == pytest.approx(dark, abs=0.003)
    assert poisson.pmf(0, 51 / 255 * photons) == pytest.approx(dark)


def test_noise_is_new_in_every_frame_and_columns_keep_their_offset() -> None:
    grey = np.full((60, 80, 3), 128, np.uint8)
    for kind in (GaussianNoise, ShotNoise, ImpulseNoise):
        fault = kind(grey.shape, 0)
        one, two = fault.apply(grey, 3, 0).astype(float), fault.apply(grey, 3, 1).astype(float)
        assert abs(float(np.corrcoef(one.ravel(), two.ravel())[0, 1])) < 0.05
    banding = BandingNoise(grey.shape, 0)
    one, two = banding.apply(grey, 3, 0).astype(float), banding.apply(grey, 3, 1).astype(float)
    columns = [frame.mean(axis=(0, 2)) for frame in (one, two)]
    assert np.corrcoef(*columns)[0, 1] > 0.99
    rows = [frame.mean(axis=(1, 2)) for frame in (one, two)]
    assert abs(float(np.corrcoef(*rows)[0, 1])) < 0.4


def test_light_goes_by_stops() -> None:
    grey = np.full((40, 40, 3), 64, np.uint8)
    light = (64 / 255) ** 2.2
    bright = OverExposure(grey.shape, 0).apply(grey, 2, 0).mean()
    assert (bright / 255) ** 2.2 == pytest.approx(2 * light, rel=0.03)
    white = np.full((200, 200, 3), 255, np.uint8)
    dark = LowLight(white.shape, 0).apply(white, 2, 0).astype(float)
    assert (dark.mean() / 255) ** 2.2 == pytest.approx(2**-2.5, rel=0.05)
    assert dark.std() > 1


def test_contrast_and_brightness_are_as_told() -> None:
    pixels = levels((50, 60, 3), 0)
    left = Contrast(pixels.shape, 0).apply(pixels, 3, 0)
    assert left.std() == pytest.approx(0.2 * pixels.std(), rel=0.02)
    raised = Brightness(pixels.shape, 0).apply(pixels, 2, 0)
    top = np.minimum(pixels.max(axis=-1) + 0.2 * 255, 255)
    assert np.abs(raised.max(axis=-1) - top).max() <= 1


def test_a_cast_is_warm_or_cold_and_bands_wander() -> None:
    grey = np.full((120, 60, 3), 128, np.uint8)
    sides = {
        bool(np.diff(ColourCast(grey.shape, s).apply(grey, 3, 0)[0, 0, ::2].astype(int))[0] > 0)
        for s in range(8)
    }
    assert sides == {True, False}
    flicker = Flicker(grey.shape, 0)
    rows = [flicker.apply(grey, 4, at)[:, 0, 0].astype(int) for at in (0, 1, 2)]
    assert rows[0].max() - rows[0].min() > 20
    steps = [np.abs(b - a).mean() for a, b in pairwise(rows)]
    assert 0 < max(steps) < 0.3 * (rows[0].max() - rows[0].min())
