"""Intervals: the same numbers every time, and as often right as they say."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from monitor.drift.intervals import (
    MIN_FRAMES,
    block_length,
    lower_bound,
    paired_interval,
    ratio_interval,
    ratio_resamples,
    upper_bound,
)

Floats = npt.NDArray[np.float64]


def process(rng: np.random.Generator, frames: int, rho: float, many: int = 1) -> Floats:
    """AR(1) processes of variance 1, (frames, many)."""
    steps = rng.standard_normal((frames, many))
    steps[1:] *= math.sqrt(1 - rho**2)
    found: Floats = lfilter([1.0], [1.0, -rho], steps, axis=0)
    return found


def correlated(rng: np.random.Generator, frames: int, rho: float) -> Floats:
    """0 or 1 a frame, half of them 1, correlated from frame to frame by an AR(1) process."""
    return np.asarray(process(rng, frames, rho)[:, 0] > 0, np.float64)


def several(rng: np.random.Generator, frames: int, rho: float) -> tuple[Floats, Floats]:
    """Misses and objects, 0 to 6 a frame; half are missed, of one frame's together, and both last."""
    missed = process(rng, frames, rho) + process(rng, frames, rho, 6) > 0
    there = process(rng, frames, rho, 6) > 0
    return (missed & there).sum(axis=1).astype(float), there.sum(axis=1).astype(float)


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
    assert 0.91 <= coverage(0.0, None) <= 0.99
    blocks, single = coverage(0.8, None), coverage(0.8, 1)
    assert blocks >= 0.9
    assert single <= 0.7, "drawing single frames must fail here, or this test proves nothing"


def share_held(rho: float, videos: int, resamples: int) -> tuple[float, float, float]:
    """Of intervals, of upper and of lower bounds: the share that holds."""
    rng = np.random.default_rng(round(100 * rho))
    held = np.zeros((videos, 3))
    for seed in range(videos):
        over, under = several(rng, 2000, rho)
        both = ratio_interval(over, under, seed=seed, resamples=resamples)
        assert both is not None
        upper = upper_bound(over, under, seed=seed, resamples=resamples)
        lower = lower_bound(over, under, seed=seed, resamples=resamples)
        assert upper is not None
        assert lower is not None
        held[seed] = both[0] <= 0.5 <= both[1], upper >= 0.5, lower <= 0.5
    intervals, uppers, lowers = held.mean(axis=0).tolist()
    return intervals, uppers, lowers


def test_with_several_objects_a_frame_too() -> None:
    shares = np.array([share_held(rho, 60, 400) for rho in (0.0, 0.9)])
    # Of 60, 95 of 100 are 57, with a standard deviation of 1.7.
    assert (shares >= 52 / 60).all()
    assert (shares.mean(axis=0) >= 0.91).all()


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8, 0.9])
def test_93_to_97_of_a_hundred_hold_the_truth(rho: float) -> None:
    for share in share_held(rho, 600, 2000):
        assert 0.93 <= share <= 0.97


def test_same_seed_same_interval_and_another_seed_another() -> None:
    values = correlated(np.random.default_rng(0), 200, 0.5)
    first = ratio_interval(values, np.ones(200), seed=3)
    assert first == ratio_interval(values.copy(), np.ones(200), seed=3)
    assert first != ratio_interval(values, np.ones(200), seed=4)


