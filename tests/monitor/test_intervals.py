"""Intervals: the same numbers every time, and about as often right as they say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from monitor.drift.intervals import MIN_FRAMES, block_length, ratio_interval

Floats = npt.NDArray[np.float64]


def correlated(rng: np.random.Generator, frames: int, rho: float) -> Floats:
    """0 or 1 a frame, half of them 1, correlated from frame to frame by an AR(1) process."""
    state = rng.standard_normal()
    steps = rng.standard_normal(frames) * np.sqrt(1 - rho**2)
    values = np.empty(frames)
    for i, step in enumerate(steps):
        state = rho * state + step
        values[i] = state > 0
    return values


def coverage(rho: float, block: int | None, videos: int = 150) -> float:
    rng = np.random.default_rng(7)
    held = 0
    for seed in range(videos):
        values = correlated(rng, 300, rho)
        both = ratio_interval(values, np.ones(300), seed=seed, resamples=400, block=block)
        assert both is not None
        held += both[0] <= 0.5 <= both[1]
    return held / videos


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    assert 0.88 <= coverage(0.0, None) <= 0.99
    blocks, single = coverage(0.8, None), coverage(0.8, 1)
    assert blocks >= 0.8
    assert single <= 0.7, "drawing single frames must fail here, or this test proves nothing"


def test_same_seed_same_interval_and_another_seed_another() -> None:
    values = correlated(np.random.default_rng(0), 200, 0.5)
    first = ratio_interval(values, np.ones(200), seed=3)
    assert first == ratio_interval(values.copy(), np.ones(200), seed=3)
    assert first != ratio_interval(values, np.ones(200), seed=4)


def test_the_draws_do_not_depend_on_how_many_are_made_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.arange(50.0)
    monkeypatch.setattr("monitor.drift.intervals._DRAWS_AT_ONCE", 100)
    low, high = ratio_interval(values, np.ones(50), seed=0, block=5) or (0, 0)
    assert 0 < low < values.mean() < high < 49


def test_one_block_as_long_as_the_video_leaves_no_choice() -> None:
    over, under = np.arange(12.0), np.arange(12.0) + 5
    rate = over.sum() / under.sum()
    assert ratio_interval(over, under, seed=0, block=12) == pytest.approx((rate, rate))


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_frames_that_all_agree(rate: float) -> None:
    assert ratio_interval(np.full(40, 3 * rate), np.full(40, 3.0), seed=0) == (rate, rate)


def test_a_ratio_weighs_frames_by_their_objects() -> None:
    # Every second frame holds nothing; its zero must not pull the rate down.
    under = np.tile([4.0, 0.0], 50)
    assert ratio_interval(under / 2, under, seed=0) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(
    ("over", "under"),
    [
        (np.ones(MIN_FRAMES - 1), np.ones(MIN_FRAMES - 1)),
        (np.zeros(50), np.zeros(50)),
        (np.eye(1, 50)[0], np.eye(1, 50)[0]),  # one frame in fifty: most resamples miss it
        (np.empty(0), np.empty(0)),
    ],
)
def test_none_where_there_is_nothing_to_stand_on(over: Floats, under: Floats) -> None:
    assert ratio_interval(over, under, seed=0) is None


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="one entry a frame"):
        ratio_interval(np.ones(20), np.ones(21), seed=0)
    for block in (0, 21):
        with pytest.raises(ValueError, match="blocks of"):
            ratio_interval(np.ones(20), np.ones(20), seed=0, block=block)


def test_blocks_grow_with_correlation_and_stay_within_bounds() -> None:
    rng = np.random.default_rng(1)
    lengths = [
        float(np.median([block_length(correlated(rng, 400, rho)) for _ in range(20)]))
        for rho in (0.0, 0.5, 0.9)
    ]
    assert lengths[0] < lengths[1] < lengths[2] <= 60
    assert block_length(np.ones(30)) == 1
    assert block_length(np.arange(12.0)) <= 4  # a third of the video at most
