from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.scenes import SCENES
from streams.scenes.road.course import SPEED, Course
from streams.scenes.road.daylight import CYCLE, Daylight
from streams.scenes.road.layout import FIRST_SIGN, Layout
from streams.scenes.road.scene import LEAST_SIDE, Road
from streams.scenes.road.signs import CLASSES, FACES

FLAT_AT_THE_BOTTOM = {"stop", "no entry", "speed limit", "prohibition", "mandatory", "crosswalk"}


@pytest.fixture(scope="module")
def road():
    return Road(0, light="day")


@pytest.fixture(scope="module")
def minute():
    """One minute at two pictures a second: the truth of each."""
    scene = Road(1, width=320, height=192, fps=2.0)
    return [scene._clean(i)[1] for i in range(120)]


def test_given_a_number_when_rendered_then_nothing_else_matters(road):
    order = [5, 0, 412, 5, 31]
    first = {index: road.render(index) for index in order}
    again = Road(0, light="day")
    for index in sorted(set(order), reverse=True):
        pixels, truth = again.render(index)
        np.testing.assert_array_equal(pixels, first[index][0])
        np.testing.assert_array_equal(truth.xyxy, first[index][1].xyxy)
        assert (truth.data["object_id"] == first[index][1].data["object_id"]).all()
    assert pixels.shape == (384, 640, 3)
    assert pixels.dtype == np.uint8


def test_given_another_seed_when_rendered_then_it_is_another_drive(road):
    other = Road(7, light="day")
    assert np.abs(other.render(0)[0].astype(int) - road.render(0)[0]).mean() > 5
    kinds = [[s.name for s in Layout(seed).signs(0, 400)] for seed in (0, 7)]
    assert kinds[0] != kinds[1]


def test_given_a_minute_when_played_then_every_class_appears_and_several_in_any_ten_seconds(minute):
    names = [set(truth.data["class_name"].tolist()) for truth in minute]
    assert set.union(*names) == set(CLASSES)
    for start in range(0, 101):
        assert len(set.union(*names[start : start + 20])) >= 4


def test_given_a_minute_when_played_then_the_truth_lies_in_the_frame_and_is_well_formed(minute):
    for truth in minute:
        x1, y1, x2, y2 = truth.xyxy.T
        assert (x1 >= 0).all()
        assert (y1 >= 0).all()
        assert (x2 <= 320).all()
        assert (y2 <= 192).all()
        assert (np.minimum(x2 - x1, y2 - y1) >= LEAST_SIDE).all()
        assert [CLASSES[i] for i in truth.class_id] == truth.data["class_name"].tolist()
        assert len(set(truth.data["object_id"].tolist())) == len(truth)


def test_given_a_sign_when_it_nears_then_it_only_grows_and_keeps_its_identity():
    scene = Road(2, light="day")
    widths: dict[int, list[float]] = {}
    for index in range(0, 240, 3):
        truth = scene._clean(index)[1]
        for (x1, y1, x2, y2), one in zip(truth.xyxy, truth.data["object_id"], strict=True):
            if x1 > 0 and x2 < 640 and y1 > 0 and y2 < 384:
                widths.setdefault(int(one), []).append(float(x2 - x1))
    long = [sizes for sizes in widths.values() if len(sizes) >= 8]
    assert len(long) >= 5
    for sizes in long:
        assert all(b >= a - 1e-3 for a, b in pairwise(sizes))
    assert max(sizes[-1] for sizes in long) > 70
    assert min(sizes[0] for sizes in long) < 9


@pytest.mark.parametrize("seed", range(25))
def test_given_any_seed_when_it_starts_then_a_good_sign_stands_near_on_the_right(seed):
    first = Layout(seed).signs(0, 20)[0]
    assert first.name in ("stop", "speed limit", "no entry", "priority", "give way")
    assert first.along == FIRST_SIGN
    assert first.side > 0


def test_given_the_first_frame_when_looked_at_then_its_sign_is_large(road):
    truth = road.render(0)[1]
    assert (truth.xyxy[:, 3] - truth.xyxy[:, 1]).max() > 28


def test_given_a_sign_that_is_left_out_when_compared_then_the_difference_fills_its_box(road):
    """Independent of the boxes' mathematics: what changes in the picture is where the box says."""
    checked = 0
    for index in (0, 40, 95, 150, 200, 260, 330, 400):
        pixels, truth = road._clean(index)
        for box, name, one in zip(
            truth.xyxy, truth.data["class_name"], truth.data["object_id"], strict=True
        ):
            x1, y1, x2, y2 = box.astype(float)
            cut = x1 <= 0 or y1 <= 0 or x2 >= 640 or y2 >= 384
            if name == "traffic light" or cut or x2 - x1 < 14:
                continue
            other, _ = road._clean(index, without=int(one))
            left, top = max(0, int(x1) - 8), max(0, int(y1) - 8)
            change = np.abs(pixels.astype(int) - other).max(axis=2)
            change = change[top : int(y2) + 9, left : int(x2) + 9] > 22
            # Below the middle the pole is in the way: it hides the lower edge of what ends in a tip.
            columns = np.nonzero(change[: int(y2) - top].any(axis=0))[0]
            rows = np.nonzero(change.any(axis=1))[0]
            assert abs(left + columns[0] - x1) <= 1.3
            assert abs(left + columns[-1] + 1 - x2) <= 1.3
            assert abs(top + rows[0] - y1) <= 1.3
            if name in FLAT_AT_THE_BOTTOM:
                quarter = round((x2 - x1) * 0.10)
                middle = round((x1 + x2) / 2) - left
                beside = np.delete(change, slice(middle - quarter, middle + quarter + 1), axis=1)
                lowest = np.nonzero(beside.any(axis=1))[0][-1]
                assert abs(top + lowest + 1 - y2) <= 2.0
            checked += 1
    assert checked >= 10


