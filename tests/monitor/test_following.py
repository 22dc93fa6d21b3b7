"""Following one stream: a small fast ball is not lost, neighbours in a crowd do not take each other over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from trackers import IoU

from monitor.drift.following import Follower, RoomyIoU

VOT = Path(__file__).parents[3] / "shared" / "data" / "ball" / "vot_ball" / "groundtruth.txt"
REACH = 64.0


def square(x: float, y: float, side: float) -> np.ndarray:
    return np.array([[x - side / 2, y - side / 2, x + side / 2, y + side / 2]])


def numbers(
    ways: Iterator[tuple[float, float]], side: float, *, rate: float = 25, noise: float = 0.0
) -> list[int | None]:
    """The number of the one box of each frame."""
    rng = np.random.default_rng(0)
    follower = Follower(rate, REACH)
    return [
        follower.update(square(x, y, side) + rng.normal(0, noise, 4), index / rate)[0]
        for index, (x, y) in enumerate(ways)
    ]


def straight(step: float, count: int) -> Iterator[tuple[float, float]]:
    return ((10 + step * i, 50.0) for i in range(count))


def bouncing(step: float, count: int, gravity: float = 1.2) -> Iterator[tuple[float, float]]:
    x, y, fall = 10.0, 50.0, 0.0
    for _ in range(count):
        x += step
        if not 10 < x < 310:
            step = -step
        fall += gravity
        y += fall
        if y > 200:
            y, fall = 400 - y, -0.9 * fall
        yield x, y


def test_a_ball_that_jumps_over_its_own_size_is_followed_from_its_second_frame() -> None:
    assert numbers(straight(12, 24), side=10) == [None] + [0] * 23
    assert IoU().compute(square(10, 50, 10), square(22, 50, 10)) == 0, "plain IoU could not"


@pytest.mark.parametrize("rate", [12.5, 25, 60])
@pytest.mark.parametrize("side", [6, 10, 16])
def test_a_ball_that_bounces_stays_one_ball(side: float, rate: float) -> None:
    found = numbers(bouncing(6, 100), side, rate=rate, noise=0.3)
    assert found[1:] == [0] * 99


def test_boxes_larger_than_the_reach_are_compared_as_they_are() -> None:
    a, b = square(100, 100, 80), square(130, 100, 80)
    assert RoomyIoU(REACH).compute(a, b) == pytest.approx(IoU().compute(a, b))


def test_a_box_grows_no_further_than_to_its_neighbour() -> None:
    rng = np.random.default_rng(1)
    places = rng.permutation([(30 * x, 40 * y) for x in range(5) for y in range(4)])[:12]
    crowd = np.concatenate([square(x, y, 8) for x, y in places])
    moved = crowd + rng.uniform(-2, 2, (12, 1))
    overlap = RoomyIoU(REACH).compute(crowd, moved)
    assert np.count_nonzero(overlap) == 12, "each meets itself alone"
    assert (np.diag(overlap) > np.diag(RoomyIoU(0).compute(crowd, moved))).all()


def test_a_member_of_a_crowd_is_known_again_when_it_is_left_alone() -> None:
    crowd = np.concatenate([square(60 + 24 * i, 60, 14) for i in range(3)])
    assert RoomyIoU(REACH).compute(crowd, crowd[:1])[0, 0] == 1


def test_a_lost_member_of_a_crowd_is_not_taken_over_by_its_neighbour() -> None:
    # Three in a row, 24 pixels apart; the middle one is lost, then the right one, and both come back.
    row = np.concatenate([square(60 + 24 * i, 60, 14) for i in range(3)])
    follower = Follower(25, REACH)
    seen = [[0, 1, 2]] * 4 + [[0, 2]] * 8 + [[0]] * 8 + [[0, 1, 2]] * 2
    found = [follower.update(row[who], i / 25) for i, who in enumerate(seen)]
    assert found[3] == [0, 1, 2]
    assert found[8] == [0, 2]
    assert found[15] == [0]
    assert found[-1] == [0, 1, 2]


def test_boxes_without_area_and_boxes_on_top_of_each_other_do_no_harm() -> None:
    follower = Follower(25, REACH)
    same = np.concatenate([square(50, 50, 0), square(50, 50, 10), square(50, 50, 10)])
    for index in range(4):
        found = follower.update(same, index / 25)
    known = [number for number in found if number is not None]
    assert len(known) == len(set(known)) == 2, "what has no area overlaps nothing"


def test_a_track_that_coasts_inside_out_can_still_be_compared() -> None:
    # A box that shrinks fast and is lost: its predicted corners pass each other.
    follower = Follower(25, REACH)
    for index, side in enumerate([30, 24, 18, 12, 6]):
        follower.update(square(50, 50, side), index / 25)
    for index in range(5, 25):
        follower.update(np.empty((0, 4)), index / 25)
    assert follower.update(square(50, 50, 6), 1.0) == [0]


def test_a_track_is_given_up_after_a_second_without_a_box() -> None:
    follower = Follower(25, REACH)
    for index in range(3):
        follower.update(square(50, 50, 20), index / 25)
    assert follower.alive == {0}
    follower.update(np.empty((0, 4)), 1.0)
    assert follower.alive == {0}
    follower.update(np.empty((0, 4)), 1.2)
    assert follower.alive == set()


@pytest.mark.skipif(not VOT.is_file(), reason="needs ../shared/data/ball/vot_ball")
@pytest.mark.parametrize(("every", "most"), [(1, 1), (2, 1), (3, 2), (5, 2)])
def test_a_real_football_is_one_track_even_where_frames_are_left_out(every: int, most: int) -> None:
    corners = np.loadtxt(VOT, delimiter=",").reshape(-1, 4, 2)
    places = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)[::every]
    follower = Follower(25, REACH)
    found = [
        follower.update(place[None], index * every / 25)[0] for index, place in enumerate(places)
    ]
    assert len({number for number in found if number is not None}) <= most
