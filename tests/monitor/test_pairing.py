"""Pairing: one to one, nothing under the bar, the highest sum that there is."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.pairing import iou_matrix, pair

# A coarse grid, so that boxes overlap, coincide and touch often.
coordinates = st.integers(0, 6)
boxes = st.tuples(coordinates, coordinates, st.integers(0, 4), st.integers(0, 4)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
answers = st.lists(boxes, max_size=4).map(
    lambda rows: sv.Detections(np.array(rows, dtype=np.float32).reshape(-1, 4))
)
bars = st.sampled_from([0.1, 0.3, 0.5, 0.9, 1.0])


def best_sum(overlap: np.ndarray, bar: float) -> float:
    """The highest sum over all one-to-one assignments, by trying every one."""
    gain = np.where(overlap >= bar, overlap, 0.0)
    rows, columns = gain.shape
    size = min(rows, columns)
    return max(
        float(sum(gain[r, c] for r, c in zip(chosen, order, strict=True)))
        for chosen in combinations(range(rows), size)
        for order in permutations(range(columns), size)
    )


@settings(deadline=None)
@given(answers, answers, bars)
def test_pairs_are_one_to_one_over_the_bar_and_of_the_highest_sum(
    a: sv.Detections, b: sv.Detections, bar: float
) -> None:
    pairs = pair(a, b, bar)
    overlap = iou_matrix(a, b)
    assert len({i for i, _, _ in pairs}) == len(pairs)
    assert len({j for _, j, _ in pairs}) == len(pairs)
    for i, j, value in pairs:
        assert value == overlap[i, j]
        assert value >= bar
    assert sum(value for *_, value in pairs) == pytest.approx(best_sum(overlap, bar))


@settings(deadline=None)
@given(answers, answers)
def test_overlap_is_symmetric_and_within_0_and_1(a: sv.Detections, b: sv.Detections) -> None:
    overlap = iou_matrix(a, b)
    np.testing.assert_array_equal(overlap, iou_matrix(b, a).T)
    assert ((overlap >= 0) & (overlap <= 1)).all()


def test_a_known_overlap() -> None:
    a = sv.Detections(np.array([[0, 0, 2, 2]], dtype=np.float32))
    b = sv.Detections(np.array([[1, 0, 3, 2]], dtype=np.float32))
    assert iou_matrix(a, b)[0, 0] == pytest.approx(1 / 3)
    assert pair(a, b, 1 / 3 + 1e-9) == []


def test_a_good_pair_is_not_given_up_for_two_that_do_not_count() -> None:
    # a0 meets b0 at 0.6; a0 meets b1 and a1 meets b0 at 0.45, together more than 0.6.
    a = sv.Detections(np.array([[0, 0, 10, 10], [6.29, 0, 16.29, 10]], dtype=np.float32))
    b = sv.Detections(np.array([[2.5, 0, 12.5, 10], [-3.79, 0, 6.21, 10]], dtype=np.float32))
    assert [(i, j) for i, j, _ in pair(a, b, 0.4)] == [(0, 1), (1, 0)]
    assert [(i, j) for i, j, _ in pair(a, b, 0.5)] == [(0, 0)]