@pytest.mark.parametrize(
    ("name", "variety"), [(name, i) for name, faces in FACES.items() for i in range(len(faces))]
)
def test_given_a_face_when_drawn_then_its_outline_is_tight(name, variety):
    face = FACES[name][variety]
    sprite = face.sprite(np.random.default_rng(0))
    alpha = sprite.levels[0][..., 3]
    height, width = alpha.shape
    ys, xs = np.nonzero(alpha > 127)
    box = (*sprite.outline.min(axis=0), *sprite.outline.max(axis=0))
    seen = (xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height)
    np.testing.assert_allclose(box, seen, atol=1.6 / 160)
    assert face.name == name


def test_given_faces_when_compared_then_their_colours_are_those_of_the_pattern():
    def colour(name, x, y, variety=0):
        picture = FACES[name][variety].sprite(np.random.default_rng(0)).levels[0]
        return picture[int(y * picture.shape[0]), int(x * picture.shape[1]), :3].astype(int)

    for name, x, y in (("stop", 0.5, 0.2), ("no entry", 0.5, 0.2), ("speed limit", 0.5, 0.05)):
        blue, green, red = colour(name, x, y)
        assert red > 140
        assert red > 2.5 * max(blue, green)
    for name, x, y in (("mandatory", 0.15, 0.5), ("crosswalk", 0.1, 0.2)):
        blue, green, red = colour(name, x, y)
        assert blue > 120
        assert blue > 3 * red
    blue, green, red = colour("priority", 0.5, 0.5)
    assert min(green, red) > 150
    assert blue < 60
    assert colour("no entry", 0.5, 0.5).min() > 180
    assert colour("give way", 0.5, 0.4).min() > 180


def test_given_dusk_when_rendered_then_it_is_darker_and_signs_stand_out():
    day, dusk = (Road(3, width=320, height=192, light=kind) for kind in ("day", "dusk"))
    (bright, truth), (dark, same) = day._clean(10), dusk._clean(10)
    assert dark.mean() < 0.7 * bright.mean()
    np.testing.assert_array_equal(truth.xyxy, same.xyxy)
    x1, y1, x2, y2 = truth.xyxy[np.argmax(truth.xyxy[:, 3] - truth.xyxy[:, 1])].astype(int)
    kept = dark[y1:y2, x1:x2].mean() / bright[y1:y2, x1:x2].mean()
    assert kept > 1.2 * dark.mean() / bright.mean()


@given(st.floats(0, 1e5))
def test_given_a_changing_light_when_asked_then_it_starts_and_ends_by_day_and_moves_slowly(seconds):
    assert Daylight.at(0, "changing").dusk == 0
    assert Daylight.at(CYCLE / 2, "changing").dusk == 1
    now, later = (Daylight.at(t, "changing").dusk for t in (seconds, seconds + 1 / 30))
    assert 0 <= now <= 1
    assert abs(now - later) < 0.002


@settings(max_examples=50)
@given(st.integers(0, 2**31), st.floats(0, 1e5))
def test_given_any_course_when_driven_then_it_bends_gently(seed, along):
    course = Course.drawn(np.random.default_rng(seed))
    assert abs(course.heading(along)) < 0.22  # the sky is drawn that wide
    step = SPEED / 30
    assert abs(course.heading(along + step) - course.heading(along)) / step < 1 / 100


@given(st.integers(0, 2**31), st.floats(0, 1e6))
def test_given_any_stretch_when_asked_for_in_parts_then_it_holds_the_same_signs(seed, start):
    layout = Layout(seed)
    whole = layout.signs(start, start + 150)
    parts = layout.signs(start, start + 70) + Layout(seed).signs(start + 70, start + 150)
    assert {s.identity for s in whole} == {s.identity for s in parts}
    assert len({s.identity for s in whole}) == len(whole) >= 6


def test_given_a_length_when_asked_then_it_is_told():
    assert Road(0, frames=30, width=160, height=96).frame_count == 30
    scene = SCENES["road"](0, width=160, height=96)
    assert (scene.width, scene.height, scene.fps, scene.frame_count) == (160, 96, 30.0, None)
    pixels, truth = scene.render(0)
    assert pixels.shape == (96, 160, 3)
    assert len(truth)


@pytest.mark.parametrize(
    "wrong",
    [{"seed": -1}, {"frames": 0}, {"fps": 0.0}, {"width": 32}, {"width": 900, "height": 90}],
)
def test_given_what_cannot_be_when_made_then_it_says_so(wrong):
    with pytest.raises(ValueError, match="road"):
        Road(**wrong)
