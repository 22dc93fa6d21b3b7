from __future__ import annotations

from itertools import pairwise
from math import hypot

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.scenes.pitch.flight import GRAVITY, RADIUS, RESTITUTION, ROLLING, Flight

SPEEDS = st.tuples(st.floats(-20, 20), st.floats(-20, 20), st.floats(0, 15))
PLACES = st.tuples(st.floats(-30, 30), st.floats(0, 34))


@given(SPEEDS)
def test_given_any_kick_when_followed_then_the_ball_is_never_underground_nor_jumps(speed):
    flight = Flight.kicked(1.0, 2.0, speed)
    places = np.array([flight.place_at(t) for t in np.arange(0, 12, 0.01)])
    assert places[:, 2].min() >= RADIUS - 1e-9
    fastest = hypot(*speed) + 1e-6
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() <= fastest * 0.01 + 1e-6


@given(SPEEDS)
def test_given_any_kick_when_long_enough_then_the_ball_rolls_out_and_rests(speed):
    flight = Flight.kicked(0.0, 0.0, speed)
    end = flight.legs[-1].begin
    assert end < 40
    assert flight.speed_at(end + 1) == (0.0, 0.0, 0.0)
    assert flight.place_at(end + 1) == flight.place_at(end + 50)
    assert flight.place_at(end + 1)[2] == RADIUS


@given(SPEEDS)
def test_given_any_kick_when_followed_then_its_energy_only_falls(speed):
    flight = Flight.kicked(0.0, 0.0, speed)

    def energy(t):
        return sum(v * v for v in flight.speed_at(t)) / 2 + GRAVITY * flight.place_at(t)[2]

    energies = [energy(t) for t in np.arange(0, 15, 0.02)]
    assert all(b <= a + 1e-6 for a, b in pairwise(energies))


def test_given_a_ball_that_falls_when_it_bounces_then_heights_are_those_of_the_restitution():
    flight = Flight.kicked(0.0, 0.0, (3.0, 0.0, 6.0))
    arcs = [leg for leg in flight.legs if leg.pull[2] < 0]
    tops = [leg.speed[2] ** 2 / (2 * GRAVITY) for leg in arcs]
    assert len(tops) >= 4
    assert tops[0] == pytest.approx(1.835, abs=0.01)
    for first, second in pairwise(tops):
        assert second / first == pytest.approx(RESTITUTION**2)


def test_given_a_rolling_ball_when_it_stops_then_the_way_is_that_of_the_friction():
    flight = Flight.kicked(0.0, 0.0, (6.5, 0.0, 0.0))
    assert flight.place_at(60)[0] == pytest.approx(6.5**2 / (2 * ROLLING))
    assert flight.legs[-1].begin == pytest.approx(6.5 / ROLLING)


@example(start=(0.0, 0.0), target=(0.0, 5e-324), seconds=1.0, up=0.0)
@given(PLACES, PLACES, st.floats(0.5, 4.0), st.floats(0, 8))
def test_given_a_target_when_aimed_then_the_ball_is_there_in_time(start, target, seconds, up):
    x, y, z = Flight.aimed(start, target, seconds, up).place_at(seconds)
    assert hypot(x - target[0], y - target[1]) < 1e-3
    assert z >= RADIUS - 1e-9
