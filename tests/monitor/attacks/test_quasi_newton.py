"""L-BFGS inside a box: beside scipy's L-BFGS-B on what both can solve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, minimize

from monitor.attacks.quasi_newton import minimize_in_box


def quadratic(seed: int, stretch: float) -> tuple[np.ndarray, np.ndarray]:
    """(H, b) of x'Hx/2 - b'x, whose minimum lies outside the box as often as not."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((20, 20)))
    heights = np.geomspace(1, stretch, 20)
    return (turn * heights) @ turn.T, rng.standard_normal(20) * heights.mean()


@given(st.integers(0, 10**6), st.sampled_from([1.0, 10.0, 100.0]))
@settings(max_examples=40)
def test_the_minimum_in_the_box_is_scipys(seed: int, stretch: float) -> None:
    bent, pull = quadratic(seed, stretch)

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        wide = x.astype(np.float64)
        return float(wide @ bent @ wide / 2 - pull @ wide), bent @ wide - pull

    def short(x: np.ndarray) -> tuple[float, np.ndarray]:
        height, slope = value(x)
        return height, slope.astype(np.float32)

    begin = np.zeros(20, np.float32)
    there, height = minimize_in_box(short, begin, lambda x: x.clip(-1, 1), 300, stride=0.1)
    best = minimize(value, begin.astype(float), jac=True, method="L-BFGS-B", bounds=Bounds(-1, 1))
    assert np.abs(there).max() <= 1
    assert height == pytest.approx(value(there)[0])
    start = value(begin)[0]
    assert height - best.fun <= 1e-3 * (start - best.fun)


def test_it_looks_no_more_often_than_it_may_and_never_climbs() -> None:
    bent, pull = quadratic(1, 100.0)
    for looks in (1, 2, 5, 17):
        seen: list[float] = []

        def value(x: np.ndarray, seen: list[float] = seen) -> tuple[float, np.ndarray]:
            seen.append(float(x @ bent @ x / 2 - pull @ x))
            return seen[-1], (bent @ x - pull).astype(np.float32)

        _, height = minimize_in_box(
            value, np.zeros(20, np.float32), lambda x: x.clip(-1, 1), looks, stride=10.0
        )
        assert len(seen) <= looks
        assert height == min(seen)


def test_where_nothing_is_free_it_stays() -> None:
    corner = np.ones(4, np.float32)
    there, _ = minimize_in_box(
        lambda x: (-float(x.sum()), -np.ones(4, np.float32)), corner, lambda x: x.clip(0, 1), 9, 1.0
    )
    assert np.array_equal(there, corner)
