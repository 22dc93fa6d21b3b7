"""The compiled kernels against their plain numpy bodies, on random input."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.kernels.blocks import BLOCK, whole_levels
from monitor.kernels.l0_update import l0_update
from monitor.kernels.l1_update import l1_update
from monitor.kernels.l2_update import l2_update, l2_update_numpy, round_l2_numpy
from monitor.kernels.linf_update import linf_update, linf_update_numpy
from monitor.kernels.moved import moved, moved_numpy

Update = Callable[..., None]
PAIRS = [
    pytest.param(linf_update, linf_update_numpy, id="linf"),
    pytest.param(l2_update, l2_update_numpy, id="l2"),
]
# Sizes around the block length, where a cut could go wrong, and some that are odd.
SHAPES = st.sampled_from([(1, 1, 3), (7, 5, 3), (64, 64, 3), (1, BLOCK, 1), (1, BLOCK + 1, 3)])


def inputs(
    shape: tuple[int, ...], seed: int, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    clean = rng.choice(np.array([0, 1, 2, 100, 253, 254, 255], np.uint8), size=shape)
    gradient = rng.standard_normal(shape).astype(np.float32)
    gradient[rng.random(shape) < 0.1] = 0
    offset = rng.uniform(-min(eps, 20), min(eps, 20), shape).astype(np.float32)
    return clean, gradient, offset


@pytest.mark.parametrize(("kernel", "body"), PAIRS)
@given(
    shape=SHAPES,
    seed=st.integers(0, 2**32 - 1),
    step=st.floats(0, 300),
    eps=st.floats(0, 300),
)
@settings(max_examples=60, deadline=None)
def test_kernel_and_numpy_body_agree(
    kernel: Update, body: Update, shape: tuple[int, ...], seed: int, step: float, eps: float
) -> None:
    clean, gradient, offset = inputs(shape, seed, eps)
    place_a, place_b = offset.copy(), offset.copy()
    out_a, out_b = np.empty_like(clean), np.empty_like(clean)
    kernel(clean, gradient, place_a, out_a, step, eps)
    body(clean, gradient, place_b, out_b, step, eps)
    np.testing.assert_allclose(place_a, place_b, rtol=2e-6, atol=2e-5)
    # L2 takes sums in another order, so that its positions differ in the last digits: a value may round to
    # its neighbour, no more, and rarely. How the kernel rounds its own position is exact, below.
    differing = out_a.astype(int) - out_b.astype(int)
    assert np.abs(differing).max() <= (0 if kernel is linf_update else 1)
    assert np.count_nonzero(differing) <= max(2, clean.size // 500)


@given(shape=SHAPES, seed=st.integers(0, 2**32 - 1), step=st.floats(0, 600), eps=st.floats(0, 255))
@settings(max_examples=80, deadline=None)
def test_linf_stays_in_the_budget_and_steps_by_the_sign(
    shape: tuple[int, ...], seed: int, step: float, eps: float
) -> None:
    clean, gradient, _ = inputs(shape, seed, eps)
    offset, out = np.zeros(shape, np.float32), np.empty_like(clean)
    linf_update(clean, gradient, offset, out, step, eps)
    moved = out.astype(int) - clean.astype(int)
    assert np.abs(moved).max() <= whole_levels(eps)
    wanted = np.clip(clean + np.sign(gradient) * min(step, eps), 0, 255) - clean
    np.testing.assert_allclose(offset, wanted, atol=1e-4)


@given(shape=SHAPES, seed=st.integers(0, 2**32 - 1), eps=st.floats(0, 5000))
@settings(max_examples=80, deadline=None)
def test_l2_stays_in_the_budget_after_rounding(
    shape: tuple[int, ...], seed: int, eps: float
) -> None:
    clean, gradient, _ = inputs(shape, seed, eps)
    offset, out = np.zeros(shape, np.float32), np.empty_like(clean)
    l2_update(clean, gradient, offset, out, eps, eps)
    moved = out.astype(np.int64) - clean.astype(np.int64)
    assert (moved**2).sum() <= eps * eps * (1 + 1e-12)


def l2_levels(clean: np.ndarray, offset: np.ndarray, eps: float) -> np.ndarray:
    """What the kernel rounds an offset inside the ball and the box to."""
    place, out = offset.copy(), np.empty_like(clean)
    l2_update(clean, np.zeros_like(offset), place, out, 0.0, eps)
    assert np.array_equal(place, offset)
    return out.astype(np.int64) - clean


def shrunk_to_nearest(offset: np.ndarray, eps: float) -> np.ndarray:
    """The rounding to be beaten: to the nearest level, at the largest scale up to 1 that fits."""
    low, high = 0.0, 1.0
    if np.square(np.rint(offset)).sum() <= eps * eps:
        return np.rint(offset)
    for _ in range(24):
        middle = 0.5 * (low + high)
        fits = np.square(np.rint(np.float32(middle) * offset)).sum() <= eps * eps
        low, high = (middle, high) if fits else (low, middle)
    return np.rint(np.float32(low) * offset)


# One more than there are in a sample, and enough for a sample to be one.
ROUNDED = st.sampled_from([(1, 1, 3), (7, 5, 3), (64, 64, 3), (1, 16_385, 1), (120, 300, 3)])
KINDS = st.sampled_from(["normal", "alike", "halves", "spot"])


@given(
    shape=ROUNDED,
    seed=st.integers(0, 2**32 - 1),
    size=st.floats(-3, 2),
    kind=KINDS,
    room=st.sampled_from([1.0000001, 1.001, 1.05, 2.0]),
)
@example(shape=(120, 300, 3), seed=0, size=1.4249451112957585, kind="normal", room=1.0000001)
@settings(max_examples=150, deadline=None)
def test_l2_rounding_spends_the_budget_where_it_counts(
    shape: tuple[int, ...], seed: int, size: float, kind: str, room: float
) -> None:
    rng = np.random.default_rng(seed)
    clean = rng.choice(np.array([0, 1, 50, 128, 200, 254, 255], np.uint8), size=shape)
    offset = (rng.standard_normal(shape) * 10**size).astype(np.float32)
    if kind == "alike":
        offset = np.sign(offset) * np.float32(10**size)
    elif kind == "halves":
        offset = np.round(2 * offset) / 2
    elif kind == "spot":  # which a sample may miss
        offset.reshape(-1)[offset.size // 50 + 5 :] = 0
    base = clean.astype(np.float32)
    offset = np.clip(offset, -base, 255 - base).astype(np.float32)
    square = float(np.square(offset, dtype=float).sum())
    eps = room * square**0.5
    levels = l2_levels(clean, offset, eps)
    assert np.array_equal(levels, round_l2_numpy(offset, eps))
    spent = int(np.square(levels).sum())
    assert spent <= eps * eps
    exact = offset.astype(float)
    former = shrunk_to_nearest(offset, eps)
    # Whole raises by what they gain for their cost lose less to the best than the one that no longer fitted.
    most = np.abs(exact).max(initial=0) + 1e-9 * square
    assert (levels * exact).sum() >= (former * exact).sum() - most
    nearest = np.rint(exact)
    taken = np.square(nearest).sum()
    if square <= taken <= eps * eps:
        assert np.array_equal(levels, nearest)
    elif np.abs(levels).max(initial=0) <= 1 and taken < square:  # a raise costs 1 or 3
        assert spent >= min(square, eps * eps) - 3


def test_a_thin_l2_offset_is_not_rounded_to_nothing() -> None:
    # 0.2 * 255 = 51 levels over all values of a small frame are 0.13 each: 2,601 of them can move by one.
    rng = np.random.default_rng(0)
    clean = rng.integers(1, 255, (224, 224, 3), dtype=np.uint8)
    slope = rng.uniform(-1, 1, clean.shape).astype(np.float32)
    offset, out = np.zeros(clean.shape, np.float32), np.empty_like(clean)
    assert not shrunk_to_nearest(51 * slope / np.linalg.norm(slope), 51).any()
    l2_update(clean, slope, offset, out, 51.0, 51.0)
    levels = out.astype(int) - clean
    assert (np.abs(levels) == 1).sum() == 2601
    assert np.abs(slope[levels != 0]).min() >= np.abs(slope[levels == 0]).max()
    assert (np.sign(slope) == levels)[levels != 0].all()


@pytest.mark.parametrize(("kernel", "_body"), PAIRS)
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_leaves_the_frame_within_bounds(
    kernel: Update, _body: Update, poison: float
) -> None:
    clean = np.full((4, 4, 3), 128, np.uint8)
    gradient = np.ones(clean.shape, np.float32)
    gradient[0, 0, 0] = poison
    offset, out = np.zeros(clean.shape, np.float32), np.empty_like(clean)
    kernel(clean, gradient, offset, out, 4.0, 4.0)
    assert np.isfinite(offset).all()
    assert np.abs(out.astype(int) - 128).max() <= 4
    if np.isnan(poison):
        assert out[0, 0, 0] == 128


@pytest.mark.parametrize("kernel", [linf_update, l2_update, l1_update, l0_update])
def test_the_result_does_not_depend_on_the_number_of_threads(kernel: Update) -> None:
    clean, gradient, offset = inputs((400, 400, 3), 5, 4)
    offset[(np.arange(offset.size) % 50 > 0).reshape(offset.shape)] = 0
    results = []
    threads = numba.get_num_threads()
    try:
        for count in (1, threads):
            numba.set_num_threads(count)
            place, out = offset.copy(), np.empty_like(clean)
            kernel(clean, gradient, place, out, 50.0, 400.0)
            results.append((place, out))
    finally:
        numba.set_num_threads(threads)
    assert results[0][1].tobytes() != clean.tobytes()
    assert np.array_equal(results[0][0], results[-1][0])
    assert np.array_equal(results[0][1], results[-1][1])


@pytest.mark.parametrize("kernel", [linf_update, l2_update, l1_update, l0_update])
def test_a_frame_that_cannot_be_written_does_as_well(kernel: Update) -> None:
    clean, gradient, _ = inputs((40, 40, 3), 5, 4)
    outs = []
    for writeable in (True, False):
        clean.flags.writeable = gradient.flags.writeable = writeable
        outs.append(np.empty_like(clean))
        kernel(clean, gradient, np.zeros(clean.shape, np.float32), outs[-1], 8.0, 8.0)
    assert np.array_equal(*outs)


def test_small_steps_add_up_although_each_rounds_to_nothing() -> None:
    clean = np.full((2, 2, 3), 100, np.uint8)
    gradient = np.ones(clean.shape, np.float32)
    offset, out = np.zeros(clean.shape, np.float32), np.empty_like(clean)
    seen = []
    for _ in range(8):
        linf_update(clean, gradient, offset, out, 0.25, 2.0)
        seen.append(int(out[0, 0, 0]))
    assert seen == [100, 101, 101, 101, 101, 102, 102, 102]


FRAMES = st.one_of(
    SHAPES, st.sampled_from([(3, 3), (40, 41), (1, 1365, 3), (1, 1366, 3), (0, 4, 3)])
)


@given(shape=FRAMES, seed=st.integers(0, 2**32 - 1), alike=st.booleans())
@settings(max_examples=60, deadline=None)
def test_distances_are_exact(shape: tuple[int, ...], seed: int, alike: bool) -> None:
    rng = np.random.default_rng(seed)
    a, b = (rng.choice(np.array([0, 1, 128, 255], np.uint8), size=shape) for _ in range(2))
    if alike:
        b = np.where(rng.random(shape) < 0.999, a, b)
    assert moved(a, b) == moved_numpy(a, b)
    assert moved(a, a) == (0, 0, 0, 0, 0)


def test_the_largest_distance_does_not_overflow() -> None:
    black, white = np.zeros((300, 300, 3), np.uint8), np.full((300, 300, 3), 255, np.uint8)
    assert moved(black, white) == (90_000, 270_000, 270_000 * 255, 270_000 * 255**2, 255)