def test_a_trend_is_told_within_what_was_seen() -> None:
    values = np.arange(50.0)
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
    assert ratio_interval(over, under, seed=0, proportion=True) is None
    assert upper_bound(over, under, seed=0) is None
    assert lower_bound(over, under, seed=0) is None
    assert ratio_resamples(over, under, seed=0) is None
    assert paired_interval(over, under, over, under, seed=0) is None


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="one entry a frame"):
        ratio_interval(np.ones(20), np.ones(21), seed=0)
    for block in (0, 21):
        with pytest.raises(ValueError, match="blocks of"):
            ratio_interval(np.ones(20), np.ones(20), seed=0, block=block)
    for clips in ([10, 11], [20, 0], [], [0] * 20):
        with pytest.raises(ValueError, match="give the frames of each clip"):
            ratio_interval(np.ones(20), np.ones(20), seed=0, clips=clips)
    for level in (0, 1, 95):
        with pytest.raises(ValueError, match="a probability"):
            upper_bound(np.ones(20), np.ones(20), seed=0, level=level)
    for over in (np.full(20, 2.0), np.full(20, -1.0)):
        with pytest.raises(ValueError, match="no proportion"):
            ratio_interval(over, np.ones(20), seed=0, proportion=True)
    with pytest.raises(ValueError, match="both must be of the same"):
        paired_interval(np.ones(20), np.ones(20), np.ones(21), np.ones(21), seed=0)


def test_blocks_grow_with_correlation_and_stay_within_bounds() -> None:
    rng = np.random.default_rng(1)
    lengths = [
        float(np.median([block_length(correlated(rng, 400, rho)) for _ in range(20)]))
        for rho in (0.0, 0.5, 0.9)
    ]
    assert lengths[0] < lengths[1] < lengths[2] <= 60
    assert block_length(np.ones(30)) == 1
    assert block_length(np.arange(12.0)) <= 4  # a third of the video at most


def test_what_is_alike_across_the_end_of_a_clip_makes_no_block_longer() -> None:
    # Within a pair frames are alike; across pairs they are not.
    pairs = np.repeat(np.random.default_rng(0).standard_normal(300), 2)
    assert block_length(pairs) > 1
    assert block_length(pairs, [1] * 600) == 1
    assert block_length(pairs, [2] * 300) <= 2


counts = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=10, max_size=60)


@given(frames=counts, seed=st.integers(0, 99), proportion=st.booleans())
@settings(max_examples=60)
def test_levels_lie_in_one_another_and_in_what_is_possible(
    frames: list[tuple[int, int]], seed: int, proportion: bool
) -> None:
    over, under = (np.array(column, float) for column in zip(*frames, strict=True))
    under += over  # a proportion
    ends = [0.0, 1.0]
    for level in (0.99, 0.9, 0.5):
        both = ratio_interval(
            over, under, seed=seed, level=level, resamples=300, proportion=proportion
        )
        if both is None:
            return
        assert ends[0] <= both[0] <= both[1] <= ends[1]
        ends = list(both)


@given(frames=counts, seed=st.integers(0, 99))
@settings(max_examples=40)
def test_one_sided_bounds_are_ends_of_intervals(frames: list[tuple[int, int]], seed: int) -> None:
    over, under = (np.array(column, float) for column in zip(*frames, strict=True))
    under += over
    for proportion in (False, True):
        both = ratio_interval(over, under, seed=seed, level=0.5, proportion=proportion)
        lower = lower_bound(over, under, seed=seed, level=0.75, proportion=proportion)
        upper = upper_bound(over, under, seed=seed, level=0.75, proportion=proportion)
        assert both == (None if lower is None else (lower, upper))


@given(seed=st.integers(0, 99), scale=st.floats(0.01, 1e6), more=st.integers(1, 100))
@settings(max_examples=30)
def test_units_and_offsets_go_through(seed: int, scale: float, more: int) -> None:
    over, under = several(np.random.default_rng(seed), 100, 0.5)
    low, high = ratio_interval(over, under, seed=seed, resamples=300) or (0, 0)
    scaled = ratio_interval(scale * over, under, seed=seed, resamples=300)
    assert scaled == pytest.approx((scale * low, scale * high), rel=1e-9, abs=1e-9 * scale)
    moved = ratio_interval(over + more * under, under, seed=seed, resamples=300)
    assert moved == pytest.approx((low + more, high + more), rel=1e-9)


