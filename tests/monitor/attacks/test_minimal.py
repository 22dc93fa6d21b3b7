"""Minimal perturbations: balls, leaps, searches between the grey levels, and the way onto them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from contracts import attacked, judged, lost_at
from hypothesis import given
from hypothesis import strategies as st
from linear import LinearDetector

from models.centerface import CenterFace
from models.classifier import WholeFrame
from monitor.attack_settings import AttackSettings
from monitor.attacks.balls import Box, length, project, steepness
from monitor.attacks.boundary import ASKS, Nearest, tighten
from monitor.attacks.carlini_wagner import CarliniWagner
from monitor.attacks.deepfool import DeepFool
from monitor.attacks.driver import drive
from monitor.attacks.fmn import FMN
from monitor.attacks.lbfgs import LBFGS
from monitor.attacks.leap import leap
from monitor.attacks.on_levels import ASKS as ASKS_ON_LEVELS
from monitor.attacks.shortest import Search, Shortest
from monitor.catalog import CATALOG
from monitor.distances import Budget, Norm
from monitor.goals import Aim, Goal
from monitor.limits import Limits
from monitor.objective import Objective

CONVEX = [Norm.LINF, Norm.L2, Norm.L1]
SEARCHES = [
    *((FMN(30), norm) for norm in Norm),
    (DeepFool(), Norm.L2),
    (DeepFool(), Norm.LINF),
    (CarliniWagner(20), Norm.L2),
    (LBFGS(10), Norm.L2),
]
NAMES = [f"{type(search).__name__}-{norm}" for search, norm in SEARCHES]


def drawn(seed: int, spread: float) -> tuple[Box, np.ndarray]:
    """A small picture, black and white as often as not, and an offset that may lead out of its box."""
    rng = np.random.default_rng(seed)
    pixels = rng.choice(np.array([0, 3, 128, 250, 255], np.uint8), size=(6, 5, 3))
    return Box.around(pixels), (rng.standard_normal((6, 5, 3)) * spread).astype(np.float32)


@given(st.integers(0, 10**6), st.sampled_from([0.3, 20.0, 300.0]), st.floats(0.1, 900))
@pytest.mark.parametrize("norm", CONVEX)
def test_a_projection_is_the_nearest_point_of_ball_and_box(
    norm: Norm, seed: int, spread: float, size: float
) -> None:
    box, offset = drawn(seed, spread)
    nearest = project(offset, box, norm, size)
    assert length(nearest, norm) <= size * (1 + 1e-4) + 1e-3
    assert (nearest >= box.low).all()
    assert (nearest <= box.high).all()
    # The set is convex: seen from the nearest point, no other lies on the offset's side.
    rng = np.random.default_rng(seed + 1)
    for _ in range(20):
        other = box.clip((rng.standard_normal(offset.shape) * spread).astype(np.float32))
        other *= np.float32(min(size / max(length(other, norm), 1e-9), 1))
        away, across = (offset - nearest).ravel(), (other - nearest).ravel()
        scale = np.linalg.norm(away) * np.linalg.norm(across)
        assert float(away @ across) <= 2e-3 * scale + 1e-2


@given(st.integers(0, 10**6), st.integers(0, 40))
def test_under_l0_the_longest_pixels_stay(seed: int, count: int) -> None:
    box, offset = drawn(seed, 60.0)
    clipped = box.clip(offset)
    kept = project(offset, box, Norm.L0, count)
    assert length(kept, Norm.L0) <= count
    moved = kept.any(axis=-1)
    assert np.array_equal(kept[moved], clipped[moved])
    far = np.square(clipped).sum(axis=-1)
    if moved.any() and not moved.all():
        assert far[moved].min() >= far[~moved].max()


@given(st.integers(0, 10**6), st.floats(0.01, 0.95))
@pytest.mark.parametrize("norm", list(Norm))
def test_a_leap_gains_what_it_has_to_and_no_other_is_shorter(
    norm: Norm, seed: int, share: float
) -> None:
    box, slope = drawn(seed, 1.0)
    most = float((np.abs(slope) * box.room(slope)).sum())
    offset = leap(slope, box, norm, share * most)
    gained = float((slope * offset).sum())
    assert gained >= share * most * (1 - 1e-4)
    assert (offset >= box.low - 1e-3).all()
    assert (offset <= box.high + 1e-3).all()
    assert length(offset, norm) * steepness(slope, norm) >= gained * (1 - 1e-4)
    # Of what is shorter by a hundredth, or by a pixel, the steepest gains less.
    shorter = length(offset, norm) - 1 if norm is Norm.L0 else 0.99 * length(offset, norm)
    if norm is Norm.L0:
        gains = np.sort((np.abs(slope) * box.room(slope)).sum(axis=-1), axis=None)[::-1]
        assert gains[: int(shorter)].sum() < share * most * (1 + 1e-4)
        return
    rng = np.random.default_rng(seed)
    for spread in rng.uniform(0.1, 1000, 10):
        other = project(np.float32(spread) * slope, box, norm, shorter)
        assert float((slope * other).sum()) < share * most


@pytest.mark.parametrize("norm", list(Norm))
def test_a_leap_out_of_reach_ends_in_the_uppermost_corner(norm: Norm) -> None:
    box, slope = drawn(0, 1.0)
    corner = leap(slope, box, norm, 1e9)
    assert np.array_equal(corner, box.room(slope) * np.sign(slope))


@pytest.mark.parametrize(("norm", "far"), [(Norm.LINF, 6 / 255), (Norm.L2, 1.0)])
@pytest.mark.parametrize("search", [FMN(10), DeepFool(), CarliniWagner(40), LBFGS(10)], ids=repr)
def test_of_two_ways_out_the_nearer_one_is_taken(search: Search, norm: Norm, far: float) -> None:
    """Two objects: the first is nearly gone in logits, the second is lost in fewer levels."""
    if norm not in search.norms:
        pytest.skip("another norm")
    rng = np.random.default_rng(5)
    weights = rng.standard_normal((2, 16, 16, 3)).astype(np.float32)
    weights[0] /= 20
    pixels = np.full((16, 16, 3), 128, np.uint8)
    level = (weights * (128 / 255)).sum(axis=(1, 2, 3))
    dual = [steepness(each, norm) for each in weights]
    # As far apart as they are: 3 times `far` for the first, `far` for the second.
    gaps = np.array([3 * far * dual[0], far * dual[1]])
    objective = Objective(LinearDetector(weights, gaps - level), pixels, Goal.ANY, threshold=0.5)
    offset = search.nearest(objective, pixels, norm, np.random.default_rng(0))
    assert offset is not None
    if isinstance(search, DeepFool):
        assert length(offset, norm) / 255 == pytest.approx(far, rel=0.01)
    assert length(offset, norm) / 255 <= 3 * far * 1.01


@pytest.mark.parametrize(("search", "norm"), SEARCHES, ids=NAMES)
@pytest.mark.parametrize("goal", [Goal.VANISH, Goal.FABRICATE])
def test_the_place_meets_the_goal_on_the_real_detector_and_lies_in_the_box(
    search: Search, norm: Norm, goal: Goal, faces: CenterFace, portrait: np.ndarray
) -> None:
    objective = Objective(faces, portrait, goal, threshold=0.5)
    offset = search.nearest(objective, portrait, norm, np.random.default_rng(0))
    assert offset is not None
    assert offset.dtype == np.float32
    place = portrait.astype(np.float32) + offset
    assert place.min() >= -1e-3
    assert place.max() <= 255 + 1e-3
    assert objective.answer(place.clip(0, 255)).fell
    assert objective.best is None, "a place between the levels is no frame of a camera"


@pytest.mark.slow
@pytest.mark.parametrize("goal", ["any", "teapot"])
def test_searches_end_nearer_than_deepfool(
    goal: str, imagenet: WholeFrame, cup: np.ndarray
) -> None:
    aim = Aim(Goal.ANY)
    if goal != "any":
        aim = Aim(Goal.MISLABEL, imagenet.class_names.index(goal))
    far: dict[str, float] = {}
    for search, norm in (
        (DeepFool(), Norm.LINF),
        (FMN(100), Norm.LINF),
        (DeepFool(), Norm.L2),
        (FMN(100), Norm.L2),
        (CarliniWagner(40), Norm.L2),
        (LBFGS(20), Norm.L2),
    ):
        objective = Objective(imagenet, cup, aim, threshold=0.5)
        offset = search.nearest(objective, cup, norm, np.random.default_rng(0))
        assert offset is not None
        name = f"{type(search).__name__}-{norm}"
        far[name] = length(offset, norm)
        assert far[name] <= far[f"DeepFool-{norm}"] * 1.02, name


OUT_OF_REACH = [(Norm.LINF, 4 / 255), (Norm.L2, 2.0), (Norm.L1, 0.4), (Norm.L0, 20)]


@pytest.mark.parametrize(("norm", "far"), OUT_OF_REACH)
def test_a_frame_that_cannot_fall_goes_as_far_as_allowed_and_has_not_fallen(
    norm: Norm, far: float
) -> None:
    detector, pixels = lost_at(norm, far)
    budget = Budget(norm, far / 2)
    objective, frame = attacked(Shortest(FMN(10)), detector, pixels, budget)
    assert budget.holds(pixels, frame)
    assert budget.length(pixels, frame) >= 0.9 * budget.levels
    assert not judged(objective, frame).fell
    assert objective.best is not None
    assert not objective.best.fell


@pytest.mark.parametrize(("norm", "far"), OUT_OF_REACH)
def test_on_the_levels_no_frame_much_nearer_falls(norm: Norm, far: float) -> None:
    detector, pixels = lost_at(norm, far)
    most = {Norm.LINF: 1.0, Norm.L2: 20.0, Norm.L1: 200.0, Norm.L0: 256}[norm]
    objective, frame = attacked(Shortest(FMN(10)), detector, pixels, Budget(norm, most))
    assert judged(objective, frame).fell
    # The next whole level, a value's worth, a twentieth, a pixel.
    room = {Norm.LINF: 1 / 255, Norm.L2: 0.05 * far, Norm.L1: 2 / 255, Norm.L0: 1}[norm]
    scale = 1 if norm is Norm.L0 else 255
    assert Budget(norm, most).length(pixels, frame) / scale <= far + room + 1e-6


def test_a_goal_that_no_slope_leads_to_is_not_found() -> None:
    pixels = np.full((16, 16, 3), 128, np.uint8)
    detector = LinearDetector(np.zeros((2, 16, 16, 3), np.float32), (5.0, -5.0))
    for search, norm in SEARCHES:
        objective = Objective(detector, pixels, Goal.VANISH, threshold=0.5)
        assert search.nearest(objective, pixels, norm, np.random.default_rng(0)) is None
        budget = Budget(norm, 5 if norm is Norm.L0 else 4 / 255)
        objective, frame = attacked(Shortest(search), detector, pixels, budget)
        assert budget.holds(pixels, frame)
        assert not judged(objective, frame).fell


class Clock:
    """Every look takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.mark.parametrize(("search", "norm"), SEARCHES, ids=NAMES)
