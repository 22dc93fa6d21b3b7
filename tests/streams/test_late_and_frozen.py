from __future__ import annotations

import itertools

import numpy as np
import pytest

from streams.frozen import FreezeWatch
from streams.lag import Lag
from streams.patience import Patience
from streams.source import VideoSource


def still(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def test_given_the_same_picture_then_the_time_grows_until_one_pixel_changes():
    watch, picture = FreezeWatch(), still()
    assert [watch.update(picture.copy(), now) for now in (0.0, 3.0, 6.0)] == [0.0, 3.0, 6.0]
    changed = picture.copy()
    changed[17, 33, 1] ^= 1  # between the pixels that are looked at first
    assert watch.update(changed, 7.0) == 0.0
    assert watch.update(changed[:30], 8.0) == 0.0  # another size


def test_given_a_still_scene_with_a_sensors_noise_then_it_is_not_frozen():
    rng = np.random.default_rng(1)
    watch, scene = FreezeWatch(), np.full((120, 160, 3), 100.0)
    for second in range(20):
        noisy = np.clip(np.rint(scene + rng.normal(0, 0.5, scene.shape)), 0, 255).astype(np.uint8)
        assert watch.update(noisy, float(second)) == 0.0


def test_given_a_camera_that_repeats_its_picture_then_it_is_told_after_the_limit(
    scripted, clock, until
):
    live = scripted(None, live=True, hand_fed=True, times=lambda _: None)
    pixels = still()
    live.read_pixels = pixels
    original = live.read

    def same():
        picture = original()
        return None if picture is None else type(picture)(pixels.copy(), None)

    live.read = same
    with VideoSource(
        lambda: live, clock=clock, close_timeout=0.05, patience=Patience(frozen_after=5.0)
    ) as source:
        for second, frozen in ((0.0, 0.0), (4.0, 0.0), (2.0, 6.0)):
            clock.advance(second)
            before = live.reads
            live.food.release(1)
            source.read(5)
            until(lambda before=before: live.reads > before)
            until(lambda frozen=frozen: source.health.frozen_s == frozen)


def test_given_pictures_in_time_then_nothing_is_late():
    lag = Lag()
    assert [lag.update(i / 25, 100 + i / 25) for i in range(50)] == [0.0] * 50


def test_given_a_queue_on_the_way_then_pictures_are_as_late_as_they_are():
    lag = Lag()
    lag.update(0.0, 100.0)
    # Half the speed: after 4 s two seconds of pictures wait.
    late = [lag.update(i / 50, 100 + i / 25) for i in range(1, 101)]
    assert late[-1] == pytest.approx(2.0, abs=0.01)
    assert late == sorted(late)


def test_given_a_network_that_stood_still_then_the_burst_after_it_is_late_and_melts():
    lag = Lag()
    for i in range(25):
        lag.update(i / 25, 100 + i / 25)
    late = [lag.update(1 + i / 25, 105 + i / 250) for i in range(125)]
    assert late[0] == pytest.approx(4.0, abs=0.1)
    assert late[-1] < 0.1
    assert all(b <= a for a, b in itertools.pairwise(late))


def test_given_a_server_that_was_held_then_its_delay_is_the_new_normal_after_two_seconds():
    lag = Lag()
    for i in range(25):
        lag.update(i / 25, 100 + i / 25)
    late = [lag.update(1 + i / 25, 106 + i / 25) for i in range(75)]
    assert late[0] == pytest.approx(5.0, abs=0.1)
    assert late[-1] == 0.0
    assert sum(each > 0 for each in late) <= 52


def test_given_clocks_that_run_apart_then_a_day_makes_nobody_late():
    lag = Lag()
    for second in range(0, 86_400, 10):
        # A gap over a second between updates would be taken for one; the drift is what is looked at.
        assert lag.update(second * (1 - 100e-6), 100.0 + second) < 0.01


def test_given_a_clock_that_jumps_forward_then_pictures_are_not_late_for_it():
    lag = Lag()
    lag.update(0.0, 100.0)
    assert lag.update(1000.0, 100.04) == 0.0
    assert lag.update(1000.04, 100.08) == 0.0