def test_the_pair_of_one_with_itself_and_with_nothing() -> None:
    over, under = several(np.random.default_rng(2), 300, 0.5)
    assert paired_interval(over, under, over, under, seed=1) == (0, 0)
    alone = ratio_interval(over, under, seed=1)
    assert paired_interval(over, under, 0 * over, under, seed=1) == pytest.approx(alone)
    low, high = alone or (0, 0)
    swapped = paired_interval(0 * over, under, over, under, seed=1)
    assert swapped == pytest.approx((-high, -low), abs=1e-3)  # one resample of 10,000 further


def test_what_is_hard_for_both_is_no_doubt_about_the_difference() -> None:
    rng = np.random.default_rng(4)
    ones = np.ones(1000)
    held, widths = 0, np.zeros((60, 2))
    for seed in range(60):
        hard = process(rng, 1000, 0.8)
        a, b = np.asarray(hard + 0.3 * process(rng, 1000, 0.8, 2) > 0, float).T
        both = paired_interval(a, ones, b, ones, seed=seed, resamples=400)
        single = ratio_interval(a, ones, seed=seed, resamples=400)
        assert both is not None
        assert single is not None
        held += both[0] <= 0 <= both[1]
        widths[seed] = both[1] - both[0], single[1] - single[0]
    assert held >= 52
    # Two apart would be 1.4 times as wide as one.
    assert np.median(widths[:, 0]) < 0.7 * np.median(widths[:, 1])


def test_resamples_spread_about_as_far_as_the_interval() -> None:
    over, under = several(np.random.default_rng(5), 2000, 0.5)
    rates = ratio_resamples(over, under, seed=1)
    low, high = ratio_interval(over, under, seed=1) or (0, 0)
    assert rates is not None
    assert rates.shape == (10_000,)
    assert rates.mean() == pytest.approx(over.sum() / under.sum(), abs=0.001)
    assert high - low == pytest.approx(2 * 1.96 * rates.std(), rel=0.2)
    assert (ratio_resamples(np.ones(20), np.ones(20), seed=1, resamples=5) == np.ones(5)).all()  # type: ignore[union-attr]


def test_clips_that_are_alike_inside_count_as_their_number() -> None:
    # 40 clips of 25 frames, each of them missed or seen as a whole: 40 trials, whatever was filmed.
    rng = np.random.default_rng(0)
    held, widths = 0, []
    for seed in range(100):
        values = np.repeat(rng.random(40) < 0.5, 25).astype(float)
        both = ratio_interval(values, np.ones(1000), seed=seed, resamples=400, clips=[25] * 40)
        assert both is not None
        held += both[0] <= 0.5 <= both[1]
        widths.append(both[1] - both[0])
    assert 89 <= held <= 99
    assert np.median(widths) == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(40), rel=0.15)


def test_without_a_miss_a_proportion_still_has_an_upper_end() -> None:
    over, under = np.zeros(1000), np.full(1000, 3.0)
    assert ratio_interval(over, under, seed=0) == (0, 0)
    # Blocks of the cube root of 1,000 frames, so 100 trials without a hit.
    low, high = ratio_interval(over, under, seed=0, proportion=True) or (1, 0)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 100))
    upper = upper_bound(over, under, seed=0, proportion=True)
    assert upper == pytest.approx(1 - 0.05 ** (1 / 100))
    assert upper == pytest.approx(3 / 100, rel=0.02), "the rule of three"
    assert lower_bound(over, under, seed=0, proportion=True) == 0
    low, high = ratio_interval(under, under, seed=0, proportion=True) or (1, 0)
    assert (low, high) == (pytest.approx(0.025 ** (1 / 100)), 1)
    # What the caller knows of the blocks goes first, and frames without objects are no trials.
    assert upper_bound(over, under, seed=0, block=1, proportion=True) == pytest.approx(
        1 - 0.05 ** (1 / 1000)
    )
    under[:500] = 0
    fewer = upper_bound(over, under, seed=0, block=1, proportion=True)
    assert fewer == pytest.approx(1 - 0.05 ** (1 / 500))


