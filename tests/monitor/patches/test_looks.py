"""Looks: what each quantity does to a quad, the ranges it is drawn from, and what lies beyond them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.patches.looks import PLAIN, Look, Looks
from monitor.patches.quads import Quad, area, upright

QUAD = upright((100, 60), 40, 20)
SKEWED = np.array([[10, 12], [90, 5], [80, 70], [20, 60.0]])
LOOKS = Looks()


def drawn(count: int = 600, looks: Looks = LOOKS) -> list[Look]:
    rng = np.random.default_rng(1)
    return [looks.draw(rng) for _ in range(count)]


@pytest.mark.parametrize("quad", [QUAD, SKEWED])
def test_the_plain_look_leaves_a_quad_where_it_is(quad: Quad) -> None:
    np.testing.assert_allclose(PLAIN.placed(quad), quad, atol=1e-4)


def test_scale_is_of_its_sides() -> None:
    larger = Look(scale=1.5).placed(QUAD)
    np.testing.assert_allclose(larger, upright((100, 60), 60, 30), atol=1e-3)


def test_shift_is_in_its_sides() -> None:
    moved = Look(shift=(0.5, -0.25)).placed(QUAD)
    np.testing.assert_allclose(moved, QUAD + np.array((20, -5)), atol=1e-3)


def test_roll_turns_it_in_its_plane() -> None:
    square = upright((100, 60), 40, 40)
    turned = Look(roll=30).placed(square)
    across = turned[1] - turned[0]
    assert math.degrees(math.atan2(across[1], across[0])) == pytest.approx(30, abs=0.01)
    assert area(turned) == pytest.approx(1600, rel=1e-4)
    np.testing.assert_allclose(turned.mean(axis=0), (100, 60), atol=1e-3)
    np.testing.assert_allclose(Look(roll=90).placed(square), np.roll(square, -1, axis=0), atol=1e-3)


def test_a_tilt_narrows_it_and_brings_one_side_nearer() -> None:
    square = upright((0, 0), 100, 100)
    yawed, pitched = (look.placed(square) for look in (Look(yaw=30), Look(pitch=30)))
    sides = [np.linalg.norm(yawed[a] - yawed[b]) for a, b in ((0, 3), (1, 2))]
    # The eye is three sides away, the edges a quarter of a side nearer and farther.
    assert sides == pytest.approx([100 * 3 / 2.75, 100 * 3 / 3.25], rel=1e-4)
    wide = 100 * math.cos(math.radians(30)) / 2
    assert yawed[1, 0] - yawed[0, 0] == pytest.approx(wide * (3 / 2.75 + 3 / 3.25), rel=1e-4)
    np.testing.assert_allclose(pitched[[0, 3, 2, 1]], yawed[:, ::-1], atol=1e-3)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_the_same_chance_gives_the_same_look(seed: int) -> None:
    one, two = np.random.default_rng(seed), np.random.default_rng(seed)
    first = LOOKS.draw(one)
    assert first == LOOKS.draw(two)
    assert first != LOOKS.draw(one)
    LOOKS.draw(two)
    assert LOOKS.beyond(one) == LOOKS.beyond(two)


def test_every_quantity_is_drawn_from_all_of_its_range() -> None:
    looks = drawn()
    lows_and_highs: dict[str, tuple[list[float], tuple[float, float]]] = {
        "scale": ([look.scale for look in looks], LOOKS.scale),
        "across": ([look.shift[0] for look in looks], (-LOOKS.shift, LOOKS.shift)),
        "down": ([look.shift[1] for look in looks], (-LOOKS.shift, LOOKS.shift)),
        "roll": ([look.roll for look in looks], (-LOOKS.roll, LOOKS.roll)),
        "yaw": ([look.yaw for look in looks], (-LOOKS.tilt, LOOKS.tilt)),
        "pitch": ([look.pitch for look in looks], (-LOOKS.tilt, LOOKS.tilt)),
        "light": ([float(np.mean(look.gain)) for look in looks], LOOKS.light),
        "haze": ([look.lift[1] for look in looks], LOOKS.haze),
        "black": ([look.ink[0] for look in looks], (0, LOOKS.ink)),
        "white": ([look.ink[1] for look in looks], (1 - LOOKS.ink, 1)),
        "blur": ([look.blur for look in looks], LOOKS.blur),
        "grain": ([look.grain for look in looks], LOOKS.grain),
        "print_grain": ([look.print_grain for look in looks], LOOKS.print_grain),
    }
    for name, (values, (low, high)) in lows_and_highs.items():
        # A mean over channels is moved by their tints as well.
        room = LOOKS.tint * high if name == "light" else 0.0
        assert low - room <= min(values) < low + 0.05 * (high - low) + room, name
        assert high - 0.05 * (high - low) - room < max(values) <= high + room, name
        assert np.median(values) == pytest.approx((low + high) / 2, abs=0.1 * (high - low)), name


def test_a_channel_differs_from_the_light_by_its_tint_at_most() -> None:
    spreads = [max(look.gain) / min(look.gain) for look in drawn()]
    assert min(spreads) > 1
    assert max(spreads) <= (1 + LOOKS.tint) / (1 - LOOKS.tint)
    assert max(spreads) > 1 + LOOKS.tint
    assert all(len(set(look.lift)) == 1 for look in drawn(9)), "haze is grey"


def test_noise_is_new_in_every_look() -> None:
    assert len({look.seed for look in drawn(200)}) == 200


def test_ranges_may_be_single_points() -> None:
    still = Looks(
        scale=(1, 1),
        shift=0,
        roll=0,
        tilt=0,
        light=(1, 1),
        tint=0,
        haze=(0, 0),
        ink=0,
        blur=(0, 0),
        grain=(0, 0),
        print_grain=(0, 0),
    )
    assert [replace(look, seed=0) for look in drawn(3, still)] == [PLAIN] * 3


@given(seed=st.integers(0, 2**32 - 1), by=st.floats(0.05, 1))
@settings(max_examples=100)
def test_what_lies_beyond_is_never_drawn(seed: int, by: float) -> None:
    look = LOOKS.beyond(np.random.default_rng(seed), by)
    roll, yaw, pitch = (abs(angle) for angle in (look.roll, look.yaw, look.pitch))
    rolled, tilted = roll > LOOKS.roll, min(yaw, pitch) > LOOKS.tilt
    assert rolled != tilted
    assert roll <= LOOKS.roll * (1 + by)
    assert max(yaw, pitch) <= LOOKS.tilt * (1 + by)
    light = float(np.mean(look.gain))
    low, high = LOOKS.light
    assert (
        low / (1 + by) - 1e-9 <= light < low / 1.01 or high * 1.01 < light <= high * (1 + by) + 1e-9
    )
    assert LOOKS.blur[1] < look.blur <= LOOKS.blur[1] * (1 + by)
    # All else stays as it is drawn.
    assert LOOKS.scale[0] <= look.scale <= LOOKS.scale[1]
    assert max(map(abs, look.shift)) <= LOOKS.shift


def test_beyond_goes_every_way() -> None:
    rng = np.random.default_rng(0)
    looks = [LOOKS.beyond(rng) for _ in range(60)]
    assert {np.sign(look.roll) for look in looks if abs(look.roll) > LOOKS.roll} == {-1, 1}
    tilted = {
        (np.sign(look.yaw), np.sign(look.pitch)) for look in looks if abs(look.yaw) > LOOKS.tilt
    }
    assert len(tilted) == 4
    assert {np.mean(look.gain) > 1 for look in looks} == {True, False}
