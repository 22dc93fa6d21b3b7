"""Sprites on a canvas: beside one another, and each with its box."""

from __future__ import annotations

import itertools

import numpy as np

from models.training.maker import finished
from models.training.placing import Canvas, cover, pole, twig
from models.training.sample import LEAST, Sample, no_boxes
from models.training.sprite import Sprite

SIDE = 320


def sprite() -> Sprite:
    made = Sprite.of(np.full((60, 60, 4), 255, np.uint8))
    assert made is not None
    return made


def canvas(taken: np.ndarray | None = None) -> Canvas:
    return Canvas(np.zeros((SIDE, SIDE, 3), np.uint8), no_boxes() if taken is None else taken)


def overlap(first: np.ndarray, second: np.ndarray) -> bool:
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    return bool((high > low).all())


def test_nothing_is_put_over_another_thing() -> None:
    rng = np.random.default_rng(0)
    taken = np.array([[100, 100, 180, 180]], np.float32)
    full = canvas(taken)
    boxes = [full.place(sprite(), rng.uniform(10, 70), rng, label=0) for _ in range(40)]
    placed = [box for box in boxes if box is not None]
    assert 5 < len(placed) < 40, "at last there is no room"
    for first, second in itertools.combinations([*placed, *taken], 2):
        assert not overlap(first, second)
    assert len(full.boxes) == len(full.labels) == len(placed)


def test_where_there_is_no_room_nothing_is_painted() -> None:
    full = canvas(np.array([[-1000, -1000, 2000, 2000]], np.float32))
    assert full.place(sprite(), 40, np.random.default_rng(0), label=1) is None
    assert not full.pixels.any()
    assert not full.boxes


def test_a_box_is_where_the_paint_is() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        one = canvas()
        box = one.place(sprite(), 60, rng, label=0, at=(160.0, 150.0))
        assert box is not None
        rows, columns = (np.flatnonzero((one.pixels.max(2) > 40).any(axis=a)) for a in (1, 0))
        painted = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        np.testing.assert_allclose(box, painted, atol=3)  # soft edges, at times a blur
        middle = (box[:2] + box[2:]) / 2
        np.testing.assert_allclose(middle, [160, 150], atol=4)


def test_most_of_a_thing_is_in_the_picture() -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        box = canvas().place(sprite(), rng.uniform(8, 200), rng, label=0)
        assert box is not None
        inside = box.clip(0, SIDE)
        share = np.prod(inside[2:] - inside[:2]) / np.prod(box[2:] - box[:2])
        assert share > 0.4


def test_a_thing_without_a_label_takes_room_and_is_not_asked_for() -> None:
    one = canvas()
    first = one.place(sprite(), 60, np.random.default_rng(0), at=(100.0, 100.0))
    assert first is not None
    assert not one.boxes
    assert one.place(sprite(), 60, np.random.default_rng(1), label=0, at=(110.0, 105.0)) is None


def test_a_post_stops_above_what_stands_below() -> None:
    one = canvas()
    one.boxes.append(np.array([90, 200, 130, 240], np.float32))
    for seed in range(20):
        pole(one, np.array([95, 50, 125, 80], np.float32), np.random.default_rng(seed))
    rows = np.flatnonzero(one.pixels.any(axis=(1, 2)))
    assert rows[0] >= 79
    assert rows[-1] <= 200


def test_posts_and_twigs_at_the_edge_stay_in_the_picture() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        for box in ([-20, 300, 15, 335], [310, -10, 335, 20], [0, 318, 6, 340]):
            one = canvas()
            pole(one, np.array(box, np.float32), rng)
            twig(one, np.array(box, np.float32), rng)
            assert one.pixels.shape == (SIDE, SIDE, 3)


def test_a_finished_canvas_holds_what_was_there_and_what_was_put_in() -> None:
    one = canvas()
    for box, label in (
        ([10, 10, 60, 60], 1),
        ([300, 100, 340, 140], 0),  # half outside
        ([315, 200, 355, 240], 0),  # mostly outside
        ([200, 200, 200 + LEAST - 1, 230], 1),  # tiny
    ):
        one.boxes.append(np.array(box, np.float32))
        one.labels.append(label)
    base = Sample(
        one.pixels,
        np.array([[100, 100, 150, 150]], np.float32),
        np.array([2]),
        np.array([True, False, True]),
        np.array([[0, 300, 20, 320]], np.float32),
    )
    sample = finished(one, base)
    np.testing.assert_array_equal(
        sample.boxes, [[100, 100, 150, 150], [10, 10, 60, 60], [300, 100, 320, 140]]
    )
    assert sample.labels.tolist() == [2, 1, 0]
    np.testing.assert_array_equal(
        sample.ignored, [[0, 300, 20, 320], [315, 200, 320, 240], [200, 200, 205, 230]]
    )
    assert sample.known.tolist() == [True, False, True]


def test_what_is_covered_stays_half_in_sight_and_nothing_beside_it_changes() -> None:
    box = np.array([100, 120, 160, 180], np.float32)
    shares = []
    for seed in range(60):
        one = canvas()
        one.pixels[:] = np.random.default_rng(0).integers(1, 200, (SIDE, SIDE, 3))
        one.pixels[120:180, 100:160] = 255
        before = one.pixels.copy()
        cover(one, box, np.random.default_rng(seed))
        changed = (one.pixels != before).any(axis=2)
        shares.append(changed[120:180, 100:160].mean())
        changed[120:180, 100:160] = False
        assert not changed.any()
    assert max(shares) < 0.55
    assert np.median(shares) > 0.1


def test_covers_at_the_edge_stay_in_the_picture() -> None:
    for seed in range(20):
        for box in ([-20, 300, 15, 335], [310, -10, 335, 20], [0, 318, 6, 340]):
            one = canvas()
            cover(one, np.array(box, np.float32), np.random.default_rng(seed))
            assert one.pixels.shape == (SIDE, SIDE, 3)
