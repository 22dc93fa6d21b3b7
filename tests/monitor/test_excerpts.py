"""Excerpts hold every object with its surroundings, do not overlap, and lie in the frame."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.excerpts import ENOUGH, GRID, MARGINS, WHOLE, excerpts


@given(data=st.data(), width=st.integers(8, 900), height=st.integers(8, 700))
@settings(max_examples=150, deadline=None)
def test_excerpts_hold_the_objects_and_no_two_overlap(
    data: st.DataObject, width: int, height: int
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    count = data.draw(st.integers(0, 8))
    corners = rng.uniform(-20, 1.1, (count, 2)) * 0 + rng.uniform(
        -0.1, 1.05, (count, 2)
    ) * np.array([width, height])
    boxes = np.concatenate([corners, corners + rng.uniform(1, 120, (count, 2))], axis=1)
    rects = excerpts(boxes, width, height)
    taken = np.zeros((height, width), int)
    for x0, y0, x1, y1 in rects:
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        assert x0 % GRID == 0 or x0 == width - 1
        assert y0 % GRID == 0 or y0 == height - 1
        taken[y0:y1, x0:x1] += 1
    assert taken.max() == 1
    for x0, y0, x1, y1 in np.clip(boxes, 0, [width - 1, height - 1, width - 1, height - 1]).astype(
        int
    ):
        assert taken[y0, x0] == taken[y1, x1] == 1
    whole = rects == [(0, 0, width, height)]
    assert whole or taken.mean() <= WHOLE


def test_a_small_object_gets_as_much_context_as_is_cheap() -> None:
    box = np.array([[310.0, 170, 330, 190]])
    [(x0, y0, x1, y1)] = excerpts(box, 640, 384)
    assert 310 - x0 >= MARGINS[-2]
    assert (x1 - x0) * (y1 - y0) <= ENOUGH * 640 * 384


def test_a_large_object_or_none_is_the_whole_frame() -> None:
    whole = [(0, 0, 320, 240)]
    assert excerpts(np.array([[20.0, 20, 300, 220]]), 320, 240) == whole
    assert excerpts(np.zeros((0, 4)), 320, 240) == whole
