"""Log-odds: their sigmoid is the score, also where float32 probabilities have no digits left."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.log_odds import LARGEST, of_probability, of_product, of_softmax

values = st.floats(-30, 30, width=32)


@given(st.lists(values, min_size=2, max_size=8))
def test_softmax(logits: list[float]) -> None:
    z = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    odds = of_softmax(z)
    torch.testing.assert_close(odds.sigmoid(), z.softmax(0), rtol=1e-9, atol=1e-15)
    (gradient,) = torch.autograd.grad(odds.sum(), z)
    assert bool(gradient.isfinite().all())


def test_softmax_does_not_saturate_where_float32_probabilities_are_one() -> None:
    z = torch.tensor([80.0, 0.0, -5.0], requires_grad=True)
    assert float(z.softmax(0)[0].detach()) == 1.0
    odds = of_softmax(z)[0]
    exact = torch.tensor([80.0, 0.0, -5.0], dtype=torch.float64)
    assert float(odds.detach()) == pytest.approx(80 - float(exact[1:].logsumexp(0)), rel=1e-6)
    (gradient,) = torch.autograd.grad(odds, z)
    assert float(gradient[0]) == pytest.approx(1.0)


@given(st.lists(values, min_size=1, max_size=3), st.sampled_from([1.0, 2.0]))
def test_product(logits: list[float], root: float) -> None:
    z = [torch.tensor(v, dtype=torch.float64) for v in logits]
    p = torch.stack([v.sigmoid() for v in z]).prod() ** (1 / root)
    torch.testing.assert_close(of_product(*z, root=root).sigmoid(), p, rtol=1e-6, atol=1e-12)


def test_product_keeps_its_slope_at_both_ends() -> None:
    for start in (-60.0, 30.0):
        a, b = torch.tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
        gradient = torch.autograd.grad(of_product(a, b, root=2), (a, b))
        assert all(float(g) == pytest.approx(0.5, abs=0.01) for g in gradient)


def test_a_bare_probability_is_held_inside_what_float32_can_tell() -> None:
    p = torch.tensor([0.0, 1e-9, 0.25, 1 - 1e-7, 1.0])
    odds = of_probability(p)
    assert bool((odds.abs() <= LARGEST + 0.6).all())
    assert float(odds[2]) == pytest.approx(torch.logit(torch.tensor(0.25)).item())
