"""Rain, snow and fog: their kernels, how they move, and how near they are to what they quote."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.corruptions.plasma import plasma
from monitor.corruptions.weather import Fog, Rain, Snow
from monitor.kernels.streaks import streaks, streaks_numpy
from monitor.kernels.veil import (
    lifted,
    lifted_numpy,
    shades,
    veil,
    veil_numpy,
    whitened,
    whitened_numpy,
)

Pixels = npt.NDArray[np.uint8]
SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))
SEEDS = st.integers(0, 2**32 - 1)
BLACK = np.zeros((240, 320, 3), np.uint8)


def picture(size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    return rng.choice(np.array([0, 1, 100, 254, 255], np.uint8), (*size, 3))


@given(size=SIZES, seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_a_veil_is_as_its_numpy_body(size: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels, mask = picture(size, rng), rng.integers(0, 256, size, dtype=np.uint8)
    palette = shades(tuple(rng.uniform(0, 255, 3)), tuple(rng.uniform(0, 255, 3)))
    one, two = np.empty_like(pixels), np.empty_like(pixels)
    veil(pixels, one, mask, palette)
    veil_numpy(pixels, two, mask, palette)
    assert np.array_equal(one, two)
    share = mask[..., None] / 255
    exact = pixels * (1 - share) + palette[mask] * share
    assert np.abs(one - exact).max() <= 0.5 + 1e-9


@given(size=SIZES, seed=SEEDS, gain=st.floats(0, 1.5), keep=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_fog_and_snow_are_as_their_numpy_bodies(
    size: tuple[int, int], seed: int, gain: float, keep: float
) -> None:
    rng = np.random.default_rng(seed)
    pixels = picture(size, rng)
    one, two = np.empty_like(pixels), np.empty_like(pixels)
    layer = rng.uniform(-50, 700, size).astype(np.float32)
    lifted(pixels, one, layer, gain)
    lifted_numpy(pixels, two, layer, gain)
    assert np.abs(one.astype(int) - two).max() <= 1
    assert np.count_nonzero(one != two) <= max(2, pixels.size // 500)
    flakes = rng.integers(0, 256, size, dtype=np.uint8)
    whitened(pixels, one, flakes, keep, 0.7)
    whitened_numpy(pixels, two, flakes, keep, 0.7)
    assert np.abs(one.astype(int) - two).max() <= 1
    assert np.count_nonzero(one != two) <= max(2, pixels.size // 500)


@given(size=SIZES, seed=SEEDS, slant=st.floats(-1, 1))
@settings(max_examples=40, deadline=None)
def test_streaks_are_as_their_numpy_body(size: tuple[int, int], seed: int, slant: float) -> None:
    rng = np.random.default_rng(seed)
    drops = rng.uniform((-5, -5, 1, 0.8, 0), (45, 60, 30, 4, 1), (12, 5)).astype(np.float32)
    one = rng.integers(0, 100, size, dtype=np.uint8)
    two = one.copy()
    streaks(one, drops, slant)
    streaks_numpy(two, drops, slant)
    assert np.abs(one.astype(int) - two).max() <= 1


def test_rain_and_snow_fall() -> None:
    for fault, least, most in ((Rain(BLACK.shape, 3), 1, 12), (Snow(BLACK.shape, 3), 1, 6)):
        now, then = (fault.apply(BLACK, 2.0, at)[..., 1].astype(np.float32) for at in (50, 51))
        shift, _ = cv2.phaseCorrelate(now - now.mean(), then - then.mean())
        match = [
            float((now[40:200] * np.roll(then, -down, 0)[40:200]).mean()) for down in range(-12, 13)
        ]
        best = int(np.argmax(match)) - 12
        assert least <= best <= most, (type(fault), best, shift)


def test_heavier_rain_keeps_the_drops_of_lighter_rain() -> None:
    rain = Rain(BLACK.shape, 1)
    light, heavy = rain._drops(2.0, 30), rain._drops(4.0, 30)
    assert len(light) < len(heavy)
    places = {tuple(place) for place in np.round(heavy[:, 3:], 4)}
    assert {tuple(place) for place in np.round(light[:, 3:], 4)} <= places


@pytest.mark.parametrize("decay", sorted(set(Fog.decays)))
def test_plasma_wraps_around_and_is_rougher_for_less_decay(decay: float) -> None:
    cloud = plasma(64, decay, np.random.default_rng(5))
    assert abs(cloud.mean()) < 1e-4
    assert abs(cloud.std() - 1) < 1e-4
    inside = np.abs(np.diff(cloud, axis=0)).mean()
    assert np.abs(cloud[0] - cloud[-1]).mean() < 2.5 * inside
    rougher = plasma(64, 0.9 * decay, np.random.default_rng(5))
    assert np.abs(np.diff(rougher, axis=0)).mean() > inside


def test_fog_has_the_mean_and_the_deviation_that_it_says() -> None:
    clouds = np.stack([Fog((120, 160, 3), seed)._cloud(4.0, 200) for seed in range(12)])
    assert clouds.mean() == pytest.approx(Fog.mean, abs=0.08)
    assert np.sqrt(np.square(clouds - Fog.mean).mean()) == pytest.approx(Fog.deviation, rel=0.25)


def test_white_in_the_thickest_fog_stays_white_at_most(photograph: Pixels) -> None:
    fog = Fog(photograph.shape, 2)
    thick = fog.apply(photograph, 5.0, 3)
    # x -> (x + 3 p) / 4: what is left of the contrast is a quarter.
    assert np.ptp(thick[..., 0].astype(int)) < np.ptp(photograph[..., 0].astype(int))
    spread = (thick[..., 2].astype(float) - thick[..., 0]).std()
    was = (photograph[..., 2].astype(float) - photograph[..., 0]).std()
    assert spread == pytest.approx(was / 4, rel=0.05)


@pytest.mark.parametrize("severity", range(1, 6))
def test_snow_whitens_as_imagenet_c_does(photograph: Pixels, severity: int) -> None:
    # Without flakes: keep x + (1 - keep) max(x, 1.5 grey + 0.5).
    snow = Snow(photograph.shape, 0)
    out = snow.apply(photograph, severity, 0).astype(int)
    keep = Snow.keeps[severity - 1]
    values = photograph / 255
    grey = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY)[..., None] / 255
    pale = keep * values + (1 - keep) * np.maximum(values, 1.5 * grey + 0.5)
    assert (out >= np.clip(255 * pale, 0, 255) - 2).all()


def test_weather_takes_views_with_gaps(photograph: Pixels) -> None:
    view = photograph[::2, ::-2]
    for build in (Rain, Snow, Fog):
        whole = build(view.shape, 1).apply(np.ascontiguousarray(view), 2.5, 4)
        assert np.array_equal(build(view.shape, 1).apply(view, 2.5, 4), whole)