def test_a_scene_that_hardly_changes_has_fewer_trials() -> None:
    changing, still = (
        1.0 + (process(np.random.default_rng(0), 2000, rho)[:, 0] > 0) for rho in (0.0, 0.98)
    )
    none = np.zeros(2000)
    first, second = (
        upper_bound(none, under, seed=0, proportion=True) or 0 for under in (changing, still)
    )
    assert first < 0.03 < 2 * first < second < 0.5


@pytest.mark.parametrize("misses", [1, 2, 3])
def test_after_a_few_misses_a_proportion_has_an_upper_end(misses: int) -> None:
    over = np.zeros(1000)
    over[100 * np.arange(1, misses + 1)] = 1
    bare = upper_bound(over, np.ones(1000), seed=0, level=0.975)
    assert bare == 1, "the bootstrap alone cannot tell"
    upper = upper_bound(over, np.ones(1000), seed=0, level=0.975, proportion=True)
    assert upper is not None
    # Clopper and Pearson's for so many hits in a thousand, and in half as many blocks of two.
    exact = {1: 0.00556, 2: 0.00721, 3: 0.00874}[misses]
    assert exact <= upper <= 2.05 * exact


def test_bounds_hold_where_misses_are_rare() -> None:
    rng = np.random.default_rng(8)
    rate, held, none = 0.00298, 0, 0  # what lies over 2.75 in a normal distribution
    for seed in range(60):
        over = np.asarray(process(rng, 1000, 0.8)[:, 0] > 2.75, float)
        none += not over.any()
        upper = upper_bound(over, np.ones(1000), seed=seed, resamples=400, proportion=True)
        assert upper is not None
        held += rate <= upper
    assert none >= 1, "videos without a miss must be among them"
    assert held >= 54


def test_far_from_the_ends_a_proportion_is_like_any_other() -> None:
    over, under = several(np.random.default_rng(6), 300, 0.5)
    assert ratio_interval(over, under, seed=0) == ratio_interval(
        over, under, seed=0, proportion=True
    )


@given(
    st.lists(st.integers(0, 3), min_size=12, max_size=120),
    st.floats(0, 1),
    st.integers(1, 4),
    st.booleans(),
    st.integers(0, 99),
)
def test_the_figure_lies_in_its_own_interval(
    objects: list[int], chance: float, clips: int, proportion: bool, seed: int
) -> None:
    """Also of a class that is in few frames."""
    rng = np.random.default_rng(seed)
    under = np.array(objects, float) * (rng.random(len(objects)) < 0.4)
    over = np.array([rng.binomial(int(n), chance) for n in under], float)
    cut = len(under) // clips
    lengths = [cut] * (clips - 1) + [len(under) - cut * (clips - 1)]
    words = {"seed": seed, "resamples": 300, "clips": lengths, "proportion": proportion}
    both = ratio_interval(over, under, **words)
    if both is None:
        return
    rate = over.sum() / under.sum()
    assert both[0] - 1e-12 <= rate <= both[1] + 1e-12
    assert 0 <= both[0] <= both[1] <= 1


def test_a_rare_class_that_is_never_missed_may_be_missed_never() -> None:
    under = np.zeros(300)
    under[40:60] = 1
    under[210:240] = 1
    low, high = ratio_interval(np.zeros(300), under, seed=0, clips=[150, 150], proportion=True)
    assert low == 0
    assert 0.1 < high < 1, "two signs are few"
    low, high = ratio_interval(under, under, seed=0, clips=[150, 150], proportion=True)
    assert high == 1
    assert 0 < low < 0.9
    assert lower_bound(np.zeros(300), under, seed=0, clips=[150, 150], proportion=True) == 0
