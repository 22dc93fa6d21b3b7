"""What the lessons show is what the engine does: the catalogue's attacks, the model's own slopes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from models.centerface import CenterFace
from monitor.arrays import Pixels
from monitor.attack_settings import AttackSettings
from monitor.attacks.driver import drive
from monitor.attacks.fgsm import FGSM
from monitor.attacks.pgd import PGD
from monitor.distances import Budget, Norm, distances
from monitor.goals import Aim, Goal
from monitor.lessons.curriculum import PLANS, Lesson
from monitor.lessons.desk import Desk, NothingToShow
from monitor.lessons.masking import rounded
from monitor.lessons.norms import share_of
from monitor.lessons.patch import square

AT = (79, 45)  # on the face
EPS = Budget(Norm.LINF, 4 / 255)


@pytest.fixture
def desk(faces: CenterFace, portrait: Pixels) -> Callable[..., Desk]:
    def new(**changes: Any) -> Desk:
        words: dict[str, Any] = {
            "detector": faces,
            "pixels": portrait,
            "aim": Aim(Goal.VANISH),
            "threshold": 0.5,
            "iou": 0.5,
            "words": AttackSettings(),
            "budget": EPS,
            "amount": 4,
            "at": AT,
        }
        return Desk(**(words | changes))

    return new


def _last(lesson: Lesson, desk: Desk) -> Any:
    *_, last = PLANS[lesson].work(desk)
    return last


def test_fgsm_is_the_catalogues_bit_for_bit_and_its_terms_are_the_formula(
    desk: Callable[..., Desk], portrait: Pixels
) -> None:
    found = _last(Lesson.FGSM, desk())
    expected = drive(FGSM(), desk().ask(), EPS, np.random.default_rng(0))
    assert np.array_equal(found.made.pixels, expected)
    for at in ((0, 0), AT, (159, 119)):
        terms = found.terms(at)
        assert np.array_equal(terms.x, portrait[at[1], at[0]])
        assert np.array_equal(terms.sign, np.sign(terms.gradient))
        assert np.allclose(terms.step, 4 * terms.sign)
        assert np.array_equal(terms.moved, np.clip(np.rint(terms.wanted), 0, 255))
    assert found.made.after > found.made.before
    # The straight line is the gradient's own: from J at x, along the move.
    move = (found.made.pixels.astype(float) - portrait) / 255
    assert found.predicted == pytest.approx(
        found.made.before + float((found.gradient * move).sum())
    )
    assert found.predicted <= found.made.before + found.steepness * 4 / 255 + 1e-3


def test_pgd_walks_the_catalogues_way(desk: Callable[..., Desk]) -> None:
    found = _last(Lesson.PGD, desk(amount=5))
    attack = PGD(steps=5, random_start=False, early_stop=False)
    objective = desk().ask()
    expected = attack.run(objective, objective.pixels, EPS, np.random.default_rng(0))
    assert np.array_equal(found.made.pixels, expected)
    assert len(found.way) == 6
    assert found.way[0].linf == 0
    assert all(stop.linf <= 4 for stop in found.way)
    fgsm = _last(Lesson.FGSM, desk())
    assert found.one_step == pytest.approx(fgsm.made.after)
    assert found.way[1].loss == pytest.approx(found.one_step)
    assert found.first_fall == next(i for i, stop in enumerate(found.way) if stop.fell)


@pytest.mark.parametrize("norm", list(Norm))
def test_a_budget_in_any_norm_is_kept_and_shares_add_up(
    desk: Callable[..., Desk], portrait: Pixels, norm: Norm
) -> None:
    budget = Budget(norm, {"linf": 4 / 255, "l2": 2.0, "l1": 60.0, "l0": 100.0}[norm])
    made = _last(Lesson.NORMS, desk(budget=budget)).made
    assert budget.holds(portrait, made.pixels)
    assert made.apart == distances(portrait, made.pixels)
    shares = [share_of(portrait, made.pixels, (x, y), norm) for y in range(120) for x in range(160)]
    whole = {"linf": max(shares), "l2": math.sqrt(sum(shares))}.get(norm, sum(shares))
    assert whole == pytest.approx(made.apart.under(norm))


@pytest.mark.parametrize("norm", [Norm.LINF, Norm.L2])
def test_the_nearest_frame_falls_and_is_not_nearer_than_a_plane_would_be_by_far(
    desk: Callable[..., Desk], norm: Norm
) -> None:
    found = _last(Lesson.NEAREST, desk(budget=Budget(norm, 0.01), amount=20))
    assert found.made.fell
    assert found.gap < 0
    assert 0 < found.guessed < math.inf
    assert found.found == pytest.approx(found.made.apart.under(norm))
    # Same order of size: a network of rectifiers is linear only near by.
    assert 0.2 < found.found / found.guessed < 10


def test_a_patch_stays_in_its_square_and_raises_the_loss(
    desk: Callable[..., Desk], portrait: Pixels
) -> None:
    found = _last(Lesson.PATCH, desk(amount=40))
    left, top, right, bottom = found.box
    assert (right - left, bottom - top) == (40, 40)
    outside = np.ones(portrait.shape[:2], bool)
    outside[top:bottom, left:right] = False
    assert np.array_equal(found.made.pixels[outside], portrait[outside])
    assert found.made.after > found.made.before
    assert found.share == pytest.approx(1600 / (160 * 120))
    one = _last(Lesson.PATCH, desk(amount=1))
    assert one.made.apart.l0 <= 1


@pytest.mark.parametrize(
    ("at", "side", "box"),
    [
        ((0, 0), 9, (0, 0, 9, 9)),
        ((319, 239), 9, (311, 231, 320, 240)),
        ((5, 5), 999, (0, 0, 320, 240)),
    ],
)
def test_a_square_is_pushed_into_the_frame(
    at: tuple[int, int], side: int, box: tuple[int, ...]
) -> None:
    assert square(at, side, (240, 320, 3)) == box


def test_who_knows_more_comes_further_and_slopes_can_be_asked_for(
    desk: Callable[..., Desk],
) -> None:
    told = list(PLANS[Lesson.THREAT].work(desk(amount=50)))
    assert [len(each.tried) for each in told] == [0, 1, 2, 3, 4, 5]
    last = told[-1]
    assert last.queries == 6
    assert last.every == 2 * 160 * 120 * 3
    # Between two frames two levels apart the loss bends; the larger slopes are met by a tenth.
    size = np.abs(last.gradient).max()
    assert np.abs(last.estimate - last.gradient).max() < 0.6 * size
    spent = {tried.attack: tried.made.counts for tried in last.tried}
    assert spent["fgsm"].backwards == 1
    assert spent["fgsm"].queries == 0
    assert 0 < spent["square"].queries <= 50
    assert spent["square"].backwards == spent["rays"].backwards == spent["noise"].backwards == 0
    fell = {tried.attack: tried.made.fell for tried in last.tried}
    assert fell["pgd"]
    assert not fell["noise"]


def test_a_staircase_hides_the_slope_and_not_the_weakness(desk: Callable[..., Desk]) -> None:
    found = _last(Lesson.MASKING, desk(amount=16))
    assert found.bare_slope > 0.9
    assert found.masked_slope == 0
    assert found.bare.fell
    assert not found.masked.fell
    assert found.through.fell
    assert found.square.counts.backwards == 0


def test_a_staircase_in_front_of_a_classifier_is_one(imagenet: Any) -> None:
    assert rounded(imagenet, 8).shown == imagenet.shown  # type: ignore[attr-defined]


def test_the_loss_rises_along_the_sign_and_not_along_a_random_one(
    desk: Callable[..., Desk],
) -> None:
    found = _last(Lesson.LINEAR, desk())
    assert found.eps[0] == 0
    assert found.eps[-1] == pytest.approx(4)
    assert found.along[0] == found.beside[0] == found.straight[0]
    assert found.along[-1] - found.along[0] > 10 * abs(found.beside[-1] - found.beside[0])
    # The first piece is nearly straight.
    promised = found.straight[1] - found.straight[0]
    assert 0.3 < (found.along[1] - found.along[0]) / promised < 1.1


def test_a_copy_learns_to_hold_the_frame_and_the_model_stays_as_it_is(
    desk: Callable[..., Desk], faces: CenterFace, portrait: Pixels
) -> None:
    large = cv2.resize(portrait, (320, 240), interpolation=cv2.INTER_CUBIC)
    before = faces.detect(large, 0.5)
    found = _last(Lesson.TRAINING, desk(amount=6, pixels=large))
    assert found.before.fell
    assert not found.after.fell
    assert not found.held[0]
    assert found.held[-1]
    assert found.attacked[-1] < found.attacked[0]
    assert found.found == len(before)
    assert found.parameters > 1e6
    after = faces.detect(large, 0.5)
    assert np.array_equal(before.xyxy, after.xyxy)
    assert np.array_equal(before.confidence, after.confidence)


@pytest.mark.parametrize("lesson", list(Lesson))
def test_a_frame_without_objects_is_told_on_one_line(
    desk: Callable[..., Desk], lesson: Lesson
) -> None:
    empty = np.full((96, 128, 3), 90, np.uint8)
    with pytest.raises(NothingToShow, match=r"^the goal vanish has nothing to work on .*frame"):
        list(PLANS[lesson].work(desk(pixels=empty, at=(3, 3), amount=10)))


@pytest.mark.parametrize("lesson", list(Lesson))
def test_every_lesson_is_given_up_at_its_next_question(
    desk: Callable[..., Desk], lesson: Lesson
) -> None:
    class Over(Exception):
        pass

    asked = 0

    def clock() -> float:
        nonlocal asked
        asked += 1
        if asked > 3:
            raise Over
        return 0.0

    with pytest.raises(Over):
        list(PLANS[lesson].work(desk(clock=clock, amount=10)))