@pytest.mark.parametrize("seconds", [15, 60, 150])
def test_where_time_runs_out_there_is_a_frame_and_it_is_inside(
    search: Search, norm: Norm, seconds: int
) -> None:
    far = dict(OUT_OF_REACH)[norm]
    detector, pixels = lost_at(norm, far)
    limits = Limits(deadline=float(seconds), clock=Clock())
    objective = Objective(detector, pixels, Goal.VANISH, threshold=0.5, limits=limits)
    budget = Budget(norm, 2 * far)
    frame = drive(Shortest(search), objective, budget, np.random.default_rng(0))
    assert budget.holds(pixels, frame)
    assert not np.array_equal(frame, pixels)


def test_what_was_found_is_brought_home_before_the_deadline() -> None:
    detector, pixels = lost_at(Norm.L2, 2.0)
    limits = Limits(deadline=300.0, clock=Clock())
    objective = Objective(detector, pixels, Goal.VANISH, threshold=0.5, limits=limits)
    frame = drive(Shortest(FMN(1000)), objective, Budget(Norm.L2, 8.0), np.random.default_rng(0))
    assert objective.counts.backwards < 200
    assert Budget(Norm.L2, 8.0).length(pixels, frame) / 255 < 2.3


def test_tightening_gives_back_the_pixels_that_do_least() -> None:
    detector, pixels = lost_at(Norm.L0, 3)
    objective = Objective(detector, pixels, Goal.VANISH, threshold=0.5)
    box, found = Box.around(pixels), Nearest(Norm.L0)
    slope = objective.slope(pixels).gradient / 255
    more = leap(slope, box, Norm.L0, float((np.abs(slope) * box.room(slope)).sum() * 0.1))
    assert length(more, Norm.L0) > 6
    found.see(more, slope, fell=True)
    before = objective.counts.forwards
    fewer = tighten(objective, box, found)
    assert fewer is not None
    assert length(fewer, Norm.L0) < length(more, Norm.L0)
    assert objective.counts.forwards - before <= ASKS


def test_fmn_costs_what_the_catalogue_says(faces: CenterFace, portrait: np.ndarray) -> None:
    for norm, eps in ((Norm.LINF, 8 / 255), (Norm.L2, 6.0), (Norm.L1, 120.0), (Norm.L0, 400)):
        objective, _ = attacked(Shortest(FMN(12)), faces, portrait, Budget(norm, eps))
        assert objective.counts.backwards == 12 + 1
        assert objective.counts.forwards <= 12 + 2 + ASKS + ASKS_ON_LEVELS + 3


def test_the_catalogue_gives_fmn_ten_steps_at_least() -> None:
    assert CATALOG["fmn"].build(AttackSettings(steps=1)) == Shortest(FMN(10))
    assert CATALOG["fmn"].build(AttackSettings(steps=100)) == Shortest(FMN(100))
    assert math.isclose(FMN().change, 0.05)
