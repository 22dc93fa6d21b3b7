"""Projections onto the L1 and L0 balls: against sorting, and nearest among what is allowed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.kernels.l0_update import l0_update, l0_update_numpy
from monitor.kernels.l1_update import (
    l1_update,
    l1_update_numpy,
    project_l1_numpy,
    round_l1_numpy,
)
from monitor.kernels.select import cut, cut_numpy

SHAPES = st.sampled_from([(1, 1, 3), (7, 5, 3), (40, 41, 3), (90, 64, 3)])
SEEDS = st.integers(0, 2**32 - 1)


def picture(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return rng.choice(np.array([0, 1, 2, 100, 253, 254, 255], np.uint8), size=shape)


def large_frame(rng: np.random.Generator, spot: float) -> tuple[np.ndarray, np.ndarray]:
    """A picture of 400 x 300 and a gradient that is 0 but for a share of its rows."""
    clean = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    gradient = rng.standard_normal(clean.shape).astype(np.float32)
    flat = gradient.reshape(-1)
    size = max(int(spot * flat.size), 30)
    start = int(rng.integers(0, flat.size - size + 1))
    flat[:start] = flat[start + size :] = 0
    return clean, gradient


@given(seed=SEEDS, size=st.integers(1, 3000), amount=st.floats(0, 4000), ties=st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_largest_keys_are_served_first(seed: int, size: int, amount: float, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    keys = rng.exponential(1, size).astype(np.float32)
    if ties:
        keys = np.round(keys, 1).astype(np.float32)
    weights = rng.choice(np.array([0, 0.5, 1, 2], np.float32), size=size)
    threshold, left = cut(keys, weights, amount)
    expected, rest = cut_numpy(keys, weights, amount)
    assert threshold == expected
    assert left == pytest.approx(rest, abs=1e-6)


# Newton's steps came within 2e-7 of the root here, on the side that is over the budget, and could not go on.
@example(shape=(40, 41, 3), seed=1, eps=200.47717267375668)
@given(shape=SHAPES, seed=SEEDS, eps=st.floats(0.01, 3000))
@settings(max_examples=60, deadline=None)
def test_the_l1_projection_is_that_of_sorting(
    shape: tuple[int, ...], seed: int, eps: float
) -> None:
    rng = np.random.default_rng(seed)
    clean = picture(shape, rng)
    offset = rng.normal(0, rng.choice([0.1, 5, 80]), shape).astype(np.float32)
    low, high = -clean.astype(float), 255 - clean.astype(float)
    exact = project_l1_numpy(offset.astype(float).ravel(), low.ravel(), high.ravel(), eps)
    out, place = np.empty_like(clean), offset.copy()
    l1_update(clean, np.zeros(shape, np.float32), place, out, 0.0, eps)
    assert np.abs(place).sum(dtype=float) <= eps * (1 + 1e-5) + 1e-3
    np.testing.assert_allclose(place.ravel(), exact, atol=1e-3 + 2e-5 * eps)
    assert np.abs(out.astype(int) - clean).sum() <= eps + 1e-4


@given(seed=SEEDS, eps=st.floats(0.5, 300))
@settings(max_examples=60, deadline=None)
def test_nothing_that_is_allowed_is_nearer_than_the_l1_projection(seed: int, eps: float) -> None:
    rng = np.random.default_rng(seed)
    clean = rng.uniform(0, 255, 30)
    place = rng.normal(0, 60, 30)
    nearest = project_l1_numpy(place, -clean, 255 - clean, eps)
    assert np.abs(nearest).sum() <= eps + 1e-6
    assert ((clean + nearest >= -1e-9) & (clean + nearest <= 255 + 1e-9)).all()
    for _ in range(40):
        other = rng.normal(0, 60, 30).clip(-clean, 255 - clean)
        other *= min(1, eps / np.abs(other).sum())
        # The angle between the way to the projection and the way on to any other point is obtuse.
        assert (place - nearest) @ (other - nearest) <= 1e-6 * np.abs(place).sum() * 100


@example(shape=(90, 64, 3), seed=0, step=37.79861383021506, eps=37.79861383021506, cap=1.0)
@given(
    shape=SHAPES, seed=SEEDS, step=st.floats(0, 600), eps=st.floats(0, 2000), cap=st.floats(1, 255)
)
@settings(max_examples=60, deadline=None)
def test_an_l1_step_goes_where_sorting_says(
    shape: tuple[int, ...], seed: int, step: float, eps: float, cap: float
) -> None:
    rng = np.random.default_rng(seed)
    clean = picture(shape, rng)
    gradient = rng.standard_normal(shape).astype(np.float32)
    gradient[rng.random(shape) < 0.1] = np.nan
    places = [np.zeros(shape, np.float32) for _ in range(2)]
    outs = [np.empty_like(clean) for _ in range(2)]
    l1_update(clean, gradient, places[0], outs[0], step, eps, cap)
    l1_update_numpy(clean, gradient, places[1], outs[1], step, eps, cap)
    np.testing.assert_allclose(places[0], places[1], atol=2e-3 + 2e-5 * eps)
    # The bodies' positions differ in the last digits, so that fractions that are alike may come in another
    # order: each rounds its own position exactly, and both spend the same.
    levels = outs[0].astype(int) - clean
    assert np.array_equal(levels.ravel(), round_l1_numpy(places[0].ravel(), eps))
    spent = [int(np.abs(out.astype(int) - clean).sum()) for out in outs]
    assert max(spent) <= eps + 1e-4
    assert abs(spent[0] - spent[1]) <= 1


@given(shape=SHAPES, seed=SEEDS, size=st.floats(1e-3, 30), room=st.floats(1, 3))
@settings(max_examples=80, deadline=None)
def test_l1_rounding_keeps_the_budget_and_loses_nothing(
    shape: tuple[int, ...], seed: int, size: float, room: float
) -> None:
    place = np.random.default_rng(seed).normal(0, size, int(np.prod(shape))).astype(np.float32)
    # Inside the ball, as after the projection.
    long = float(np.abs(place).sum(dtype=float))
    levels = round_l1_numpy(place, room * long)
    spent = int(np.abs(levels).sum())
    assert spent <= room * long + 1e-4
    assert (np.abs(levels - place) < 1).all()  # up or down, no further
    nearest = np.sign(place) * np.floor(np.abs(place) + np.float32(0.5))
    if np.abs(nearest).sum() >= round(long) and np.abs(nearest).sum() <= room * long:
        assert np.array_equal(levels, nearest)
    else:
        assert spent >= long - 1.5


# Frames that are larger than a sample, flat but for a spot that the sample may miss.
SPOTS = st.sampled_from([1.0, 0.1, 0.003, 0.0001])


@given(seed=SEEDS, spot=SPOTS, step=st.floats(1, 5000), cap=st.floats(0.5, 255))
@settings(max_examples=25, deadline=None)
def test_an_l1_step_on_a_large_frame_needs_no_luck(
    seed: int, spot: float, step: float, cap: float
) -> None:
    rng = np.random.default_rng(seed)
    clean, gradient = large_frame(rng, spot)
    offset = np.zeros(clean.shape, np.float32)
    offset[rng.random(clean.shape) < 0.001] = 0.75
    eps = 0.7 * step + float(offset.sum()) / 2
    places = [offset.copy(), offset.copy()]
    outs = [np.empty_like(clean) for _ in range(2)]
    l1_update(clean, gradient, places[0], outs[0], step, eps, cap)
    l1_update_numpy(clean, gradient, places[1], outs[1], step, eps, cap)
    np.testing.assert_allclose(places[0], places[1], atol=2e-3 + 2e-5 * eps)
    levels = outs[0].astype(int) - clean
    assert np.array_equal(levels.ravel(), round_l1_numpy(places[0].ravel(), eps))


@given(seed=SEEDS, spot=SPOTS, eps=st.sampled_from([1, 30, 3000, 90_000]), whole=st.booleans())
@settings(max_examples=25, deadline=None)
def test_an_l0_step_on_a_large_frame_needs_no_luck(
    seed: int, spot: float, eps: int, whole: bool
) -> None:
    rng = np.random.default_rng(seed)
    clean, gradient = large_frame(rng, spot)
    offset = np.zeros(clean.shape, np.float32)
    offset[rng.random(clean.shape[:2]) < 0.001] = 0.75
    places = [offset.copy(), offset.copy()]
    outs = [np.empty_like(clean) for _ in range(2)]
    l0_update(clean, gradient, places[0], outs[0], 40.0, eps, whole)
    l0_update_numpy(clean, gradient, places[1], outs[1], 40.0, eps, whole)
    changed = [(place != 0).any(axis=2) for place in places]
    assert changed[0].sum() <= eps
    # Means and scores are summed in another order: pixels that score alike may change places.
    assert (changed[0] != changed[1]).sum() <= 2
    both = changed[0] & changed[1]
    np.testing.assert_allclose(places[0][both], places[1][both], rtol=1e-5, atol=1e-3)


@given(
    shape=SHAPES, seed=SEEDS, step=st.floats(0, 300), eps=st.integers(0, 6000), whole=st.booleans()
)
@settings(max_examples=60, deadline=None)
def test_an_l0_step_keeps_as_many_pixels_as_there_are_to_keep(
    shape: tuple[int, ...], seed: int, step: float, eps: int, whole: bool
) -> None:
    rng = np.random.default_rng(seed)
    clean = picture(shape, rng)
    gradient = rng.standard_normal(shape).astype(np.float32)
    gradient[rng.random(shape) < 0.1] = np.inf
    offset = np.zeros(shape, np.float32)
    offset[rng.random(shape[:2]) < 0.1] = 1.5
    offset = (clean + offset).clip(0, 255).astype(np.float32) - clean
    places = [offset.copy(), offset.copy()]
    outs = [np.empty_like(clean) for _ in range(2)]
    l0_update(clean, gradient, places[0], outs[0], step, eps, whole)
    l0_update_numpy(clean, gradient, places[1], outs[1], step, eps, whole)
    changed = [(out != clean).any(axis=2) for out in outs]
    assert changed[0].sum() <= eps
    # Scores are summed in another order: two pixels that score alike may change places.
    assert (changed[0] != changed[1]).sum() <= 2
    both = changed[0] & changed[1]
    np.testing.assert_allclose(places[0][both], places[1][both], atol=1e-3)
    assert np.abs(outs[0][both].astype(int) - outs[1][both]).max(initial=0) <= 1
