"""The kernel that resamples blocks, against its plain numpy body and against blocks counted out by hand."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.kernels.bootstrap import block_sums, resampled, resampled_numpy

Floats = npt.NDArray[np.float64]


def starts_of(clips: list[int]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(clips)]).astype(np.int64)


def by_hand(series: Floats, clips: list[int], block: int) -> list[list[float]]:
    """Every block of every clip: it goes round within its clip, and a short clip is one."""
    found = []
    for start, length in zip(starts_of(clips).tolist(), clips, strict=False):
        if length <= block:
            found += [series[:, start : start + length].sum(axis=1).tolist()] * block
            continue
        for first in range(length):
            places = [start + (first + i) % length for i in range(block)]
            found.append(series[:, places].sum(axis=1).tolist())
    return found


@given(
    series=st.integers(1, 5),
    choices=st.integers(1, 3000),
    blocks=st.sampled_from([1, 2, 7, 1023, 1024, 1025, 2500]),  # around what is drawn at once
    resamples=st.integers(1, 4),
    seed=st.integers(-(2**40), 2**40),
)
def test_kernel_and_numpy_body_agree(
    series: int, choices: int, blocks: int, resamples: int, seed: int
) -> None:
    # Whole numbers: sums are exact, in whatever order.
    table = np.random.default_rng(choices).integers(-99, 99, (series, choices)).astype(np.float64)
    for ours, plain in zip(
        resampled(table, blocks, resamples, seed),
        resampled_numpy(table, blocks, resamples, seed),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, plain)


@given(
    clips=st.lists(st.integers(1, 12), min_size=1, max_size=5),
    block=st.integers(1, 13),
    seed=st.integers(0, 999),
)
def test_blocks_stay_in_their_clips_and_weigh_all_frames_alike(
    clips: list[int], block: int, seed: int
) -> None:
    frames = sum(clips)
    series = np.random.default_rng(seed).integers(-9, 9, (2, frames)).astype(np.float64)
    expected = by_hand(series, clips, block)
    if len(expected) > 4 * frames:
        return  # then some are left out, which the next test is about
    sums, length = block_sums(series, starts_of(clips), block)
    np.testing.assert_array_equal(sums, np.array(expected).T)
    np.testing.assert_allclose(sums.mean(axis=1) / length, series.mean(axis=1), atol=1e-12)


def test_many_clips_beside_a_long_one_do_not_fill_the_memory() -> None:
    clips = [1] * 20_000 + [3_000]
    series = np.ones((1, sum(clips)))
    series[0, :20_000] = 0
    sums, length = block_sums(series, starts_of(clips), 300)
    assert sums.shape[1] <= 5 * sum(clips)
    assert set(sums[0]) == {0, 300}
    assert sums.mean() / length == pytest.approx(series.mean(), rel=0.1)


def test_the_number_of_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(0).standard_normal((3, 500))
    before = numba.get_num_threads()
    several = resampled(table, 2000, 40, 5)
    numba.set_num_threads(1)
    try:
        one = resampled(table, 2000, 40, 5)
    finally:
        numba.set_num_threads(before)
    # Where numba's threads bear one caller at a time, the kernel keeps off them.
    monkeypatch.setattr("monitor.kernels.bootstrap.one_caller_only", lambda: True)
    alone = resampled(table, 2000, 40, 5)
    for a, b, c in zip(several, one, alone, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_every_block_is_drawn_as_often_and_no_two_resamples_are_alike() -> None:
    sums, products = resampled(np.eye(7), 700, 300, 11)
    counts = sums.sum(axis=0)
    assert counts.sum() == 700 * 300
    np.testing.assert_allclose(counts, 30_000, rtol=0.02)  # 3.5 standard deviations of a binomial
    np.testing.assert_array_equal(products, sums[:, :, None] * np.eye(7))
    assert len({tuple(row) for row in sums.tolist()}) == 300
    assert sums[:, 0].var() == pytest.approx(700 / 7 * 6 / 7, rel=0.3)
    other, _ = resampled(np.eye(7), 700, 300, 12)
    assert (other != sums).any()
