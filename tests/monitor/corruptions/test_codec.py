"""Codecs: the kernel against its plain body, and what coding does to a stream."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panned_photograph import obeys, on_a_still, panned, strictly_falling

from monitor.corruptions.codec import Blocking, DownSampling, Jpeg
from monitor.corruptions.fault import Build
from monitor.kernels.block_codec import code_planes, code_planes_numpy, cosines, parts


@pytest.mark.slow
@given(
    shape=st.sampled_from([(24, 16), (24, 48), (48, 64)]),
    seed=st.integers(0, 2**32 - 1),
    step=st.floats(1, 160),
    key=st.booleans(),
    near=st.integers(1, 60),
)
@settings(max_examples=60)
def test_planes_are_coded_as_in_numpy(
    shape: tuple[int, int], seed: int, step: float, key: bool, near: int
) -> None:
    rng = np.random.default_rng(seed)
    plane = rng.integers(0, 256, shape, dtype=np.uint8)
    before = np.clip(plane + rng.integers(-near, near + 1, shape), 0, 255).astype(np.uint8)
    a, b = before.copy(), before.copy()
    code_planes(plane, a, step, key)
    code_planes_numpy(plane, b, step, key)
    differs = np.abs(a.astype(int) - b) > 1
    # A coefficient on the edge between two steps may fall to either side.
    blocks = [p.reshape(p.shape[0] // 8, 8, -1, 8).any((1, 3)) for p in parts(differs)]
    assert sum(b.sum() for b in blocks) <= max(1, differs.size // 1280)


def test_the_transform_is_orthonormal() -> None:
    np.testing.assert_allclose(cosines() @ cosines().T, np.eye(8), atol=1e-6)


@pytest.mark.parametrize("build", [Jpeg, Blocking, DownSampling])
def test_a_codec_obeys_and_quality_falls_strictly(build: Build) -> None:
    assert obeys(build)
    assert strictly_falling(build)
    assert on_a_still(build, 3)[0] == 0


def test_six_more_double_the_step() -> None:
    fault = Blocking((16, 16, 3), 0)
    assert fault.step(5) == pytest.approx(2 ** (44 / 6))
    assert fault.step(5) / fault.step(3.5) == pytest.approx(2)


def edges(frame: np.ndarray) -> tuple[float, float]:
    """Mean jump over the edges of blocks, and within them."""
    jumps = np.abs(np.diff(frame.astype(int), axis=1)).mean((0, 2))
    at_edge = np.arange(jumps.size) % 8 == 7
    return float(jumps[at_edge].mean()), float(jumps[~at_edge].mean())


def test_blocks_show() -> None:
    frame = panned(0)
    assert edges(frame)[0] < 1.2 * edges(frame)[1]
    shown = Blocking(frame.shape, 0).apply(frame, 5, 0)
    assert edges(shown)[0] > 2 * edges(shown)[1]


def test_what_hardly_changes_stays_until_a_key_frame() -> None:
    frame = panned(0)
    fault = Blocking(frame.shape, 0)
    first = fault.apply(frame, 4, 0)
    brighter = np.clip(frame.astype(int) + 2, 0, 255).astype(np.uint8)
    shown = [fault.apply(brighter, 4, at) for at in range(1, fault.key_every + 1)]
    assert np.array_equal(shown[0], first)
    changed = [at for at in range(1, len(shown)) if not np.array_equal(shown[at], shown[at - 1])]
    assert len(changed) <= 1
    assert not np.array_equal(shown[-1], first)


def test_what_changes_is_coded_at_once() -> None:
    fault = Blocking((240, 320, 3), 0)
    fault.apply(panned(0), 4, 0)
    moved = panned(30)
    shown = fault.apply(moved, 4, 1).astype(int)
    assert np.abs(shown - moved).mean() < 0.5 * np.abs(panned(0).astype(int) - moved).mean()


def test_pixels_of_a_quarter_are_four_wide() -> None:
    frame = panned(0)
    shown = DownSampling(frame.shape, 0).apply(frame, 5, 0)
    squares = shown.reshape(60, 4, 80, 4, 3)
    assert np.ptp(squares, axis=(1, 3)).max() == 0
