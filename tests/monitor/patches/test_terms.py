"""What a patch is trained by: smoothness, printable colours, and the loss of its goal."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.detector import Candidates
from monitor.goals import Aim, Goal
from monitor.losses import Owned, goal_loss
from monitor.patches.terms import (
    DEEP,
    INKS,
    patch_loss,
    printable,
    total_variation,
    unprintable,
)

VANISH = Aim(Goal.VANISH)
BAR = 0.4


def plain(*levels: float) -> torch.Tensor:
    return torch.tensor(levels)[:, None, None].expand(3, 8, 6)


def test_total_variation_is_none_on_a_plain_patch_and_most_on_a_checkerboard() -> None:
    checks = (torch.arange(8)[:, None] + torch.arange(8)) % 2
    board = checks.float().expand(3, 8, 8)
    assert total_variation(plain(0.2, 0.5, 0.9)) == 0
    assert total_variation(board) == 2, "every neighbour, across and down"
    noise = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert 0.4 < total_variation(noise) < 1
    stripes = (torch.arange(8) % 2).float().expand(3, 8, 8)
    assert total_variation(stripes) == total_variation(stripes.mT) == 1


def test_total_variation_does_not_depend_on_a_patchs_size() -> None:
    ramp = torch.linspace(0, 1, 9)
    # Nine levels, of one eighth from each to the next.
    assert total_variation(ramp.expand(3, 4, 9)) == pytest.approx(1 / 8)
    assert total_variation(ramp.expand(3, 40, 9)) == pytest.approx(1 / 8)


def test_what_can_be_printed_costs_nothing() -> None:
    inks = printable()
    assert inks.shape == (64, 3)
    assert inks.min() > 0
    assert inks.max() < 1
    assert len({tuple(ink) for ink in inks.tolist()}) == 64
    for ink in inks:
        assert unprintable(plain(*ink.tolist())) == pytest.approx(0, abs=1e-6)
    grey = plain(INKS[1], INKS[1], INKS[1])
    assert unprintable(grey) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    "colour", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1)]
)
def test_pure_colours_cost_more_than_dull_ones(colour: tuple[float, float, float]) -> None:
    dull = [0.5 + 0.5 * (level - 0.5) for level in colour]
    assert unprintable(plain(*colour)) > 0.2 > unprintable(plain(*dull))


@given(colour=st.tuples(*[st.floats(0, 1)] * 3))
@settings(max_examples=60)
def test_the_cost_is_the_distance_from_the_nearest(colour: tuple[float, float, float]) -> None:
    apart = (printable() - torch.tensor(colour)).norm(dim=1).min()
    assert unprintable(plain(*colour)) == pytest.approx(float(apart), abs=2e-4)


def test_both_costs_have_a_gradient_where_they_are_none() -> None:
    """A square root has none at 0, and would give NaN."""
    patch = plain(*printable()[7].tolist()).clone().requires_grad_(True)
    (unprintable(patch) + total_variation(patch)).backward()  # type: ignore[no-untyped-call]
    assert patch.grad is not None
    assert patch.grad.isfinite().all()


def asked(logits: torch.Tensor) -> Candidates:
    """Of one frame, (A, C); nobody may want the boxes."""

    def none() -> torch.Tensor:
        raise AssertionError("boxes are not asked for")

    return Candidates(logits[None], none)


def owned(count: int, *objects: list[int], labels: tuple[int, ...] = ()) -> Owned:
    free = torch.ones(count, dtype=torch.bool)
    for mine in objects:
        free[mine] = False
    return Owned(tuple(torch.tensor(mine) for mine in objects), labels, free, free)


def vanish(logits: torch.Tensor, *objects: list[int]) -> torch.Tensor:
    return patch_loss(VANISH, asked(logits), owned(len(logits), *objects), BAR)


@given(level=st.floats(-12, 12), fall=st.floats(0.01, 6))
@settings(max_examples=60)
def test_vanish_falls_with_the_logits_of_the_victim(level: float, fall: float) -> None:
    logits = torch.full((5, 2), level)
    lower = logits.clone()
    lower[[1, 3]] -= fall
    assert vanish(lower, [1, 3]) < vanish(logits, [1, 3])
    assert vanish(lower, [0, 2]) == vanish(logits, [0, 2])


def slope(level: float) -> float:
    logits = torch.full((1, 1), level, requires_grad=True)
    vanish(logits, [0]).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    return float(logits.grad)


def test_a_victim_that_is_gone_deep_enough_matters_no_more() -> None:
    """Where it is found the slope is 1; DEEP under the bar is the knee."""
    slopes = [slope(BAR + lead) for lead in (8, 0, -DEEP, -DEEP - 3, -DEEP - 8)]
    assert slopes == sorted(slopes, reverse=True)
    assert slopes[0] > 0.99
    assert slopes[1] > 0.85
    assert slopes[2] == pytest.approx(0.5)
    assert slopes[3] < 0.05
    assert slopes[4] < 0.001
    gone = torch.full((3, 1), BAR - DEEP - 12)
    assert vanish(gone, [0], [1]) < 1e-4


def test_gradient_reaches_the_candidates_of_victims_alone() -> None:
    logits = torch.tensor([[1.0, 0.2], [0.3, 2.0], [3.0, 1.0], [0.5, 0.1]], requires_grad=True)
    vanish(logits, [0, 1], [3]).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    # By its best class each: of the second candidate that is the second one.
    reached = [[True, False], [False, True], [False, False], [True, False]]
    assert (logits.grad > 0).tolist() == reached
    assert (logits.grad != 0).tolist() == reached


def test_every_victim_counts() -> None:
    logits = torch.tensor([[1.0], [2.0], [-1.0]])
    parts = [float(vanish(logits, [at])) for at in range(3)]
    assert float(vanish(logits, [0], [1], [2])) == pytest.approx(sum(parts))


def test_without_victims_there_is_nothing_to_lose_but_a_graph() -> None:
    logits = torch.ones((3, 2), requires_grad=True)
    loss = vanish(logits)
    assert loss == 0
    loss.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert not logits.grad.any()


@pytest.mark.parametrize(
    "aim", [Aim(Goal.ANY), Aim(Goal.FABRICATE), Aim(Goal.FABRICATE, 1), Aim(Goal.MISLABEL, 1)]
)
def test_other_goals_descend_what_attackers_climb(aim: Aim) -> None:
    logits = torch.randn((6, 3), generator=torch.Generator().manual_seed(1))
    mine = owned(6, [0, 2], [4], labels=(0, 2))
    loss = patch_loss(aim, asked(logits), mine, BAR)
    assert loss == -goal_loss(aim, logits, mine, BAR)
    assert loss != 0
