from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from streams.scenes import SCENES
from streams.scenes.pitch.flight import RADIUS
from streams.scenes.pitch.lens import STAND, aim
from streams.scenes.pitch.play import CYCLE, LENGTH, RATE, Play, row_at
from streams.scenes.pitch.scene import CLASSES, Pitch
from streams.scenes.pitch.spheres import OUTLINE, football
from streams.scenes.sprite import Sprite


@pytest.fixture(scope="module")
def pitch():
    return Pitch(0)


@pytest.fixture(scope="module")
def minute():
    """The whole cycle at three pictures a second: the truth of each."""
    scene = Pitch(1, fps=3.0)
    return [scene._clean(i)[1] for i in range(180)]


@pytest.fixture(scope="module")
def play():
    return Play(np.random.default_rng(4))


def test_given_a_number_when_rendered_then_nothing_else_matters(pitch):
    order = [9, 700, 0, 9]
    first = {index: pitch.render(index) for index in order}
    again = Pitch(0)
    for index in sorted(set(order), reverse=True):
        pixels, truth = again.render(index)
        np.testing.assert_array_equal(pixels, first[index][0])
        np.testing.assert_array_equal(truth.xyxy, first[index][1].xyxy)
    assert pixels.shape == (384, 640, 3)
    assert pixels.dtype == np.uint8


def test_given_another_seed_when_rendered_then_it_is_another_match(pitch):
    other = Pitch(5, width=320, height=192)
    places = [[scene._play.ball_at(t)[:2] for t in (10, 20, 30)] for scene in (pitch, other)]
    assert np.hypot(*(np.array(places[0]) - places[1]).T).min() > 0.5


def test_given_a_minute_when_played_then_the_truth_is_well_formed(minute):
    for truth in minute:
        assert (truth.xyxy >= 0).all()
        assert (truth.xyxy[:, 2] <= 640).all()
        assert (truth.xyxy[:, 3] <= 384).all()
        assert [CLASSES[i] for i in truth.class_id] == truth.data["class_name"].tolist()
        assert truth.data["object_id"].tolist() == truth.class_id.tolist()
        assert len(set(truth.class_id.tolist())) == len(truth)


def test_given_a_minute_when_played_then_ball_and_head_are_mostly_there_and_of_like_size(minute):
    def widths(number):
        chosen = [t.xyxy[t.class_id == number] for t in minute]
        return np.array([box[0, 2] - box[0, 0] for box in chosen if len(box)])

    balls, heads = widths(0), widths(1)
    assert len(balls) > 0.85 * len(minute)
    assert len(heads) > 0.6 * len(minute)
    assert balls.min() > 8
    assert balls.max() < 20
    assert 0.8 < np.median(heads) / np.median(balls) < 2.2
    # The ball is not always there: somebody stands before it now and then.
    assert len(balls) < len(minute)


