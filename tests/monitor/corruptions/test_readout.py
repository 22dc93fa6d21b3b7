"""Readout: the kernel against its plain body, what is dead stays dead, and rows move by what is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panned_photograph import SEVERITIES, obeys, on_a_still, strictly_falling

from monitor.corruptions.fault import Build
from monitor.corruptions.readout import DeadColumns, DeadPixels, RollingShutter
from monitor.kernels.rows_shifted import shift_rows, shift_rows_numpy


@given(
    shape=st.sampled_from([(1, 1, 3), (1, 9, 3), (8, 1, 3), (33, 40, 3)]),
    seed=st.integers(0, 2**32 - 1),
    reach=st.sampled_from([1, 10, 300, 5000, 30_000]),
)
@settings(max_examples=60)
def test_rows_are_shifted_as_in_numpy(shape: tuple[int, ...], seed: int, reach: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, shape, dtype=np.uint8)
    shifts = rng.integers(-reach, reach + 1, shape[0])
    a, b = np.empty_like(pixels), np.empty_like(pixels)
    shift_rows(pixels, a, shifts)
    shift_rows_numpy(pixels, b, shifts)
    assert np.array_equal(a, b)


@pytest.mark.parametrize("build", [DeadPixels, DeadColumns, RollingShutter])
def test_a_readout_obeys_and_quality_falls_strictly(build: Build) -> None:
    assert obeys(build)
    assert strictly_falling(build)
    step, seeds = on_a_still(build, 3)
    assert step < seeds / 4


def touched(build: Build, severity: float, shape: tuple[int, int, int]) -> np.ndarray:
    """Pixels that do not read a grey that none of the faults reads."""
    grey = np.full(shape, 120, np.uint8)
    return (build(shape, 7).apply(grey, severity, 0) != 120).any(-1)


@pytest.mark.parametrize("build", [DeadPixels, DeadColumns])
def test_what_is_dead_is_dead_at_a_higher_severity_too(build: Build) -> None:
    before = np.zeros((120, 160), bool)
    for severity in SEVERITIES:
        dead = touched(build, severity, (120, 160, 3))
        assert (dead | ~before).all()
        assert dead.sum() > before.sum()
        before = dead


@pytest.mark.parametrize("build", [DeadPixels, DeadColumns])
def test_what_is_dead_does_not_follow_the_scene(build: Build) -> None:
    fault = build((240, 320, 3), 1)
    dark, light = (np.full((240, 320, 3), level, np.uint8) for level in (90, 160))
    a = (fault.apply(dark, 4, 0) != dark).any(-1)
    b = (fault.apply(light, 4, 50) != light).any(-1)
    assert np.array_equal(a, b)


def test_shares_of_dead_pixels_are_as_told() -> None:
    for severity, share in enumerate(DeadPixels.shares, 1):
        assert touched(DeadPixels, severity, (480, 640, 3)).mean() == pytest.approx(share, rel=0.02)


def test_defects_grow_with_the_frame() -> None:
    dead = touched(DeadPixels, 1, (1080, 1920, 3))
    assert dead.mean() == pytest.approx(DeadPixels.shares[0], rel=0.02)
    assert np.array_equal(dead, dead.reshape(540, 2, 960, 2).all((1, 3)).repeat(2, 0).repeat(2, 1))


def test_dead_lines_are_lines() -> None:
    dead = touched(DeadColumns, 3, (480, 640, 3))
    columns = dead[-1] & dead[-2] & dead[-20]
    assert columns.mean() == pytest.approx(DeadColumns.shares[2], rel=0.2)
    rows = dead[:, ~columns].all(1).mean()
    assert rows == pytest.approx(DeadColumns.shares[2] * DeadColumns.rows, rel=0.5)


def test_rows_move_by_what_is_told() -> None:
    fault = RollingShutter((480, 640, 3), 2)
    line = np.zeros((480, 640, 3), np.uint8)
    line[:, 320:323] = 255
    for at in range(0, 100, 20):
        shown = fault.apply(line, 5, at)[..., 0].astype(float)
        middle = (shown * np.arange(640)).sum(1) / shown.sum(1)
        np.testing.assert_allclose(
            321 - middle, RollingShutter.amplitudes[4] * fault.shake(at), atol=0.02
        )


def test_a_shake_is_smooth_over_rows_and_frames() -> None:
    fault = RollingShutter((480, 640, 3), 2)
    shakes = np.array([fault.shake(at) for at in range(300)])
    assert np.abs(shakes).max() <= 1
    assert np.ptp(shakes, axis=1).min() > 0.3
    assert np.abs(np.diff(shakes, axis=0)).max() < 0.08
    assert np.abs(np.diff(shakes, axis=1)).max() < 0.02
