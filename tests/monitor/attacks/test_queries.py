"""What every black-box attack keeps: its queries are counted and limited, and it sees answers alone."""

from __future__ import annotations

import types
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from contracts import black_box
from hypothesis import given, settings
from hypothesis import strategies as st
from linear import LinearDetector, OnlyDetects

from models.centerface import CenterFace
from models.detector import Detector
from monitor.attacks.driver import Attack, drive
from monitor.attacks.hop_skip_jump import HopSkipJump
from monitor.attacks.one_pixel import OnePixel
from monitor.attacks.rays import RayS
from monitor.attacks.square import Square
from monitor.distances import Budget, Norm
from monitor.goals import Goal
from monitor.knowledge import Knowledge, view_for
from monitor.limits import Limits
from monitor.objective import Objective

ENROLLED = [pytest.param(attack, norm, id=f"{name}-{norm}") for name, attack, norm in black_box()]

BUDGETS = {Norm.LINF: 4 / 255, Norm.L2: 1.0, Norm.L1: 8.0, Norm.L0: 5}

PIXELS = np.full((16, 20, 3), 128, np.uint8)


def linear(reach: float, seed: int = 0) -> LinearDetector:
    """One object on grey, of weights all alike but for noise; it is gone when all values fall by `reach`."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((2, *PIXELS.shape), np.float32)
    weights[0] = 1 + 0.3 * rng.standard_normal(PIXELS.shape)
    bias = weights[0].sum() * (reach - 128) / 255
    return LinearDetector(weights, (float(bias), -50.0))


FAR, NEAR = linear(60.0), linear(0.2)
"""Models that no budget here can fell, and that the smallest change fells."""


class Watched(Objective):
    """Notes the frames that are looked at."""

    def answer(self, pixels):  # type: ignore[no-untyped-def]
        self.looked = [*getattr(self, "looked", []), pixels]
        return super().answer(pixels)


def driven(
    attack: Attack,
    norm: Norm,
    detector: Detector = FAR,
    limits: Limits = Limits(),  # noqa: B008, frozen
    seed: int = 0,
) -> tuple[Objective, np.ndarray]:
    objective = Objective(detector, PIXELS, Goal.VANISH, threshold=0.5, limits=limits)
    return objective, drive(
        attack, objective, Budget(norm, BUDGETS[norm]), np.random.default_rng(seed)
    )


@pytest.mark.parametrize("queries", [1, 7, 100])
@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_the_query_budget_is_honoured(attack: Attack, norm: Norm, queries: int) -> None:
    # Set from outside, and as the attack's own; either way it ends of itself, with nothing cut off.
    for limited, limits in (
        (attack, Limits(queries)),
        (replace(attack, queries=queries), Limits()),  # type: ignore[type-var]
    ):
        objective, _ = driven(limited, norm, limits=limits)
        assert not objective.counts.stopped
        assert (
            0.9 * queries - 1 <= objective.counts.queries <= queries
            or limited.knowledge is Knowledge.LABEL
        )
        assert objective.counts.queries <= queries
        assert objective.counts.forwards <= queries + 2


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_a_fallen_frame_ends_the_search(attack: Attack, norm: Norm) -> None:
    objective, frame = driven(attack, norm, NEAR)
    assert objective.answer(frame).fell
    assert 1 <= objective.counts.queries < 60


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_the_same_seed_asks_the_same_questions(attack: Attack, norm: Norm) -> None:
    (one, a), (other, b) = (driven(attack, norm, limits=Limits(60)) for _ in range(2))
    assert np.array_equal(a, b)
    assert one.counts == other.counts


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_a_model_that_only_answers_falls_too(attack: Attack, norm: Norm) -> None:
    model = OnlyDetects(linear(1.0 if norm is not Norm.L0 else 0.5))
    objective, frame = driven(attack, norm, model, Limits(500))
    assert objective.answer(frame).fell
    assert Budget(norm, BUDGETS[norm]).holds(PIXELS, frame)
    assert model.asked == objective.counts.forwards


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_a_deadline_ends_the_search_with_a_frame_inside_the_budget(
    attack: Attack, norm: Norm
) -> None:
    now = [0.0]

    class Slow(OnlyDetects):
        def detect(self, pixels, threshold):  # type: ignore[no-untyped-def]
            now[0] += 1.0
            return super().detect(pixels, threshold)

    limits = Limits(deadline=20.5, clock=lambda: now[0])
    objective, frame = driven(attack, norm, Slow(FAR), limits)
    assert objective.counts.stopped
    assert now[0] <= 21
    assert Budget(norm, BUDGETS[norm]).holds(PIXELS, frame)
    assert not np.array_equal(frame, PIXELS)


@pytest.mark.parametrize(("attack", "norm"), ENROLLED)
def test_no_gradient_is_ever_taken(
    attack: Attack,
    norm: Norm,
    faces: CenterFace,
    photograph: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a black-box attack went backwards")

    monkeypatch.setattr(torch.autograd, "grad", refuse)
    monkeypatch.setattr(torch.Tensor, "backward", refuse)
    limits = Limits(queries=12)
    objective = Objective(faces, photograph[:96, 96:224], Goal.ANY, threshold=0.5, limits=limits)
    drive(attack, objective, Budget(norm, BUDGETS[norm]), np.random.default_rng(0))
    assert objective.counts.backwards == 0
    assert objective.counts.queries > 0


@pytest.mark.parametrize("knowledge", [Knowledge.SCORE, Knowledge.LABEL])
def test_nothing_that_can_be_reached_from_a_view_has_a_gradient(knowledge: Knowledge) -> None:
    objective = Objective(FAR, PIXELS, Goal.VANISH, threshold=0.5)
    for thing in reachable(view_for(knowledge, objective)):
        assert not isinstance(thing, Objective | LinearDetector | torch.Tensor), thing
        assert not hasattr(thing, "gradient")
        assert not hasattr(thing, "forward")


def test_the_search_for_what_can_be_reached_sees_through_functions() -> None:
    hidden = Objective(FAR, PIXELS, Goal.VANISH, threshold=0.5)
    found = reachable(types.SimpleNamespace(ask=lambda: hidden.answer(PIXELS)))
    assert any(thing is hidden for thing in found)
    assert any(thing is hidden for thing in reachable([hidden.answer]))


def reachable(thing: object) -> list[Any]:
    """All that leads from an object: attributes, slots, closures, what methods are bound to, containers."""
    seen: dict[int, Any] = {}
    todo = [thing]
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, type | types.ModuleType | str | bytes | int | float):
            continue
        seen[id(one)] = one
        if isinstance(one, list | tuple | set | frozenset):
            todo += one
        if isinstance(one, dict):
            todo += one.values()
        names = set(getattr(one, "__dict__", ())) | {
            "_" + kind.__name__.lstrip("_") + slot if slot.startswith("__") else slot
            for kind in type(one).__mro__
            for slot in getattr(kind, "__slots__", ())
        }
        functions = "__closure__", "__self__", "__func__", "__wrapped__", "__defaults__"
        for name in (*names, *functions, "cell_contents", "func", "args", "keywords"):
            todo.append(getattr(one, name, None))
    return list(seen.values())


@given(count=st.integers(1, 400), seed=st.integers(0, 2**32 - 1), queries=st.integers(1, 40))
@settings(max_examples=30)
def test_one_pixel_changes_at_most_as_many_pixels_as_it_may(
    count: int, seed: int, queries: int
) -> None:
    objective = Objective(FAR, PIXELS, Goal.VANISH, threshold=0.5)
    attack = OnePixel(queries, population=6)
    frame = drive(attack, objective, Budget(Norm.L0, count), np.random.default_rng(seed))
    assert 1 <= np.count_nonzero((frame != PIXELS).any(axis=2)) <= count


@given(
    norm=st.sampled_from([Norm.LINF, Norm.L2]),
    eps=st.floats(0.001, 1),
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_searches_stay_inside_the_budget_on_frames_of_any_size(
    norm: Norm, eps: float, size: tuple[int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.choice(np.array([0, 1, 128, 254, 255], np.uint8), size=(*size, 3))
    weights = rng.standard_normal((2, *size, 3)).astype(np.float32)
    detector = LinearDetector(weights, (50.0, -50.0))
    budget = Budget(norm, eps)
    for attack in (Square(20), RayS(20) if norm is Norm.LINF else HopSkipJump(60)):
        objective = Watched(detector, pixels, Goal.ANY, threshold=0.5)
        frame = drive(attack, objective, budget, np.random.default_rng(seed))
        assert budget.holds(pixels, frame)
        if isinstance(attack, Square):  # it never asks about a frame that it may not show
            assert all(budget.holds(pixels, looked) for looked in objective.looked)


def test_square_under_linf_uses_the_whole_levels_of_its_budget() -> None:
    _, frame = driven(Square(50), Norm.LINF)
    moved = frame.astype(int) - PIXELS
    assert set(np.unique(moved)) == {-4, 4}


def test_where_no_frame_falls_there_is_none_to_begin_from() -> None:
    sure = linear(10_000.0)
    for attack, norm in ((RayS(500), Norm.LINF), (HopSkipJump(500), Norm.L2)):
        objective, frame = driven(attack, norm, sure)
        assert objective.counts.queries < 30  # it gives up, and says so by what it returns
        assert Budget(norm, BUDGETS[norm]).holds(PIXELS, frame)


@pytest.mark.parametrize(
    ("attack", "norm"), [(RayS(300, False), Norm.LINF), (HopSkipJump(300, False), Norm.L2)]
)
def test_without_an_early_stop_it_comes_nearer_and_the_nearest_is_kept(
    attack: Attack, norm: Norm
) -> None:
    model = linear(1.0)
    eager, first = driven(replace(attack, early_stop=True), norm, model)  # type: ignore[type-var]
    objective, frame = driven(attack, norm, model)
    budget = Budget(norm, BUDGETS[norm])
    assert objective.counts.queries > eager.counts.queries
    assert objective.answer(frame).fell
    assert budget.length(PIXELS, frame) < budget.length(PIXELS, first)


def test_queries_are_answered_in_batches(faces: CenterFace, photograph: np.ndarray) -> None:
    grey = np.full_like(photograph, 128)
    frames = np.stack([photograph, grey, photograph])
    objective = Objective(faces, photograph, Goal.VANISH, threshold=0.5)
    view: Any = view_for(Knowledge.LABEL, objective)
    assert view.fell_many(frames).tolist() == [False, True, False]
    assert objective.counts.queries == 3
    assert objective.counts.forwards == 4
    only = Objective(OnlyDetects(faces), photograph, Goal.VANISH, threshold=0.5)
    view = view_for(Knowledge.LABEL, only)
    assert view.fell_many(frames).tolist() == [False, True, False]
