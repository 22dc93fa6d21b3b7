from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from streams.producers.scene import SceneProducer
from streams.scenes import SCENES
from streams.scenes.camera_path import Sway
from streams.scenes.portrait import FACE_BOX, Portrait
from streams.source import VideoSource

SEEDS = [Portrait(seed) for seed in range(4)]


def box_of(scene, index):
    zoom, roll, middle = scene._pose(index / scene.fps)
    return scene._truth(zoom, roll, middle).xyxy[0]


@given(st.sampled_from(SEEDS), st.integers(0, 10**7))
def test_given_any_frame_when_posed_then_the_face_is_whole_and_of_a_portraits_size(scene, index):
    x1, y1, x2, y2 = box_of(scene, index)
    assert 0.02 * 480 <= x1 < x2 <= 640 - 0.02 * 480
    assert 0.02 * 480 <= y1 < y2 <= 480 - 0.02 * 480
    assert 0.2 <= (y2 - y1) / 480 <= 0.5


@given(st.sampled_from(SEEDS), st.integers(0, 10**7))
def test_given_any_frame_when_posed_then_the_photograph_fills_it(scene, index):
    zoom, roll, middle = scene._pose(index / scene.fps)
    c, s = np.cos(roll) / zoom, np.sin(roll) / zoom
    for x, y in ((-320, -240), (320, -240), (-320, 240), (320, 240)):
        seen = (middle[0] + c * x + s * y, middle[1] - s * x + c * y)
        # Two pixels further, for the cubic interpolation.
        assert 2 <= min(seen) <= max(seen) <= 510


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 3), st.integers(0, 5000))
def test_given_a_seed_and_a_number_when_rendered_then_nothing_else_matters(seed, index):
    SEEDS[seed].render(index + 1)
    pixels, truth = SEEDS[seed].render(index)
    again, truth_again = Portrait(seed).render(index)
    np.testing.assert_array_equal(pixels, again)
    np.testing.assert_array_equal(truth.xyxy, truth_again.xyxy)
    assert pixels.shape == (480, 640, 3)
    assert pixels.dtype == np.uint8


def test_given_another_seed_when_rendered_then_it_is_another_shot():
    assert np.abs(box_of(SEEDS[0], 100) - box_of(SEEDS[1], 100)).max() > 5


def test_given_a_truth_when_looked_at_then_it_is_one_face():
    _, truth = SEEDS[0].render(3)
    assert truth.class_id.tolist() == [0]
    assert truth.data["class_name"].tolist() == ["face"]
    assert truth.xyxy.shape == (1, 4)


