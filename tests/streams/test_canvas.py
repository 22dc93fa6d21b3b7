from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.scenes.canvas import Canvas, Light, box_around, clipped, placed, upright
from streams.scenes.sprite import Sketch, Sprite, arc
from streams.scenes.truth import Seen, truth_of

DISC = arc(0.5, 0.5, 0.5, 0.5, 0, 360)


def disc(colour=(255, 255, 255), size=128):
    sketch = Sketch(size)
    sketch.polygon(DISC, colour)
    return Sprite.of(sketch.picture(), DISC)


def square(left, top, side):
    return upright(left + side / 2, top + side, side, side)


def canvas(width=96, height=80, grey=0):
    return Canvas(np.full((height, width, 3), grey, np.uint8))


@settings(deadline=None)
@given(st.floats(4, 40), st.floats(4, 30), st.floats(5, 44))
def test_given_a_disc_anywhere_when_painted_then_its_box_and_middle_are_those_of_the_pixels(
    left, top, side
):
    board = canvas()
    corners = square(left, top, side)
    board.stamp(disc(), corners)
    light = board.pixels[..., 0].astype(float) / 255
    ys, xs = np.mgrid[0:80, 0:96] + 0.5
    assert (light * xs).sum() / light.sum() == pytest.approx(left + side / 2, abs=0.12)
    assert (light * ys).sum() / light.sum() == pytest.approx(top + side / 2, abs=0.12)
    # The area is that of the disc: nothing is lost at the edges, whatever level was taken.
    assert light.sum() == pytest.approx(np.pi * side**2 / 4, rel=0.08, abs=3)
    x1, y1, x2, y2 = box_around(placed(DISC, corners))
    seen = np.nonzero(light > 0.35)
    assert abs(seen[1].min() - x1) <= 1
    assert abs(seen[1].max() + 1 - x2) <= 1
    assert abs(seen[0].min() - y1) <= 1
    assert abs(seen[0].max() + 1 - y2) <= 1


def test_given_a_sprite_outside_when_painted_then_nothing_happens():
    board = canvas()
    for left, top in ((200, 10), (-200, 10), (10, 200), (10, -200)):
        assert board.stamp(disc(), square(left, top, 20), watch=True) is None
    assert not board.pixels.any()
    assert not board.watched


def test_given_a_later_sprite_when_it_covers_half_then_half_is_to_be_seen():
    board = canvas()
    account = board.stamp(disc(), square(20, 20, 30), watch=True)
    assert account.visible == 1.0
    full = Sprite.of(np.full((32, 32, 4), 255, np.uint8))
    board.stamp(full, square(35, 0, 60))
    assert account.visible == pytest.approx(0.5, abs=0.03)
    board.stamp(full, square(0, 0, 70))
    assert account.visible == pytest.approx(0.0, abs=0.02)


def test_given_light_when_painted_then_gain_haze_and_opacity_act():
    for light, expected in (
        (Light((0.5, 1.0, 0.25)), (100, 200, 50)),
        (Light(haze=1.0, air=(10.0, 20.0, 30.0)), (10, 20, 30)),
        (Light(opacity=0.5), (125, 125, 125)),
    ):
        board = canvas(grey=50)
        board.stamp(disc((200, 200, 200)), square(20, 20, 40), light)
        np.testing.assert_allclose(board.pixels[40, 40], expected, atol=2)
        assert (board.pixels[2, 2] == 50).all()


def test_given_a_fine_grid_when_painted_small_then_it_is_grey_and_not_aliased():
    picture = np.zeros((256, 256, 4), np.uint8)
    picture[..., 3] = 255
    picture[::2, ::2] = picture[1::2, 1::2] = 255
    board = canvas()
    board.stamp(Sprite.of(picture), square(20, 20, 30))
    inner = board.pixels[24:46, 24:46].astype(int)
    assert abs(inner.mean() - 127) < 4
    assert inner.std() < 6


def test_given_boxes_when_clipped_then_they_lie_in_the_frame():
    assert clipped((-5, -5, 5, 5), 10, 8) == (0, 0, 5, 5)
    assert clipped((20, 20, 30, 30), 10, 8) == (10, 8, 10, 8)


def test_given_objects_when_gathered_then_small_hidden_and_outer_ones_are_left_out():
    board = canvas()
    hidden = board.stamp(disc(), square(50, 50, 20), watch=True)
    board.stamp(Sprite.of(np.full((32, 32, 4), 255, np.uint8)), square(48, 48, 28))
    truth = truth_of(
        [
            Seen(2, "good", 7, (10, 10, 30, 30)),
            Seen(1, "hidden", 8, (50, 50, 70, 70), hidden),
            Seen(1, "small", 9, (10, 10, 13, 30)),
            Seen(1, "outside", 10, (-15, 10, 5, 30)),
            Seen(1, "cut", 11, (-5, 10, 15, 30)),
        ],
        (96, 80),
        least=4,
    )
    assert truth.data["class_name"].tolist() == ["good", "cut"]
    assert truth.data["object_id"].tolist() == [7, 11]
    np.testing.assert_array_equal(truth.xyxy, [[10, 10, 30, 30], [0, 10, 15, 30]])


def test_given_nothing_when_gathered_then_the_truth_is_empty_and_not_missing():
    truth = truth_of([], (96, 80), least=4)
    assert len(truth) == 0
    assert truth.xyxy.shape == (0, 4)
    assert len(truth.data["class_name"]) == 0
