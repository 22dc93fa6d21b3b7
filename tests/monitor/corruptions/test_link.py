"""A bad line: the kernel against its plain body, what is lost and for how long."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panned_photograph import obeys, on_a_still, panned, strictly_falling

from monitor.corruptions.fault import Build
from monitor.corruptions.link import DroppedFrames, FrozenFrames, PacketLoss
from monitor.kernels.lost_slices import ADDED, GOOD, STALE, show_slices, show_slices_numpy


@given(
    shape=st.sampled_from([(1, 1), (16, 16), (17, 31), (40, 70)]), seed=st.integers(0, 2**32 - 1)
)
@settings(max_examples=60)
def test_slices_are_shown_as_in_numpy(shape: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    now, then, shown = rng.integers(0, 256, (3, *shape, 3), dtype=np.uint8)
    size = (-(-shape[0] // 16), -(-shape[1] // 16))
    orders = rng.integers(-100, 100, (*size, 3)).astype(np.int32)
    orders[..., 0] = rng.integers(GOOD, ADDED + 1, size)
    a, b = shown.copy(), shown.copy()
    show_slices(now, then, a, orders)
    show_slices_numpy(now, then, b, orders)
    assert np.array_equal(a, b)
    for row, column in np.argwhere(orders[..., 0] == STALE):
        here = np.s_[16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
        assert np.array_equal(a[here], shown[here])


@pytest.mark.parametrize(
    ("build", "frames"), [(PacketLoss, 12), (DroppedFrames, 300), (FrozenFrames, 300)]
)
def test_a_line_obeys_and_quality_falls_strictly(build: Build, frames: int) -> None:
    assert obeys(build)
    assert strictly_falling(build, frames)


@pytest.mark.parametrize("build", [PacketLoss, DroppedFrames, FrozenFrames])
def test_the_first_frame_is_whole(build: Build) -> None:
    for at in range(40):
        assert np.array_equal(build((240, 320, 3), 1).apply(panned(0), 5, at), panned(0))


def test_damage_lasts_on_a_still() -> None:
    step, seeds = on_a_still(PacketLoss, 3)
    assert 0 < step < seeds


def test_damage_heals_when_nothing_more_is_lost() -> None:
    fault = PacketLoss((240, 320, 3), 5)
    for at in range(10):
        fault.apply(panned(at), 5, at)
    damaged = [
        np.count_nonzero((fault.apply(panned(at), 1e-9, at) != panned(at)).any(-1))
        for at in range(10, 10 + PacketLoss.key_every)
    ]
    assert damaged[0] > 5000
    assert damaged[0] > damaged[8]
    assert damaged[-1] == 0


def test_damage_keeps_to_macroblocks() -> None:
    fault = PacketLoss((240, 320, 3), 5)
    for at in range(2):
        shown = fault.apply(panned(at), 3, at)
    differs = (shown != panned(1)).any(-1).reshape(15, 16, 20, 16).any((1, 3))
    assert 0 < np.count_nonzero(differs) < 0.4 * differs.size


def shown_numbers(build: Build, severity: float, count: int = 600) -> list[int]:
    """Which of some numbered frames is shown at each."""
    fault = build((2, 2, 3), 6)
    numbers = [np.full((2, 2, 3), at % 256, np.uint8) for at in range(count)]
    shown = [int(fault.apply(numbers[at], severity, at)[0, 0, 0]) for at in range(count)]
    return [at - (at - number) % 256 for at, number in enumerate(shown)]


@pytest.mark.parametrize("build", [DroppedFrames, FrozenFrames])
def test_frames_that_come_at_a_severity_come_at_a_lower_one(build: Build) -> None:
    before: set[int] = set(range(600))
    for severity in (0.5, 1, 2, 3, 4, 5):
        numbers = shown_numbers(build, severity)
        came = set(numbers)
        assert numbers == [max(n for n in came if n <= at) for at in range(600)]
        assert came < before
        before = came


def test_shares_of_dropped_frames_are_as_told() -> None:
    for severity, share in enumerate(DroppedFrames.shares, 1):
        dropped = 1 - len(set(shown_numbers(DroppedFrames, severity))) / 600
        assert dropped == pytest.approx(share, abs=0.04)


def test_freezes_are_as_long_as_told() -> None:
    for severity, length in enumerate(FrozenFrames.lengths, 1):
        numbers = shown_numbers(FrozenFrames, severity)
        runs = np.unique(np.bincount(numbers))
        assert set(runs.tolist()) <= {0, 1, int(length) + 1, int(length)}
        frozen = np.mean(np.diff(numbers) == 0)
        told = length / FrozenFrames.period
        assert frozen == pytest.approx(told, rel=0.1)
