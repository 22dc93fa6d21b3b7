"""Distances, budgets, and eps as people write it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.distances import Budget, Norm, distances, format_eps, parse_eps
from monitor.errors import ConfigError


def test_the_textbook_example() -> None:
    # Two 3 x 3 pictures of the lecture: one value differs by 1, one by 121.
    a = np.array([[37, 128, 64], [18, 220, 59], [100, 50, 33]], np.uint8)
    b = np.array([[38, 128, 64], [18, 99, 59], [100, 50, 33]], np.uint8)
    apart = distances(a, b)
    assert apart.l0 == apart.values == 2
    assert apart.l1 * 255 == pytest.approx(122)
    assert apart.l2 * 255 == pytest.approx(math.sqrt(1 + 14641))
    assert apart.l2 * 255 == pytest.approx(121.004, abs=5e-4)
    assert apart.linf * 255 == pytest.approx(121)


def test_a_pixel_of_which_two_channels_moved_is_one_pixel_and_two_values() -> None:
    a = np.zeros((4, 5, 3), np.uint8)
    b = a.copy()
    b[1, 2] = (0, 7, 9)
    b[3, 4, 2] = 255
    apart = distances(a, b)
    assert (apart.l0, apart.values) == (2, 3)
    assert apart.l1 * 255 == pytest.approx(271)


def test_a_distance_under_a_norm_is_the_one_of_that_name() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 256, (9, 7, 3), dtype=np.uint8) for _ in range(2))
    apart, flat = distances(a, b), (a.astype(float) - b) / 255
    assert apart.under(Norm.LINF) == pytest.approx(np.linalg.norm(flat.ravel(), np.inf))
    assert apart.under(Norm.L2) == pytest.approx(np.linalg.norm(flat.ravel(), 2))
    assert apart.under(Norm.L1) == pytest.approx(np.linalg.norm(flat.ravel(), 1))
    assert apart.under(Norm.L0) == np.count_nonzero((flat != 0).any(axis=2))


def test_the_unsigned_difference_does_not_wrap() -> None:
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert distances(black, white).linf == distances(white, black).linf == 1.0
    assert distances(black, white).l2 == pytest.approx(math.sqrt(12))


def test_frames_of_different_shapes_have_no_distance() -> None:
    with pytest.raises(ValueError, match="different shapes"):
        distances(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3, 3), np.uint8))


@given(st.integers(0, 255))
def test_a_budget_written_as_a_fraction_holds_exactly_its_levels(levels: int) -> None:
    budget = Budget(Norm.LINF, parse_eps(f"{levels}/255"))
    clean = np.zeros((1, 1, 3), np.uint8)
    assert budget.holds(clean, np.full((1, 1, 3), levels, np.uint8))
    if levels < 255:
        assert not budget.holds(clean, np.full((1, 1, 3), levels + 1, np.uint8))
    assert format_eps(budget.eps, Norm.LINF) == f"{levels}/255"


@pytest.mark.parametrize(
    ("text", "value"), [("4/255", 4 / 255), ("0.5", 0.5), (0.25, 0.25), ("1e-2", 0.01), ("0", 0.0)]
)
def test_eps_as_people_write_it(text: str | float, value: float) -> None:
    assert parse_eps(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["4/0", "a/b", "1/2/3", "", "four"])
def test_eps_that_is_no_number_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(ConfigError, match="4/255"):
        parse_eps(text)


@pytest.mark.parametrize("eps", [-0.1, math.nan, math.inf])
def test_a_budget_is_a_finite_positive_number(eps: float) -> None:
    with pytest.raises(ConfigError):
        Budget(Norm.L2, eps)


def test_half_a_pixel_is_no_budget() -> None:
    with pytest.raises(ConfigError, match="number of pixels"):
        Budget(Norm.L0, 1.5)


@pytest.mark.parametrize(("norm", "eps"), [(Norm.L0, 2), (Norm.L1, 1.5), (Norm.L2, 1.0)])
def test_a_budget_holds_up_to_its_edge(norm: Norm, eps: float) -> None:
    clean = np.zeros((3, 3, 3), np.uint8)
    inside = clean.copy()
    inside[0, 0] = (255, 0, 0) if norm is not Norm.L1 else (255, 127, 0)
    if norm is Norm.L0:
        inside[1, 1] = (3, 200, 9)
    outside = inside.copy()
    outside[2, 2, 1] = 1
    assert Budget(norm, eps).holds(clean, inside)
    assert not Budget(norm, eps).holds(clean, outside)


def test_grey_levels_given_as_linf_eps_are_caught() -> None:
    with pytest.raises(ConfigError, match="write 4/255, not 4"):
        Budget(Norm.LINF, 4.0)


def test_formats() -> None:
    assert format_eps(0.3 / 255, Norm.LINF) == "0.30/255"
    assert format_eps(1.5, Norm.L2) == format_eps(1.5, Norm.L1) == "1.50"
    assert format_eps(3, Norm.L0) == "3"
    assert str(Budget(Norm.LINF, 4 / 255)) == "linf 4/255"