@pytest.mark.parametrize("index", [0, 333, 700, 1111])
def test_given_a_frame_when_the_face_is_searched_then_it_is_where_the_truth_says(index):
    # Independent of the camera's mathematics: the photograph's face, at the size that the truth states,
    # is found in the picture itself.
    pixels, truth = SEEDS[0].render(index)
    x1, y1, x2, y2 = truth.xyxy[0]
    left, top, right, bottom = (int(side) for side in FACE_BOX)
    face = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)[top:bottom, left:right]
    face = cv2.resize(face, (round(x2 - x1), round(y2 - y1)), interpolation=cv2.INTER_CUBIC)
    match = cv2.matchTemplate(pixels, face, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(match)
    assert best > 0.93
    assert abs(x - x1) < 1.5
    assert abs(y - y1) < 1.5


def test_given_the_photograph_when_the_box_is_looked_at_then_skin_ends_at_the_chin_and_cheeks():
    photo = data.astronaut().astype(int)
    left, top, right, bottom = (int(side) for side in FACE_BOX)
    middle_x = (left + right) // 2
    chin = photo[bottom - 4, middle_x]
    collar = photo[bottom + 16, middle_x]
    assert chin[0] > 140  # skin
    assert collar[0] < 60  # the black collar below
    cheeks = photo[120, left + 4], photo[120, right - 4]
    assert all(cheek[0] > cheek[2] + 20 for cheek in cheeks)
    fringe = photo[top, middle_x]
    assert fringe[0] < photo[88, middle_x][0]  # hair above, forehead below


@pytest.mark.parametrize("frames", [None, 25, 100, 700])
def test_given_a_shot_when_played_then_nothing_jumps_not_even_at_the_seam(frames):
    scene = Portrait(1, frames=frames)
    length = frames or 1500
    boxes = [box_of(scene, i) for i in range(length + 1)]
    np.testing.assert_allclose(boxes[0], boxes[length], atol=1e-2)
    steps = [np.abs(a - b).max() for a, b in pairwise(boxes)]
    assert max(steps) < 6.0  # pixels a frame
    assert max(steps) > 0.2  # and it does move
    # No jerk either: how far it moves changes little from frame to frame.
    assert max(abs(a - b) for a, b in pairwise(steps)) < 2.0


def test_given_two_frames_when_compared_then_there_is_noise_of_a_camera():
    # At the same place of the way, one period apart: only the noise differs.
    first, _ = SEEDS[0].render(10)
    second, _ = SEEDS[0].render(1510)
    spread = (first.astype(int) - second.astype(int)).std() / np.sqrt(2)
    assert 1.0 < spread < 3.0


def test_given_a_minute_when_played_then_the_exposure_drifts_mildly():
    lights = [SEEDS[0]._light.at(i / 5) for i in range(300)]
    assert 0.5 < max(lights) - min(lights) <= 2.0


@given(st.integers(0, 2**32), st.floats(0.04, 1000.0), st.floats(0.0, 1e5))
def test_given_any_sway_when_asked_then_it_is_bounded_and_comes_back(seed, period, seconds):
    sway = Sway.drawn(np.random.default_rng(seed), period)
    assert -1.0 <= sway.at(seconds) <= 1.0
    assert sway.at(0.0) == pytest.approx(sway.at(period), abs=1e-6)


@pytest.mark.parametrize("size", [(320, 240), (480, 640), (1280, 720), (640, 640)])
def test_given_other_sizes_when_rendered_then_they_hold_as_well(size):
    scene = Portrait(2, width=size[0], height=size[1])
    assert scene.render(0)[0].shape == (size[1], size[0], 3)
    for index in range(0, 1500, 50):
        x1, y1, x2, y2 = box_of(scene, index)
        assert 0 < x1 < x2 < size[0]
        assert 0 < y1 < y2 < size[1]
        assert 0.2 <= (y2 - y1) / size[1] <= 0.5


@pytest.mark.parametrize(
    "wrong",
    [{"seed": -1}, {"frames": 0}, {"fps": 0.0}, {"width": 0}, {"width": 2000, "height": 200}],
)
def test_given_what_cannot_be_when_made_then_it_says_so(wrong):
    with pytest.raises(ValueError, match="portrait"):
        Portrait(**wrong)


def test_given_a_number_of_frames_when_read_then_they_come_with_times_and_truth(drain):
    producer = SceneProducer("scene:portrait", lambda: Portrait(5, frames=6, width=320, height=240))
    with VideoSource(lambda: producer) as source:
        frames = drain(source)
        properties = source.properties
    assert (properties.name, properties.fps, properties.frame_count) == ("scene:portrait", 25.0, 6)
    assert [frame.media_time for frame in frames] == [i / 25 for i in range(6)]
    assert all(len(frame.truth) == 1 for frame in frames)
    assert producer.read() is None


def test_given_the_registry_when_asked_then_portrait_is_endless_and_seeded():
    scene = SCENES["portrait"](3)
    assert (scene.width, scene.height, scene.fps, scene.frame_count) == (640, 480, 25.0, None)
    np.testing.assert_array_equal(scene.render(9)[0], SEEDS[3].render(9)[0])
    with pytest.raises(TypeError):
        SCENES["another"] = Portrait