@pytest.mark.parametrize(("number", "strictness"), [(0, 18), (1, 30)])
def test_given_an_object_that_is_left_out_when_compared_then_the_difference_fills_its_box(
    pitch, number, strictness
):
    """Independent of the boxes' mathematics: what changes in the picture is where the box says."""
    checked = 0
    for index in (0, 210, 350, 500, 640, 800, 1000):
        pixels, truth = pitch._clean(index)
        other, without = pitch._clean(index, without=number)
        assert number not in without.class_id
        for x1, y1, x2, y2 in truth.xyxy[truth.class_id == number]:
            if x1 <= 2 or y1 <= 2 or x2 >= 638 or y2 >= 382:
                continue
            left, top = int(x1) - 3, int(y1) - 3
            change = np.abs(pixels.astype(int) - other).max(axis=2)
            change = change[top : int(y2) + 4, left : int(x2) + 4] > strictness
            columns = np.nonzero(change[: (len(change) + 1) // 2 + 2].any(axis=0))[0]
            rows = np.nonzero(change.any(axis=1))[0]
            # A player may stand before a part of it; what is seen never reaches out of the box.
            assert left + columns[0] - x1 >= -1.3
            assert left + columns[-1] + 1 - x2 <= 1.3
            assert top + rows[0] - y1 >= -1.3
            if change.mean() > 0.3:
                assert abs(left + columns[0] - x1) <= 1.3
                assert abs(left + columns[-1] + 1 - x2) <= 1.3
                assert abs(top + rows[0] - y1) <= 1.3
                checked += 1
    assert checked >= 3


def test_given_the_script_when_read_then_every_kick_starts_where_the_last_one_ended(play):
    for kick, following in pairwise(play.kicks):
        x, y, z = kick.flight.place_at(following.at - kick.at)
        assert np.hypot(x - following.place[0], y - following.place[1]) < 1e-3
        assert RADIUS - 1e-9 <= z < 1.0  # a volley at most
    end = play.ball_at(CYCLE - 1e-9)
    start = play.ball_at(0.0)
    assert np.hypot(end[0] - start[0], end[1] - start[1]) < 1e-2
    assert any(leg.pull[2] < 0 for kick in play.kicks for leg in kick.flight.legs)


def test_given_the_cycle_when_played_then_the_ball_stays_above_ground_and_on_the_pitch(play):
    ball = np.array([play.ball_at(t) for t in np.arange(0, CYCLE, 0.02)])
    assert ball[:, 2].min() >= RADIUS - 1e-9
    assert ball[:, 2].max() > 1.0
    assert np.abs(ball[:, 0]).max() < LENGTH / 2
    assert ball[:, 1].min() > 0


def test_given_the_players_when_they_run_then_they_run_like_people_and_reach_the_ball(play):
    for person in (*play.players, play.referee, play.linesman):
        steps = np.roll(person.place, -1, axis=0) - person.place
        pace = np.hypot(*steps.T) * RATE
        assert pace.max() < 10.5  # a sprint; the seam of the cycle is a step like any other
        assert (np.diff(person.phase) >= -1e-9).all()
        turns = (person.phase[-1] - person.phase[0]) / (2 * np.pi)
        assert turns == pytest.approx(round(turns), abs=0.1)
        np.testing.assert_allclose(np.hypot(*person.facing.T), 1.0, atol=1e-6)
    away = [
        np.hypot(*(play.players[kick.player].place[row_at(kick.at)] - kick.place))
        for kick in play.kicks
    ]
    assert max(away) < 1.2
    assert np.median(away) < 0.6


def test_given_a_lens_when_it_looks_at_a_point_then_it_is_near_the_middle_at_that_scale():
    lens = aim(6.0, 12.0, 0.1, (640, 384), 50.0)
    x, y, scale = lens.spot(6.0, 12.0, 0.1)
    assert x == pytest.approx(320, abs=1)
    assert 150 < y < 192
    assert scale == pytest.approx(50.0, rel=0.01)
    ground = lens.ground() @ np.array([6.0, 12.0, 1.0])
    np.testing.assert_allclose(ground[:2] / ground[2], lens.spot(6.0, 12.0, 0.0)[:2], atol=1e-6)
    np.testing.assert_allclose(lens.project(np.array([[6.0, 12.0, 0.1]]))[0], (x, y), atol=1e-9)
    assert not lens.ahead(np.array([STAND - lens.axes[2]]))


def test_given_a_football_when_drawn_then_it_is_a_disc_with_black_and_white():
    picture = football(40, np.eye(3))
    alpha = picture[..., 3]
    assert alpha[20, 20] == 255
    assert alpha[0, 0] == 0
    assert (alpha > 127).any(axis=0).all()
    assert (alpha > 127).any(axis=1).all()
    inner = picture[8:32, 8:32, 1]
    assert (inner < 60).mean() > 0.1
    assert (inner > 150).mean() > 0.3
    assert Sprite.of(picture, OUTLINE).outline.max() == pytest.approx(1.0)


def test_given_a_ball_that_rolls_when_turned_then_the_turns_are_rotations(play):
    for turned in play.turns[::97]:
        np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-6)
    assert np.abs(play.turns[300] - play.turns[310]).max() > 0.05


def test_given_a_length_and_a_size_when_asked_then_they_are_told():
    scene = SCENES["pitch"](3, width=320, height=192, frames=10)
    assert (scene.width, scene.height, scene.fps, scene.frame_count) == (320, 192, 30.0, 10)
    pixels, truth = scene.render(0)
    assert pixels.shape == (192, 320, 3)
    assert len(truth)


@pytest.mark.parametrize(
    "wrong",
    [{"seed": -1}, {"frames": 0}, {"fps": 0.0}, {"width": 32}, {"width": 900, "height": 90}],
)
def test_given_what_cannot_be_when_made_then_it_says_so(wrong):
    with pytest.raises(ValueError, match="pitch"):
        Pitch(**wrong)
