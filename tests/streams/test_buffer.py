from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.buffer import BufferPolicy, FrameBuffer
from streams.frame import Frame


def frame(index):
    return Frame(np.zeros((1, 1, 3), np.uint8), index, None, 0.0, "test")


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5))
def test_given_any_order_of_pushes_and_pops_when_waiting_then_all_come_in_order(pushes, capacity):
    buffer, pushed, popped = FrameBuffer(BufferPolicy.WAIT, capacity), 0, []
    for push in pushes:
        if push and not buffer.must_wait:
            assert buffer.push(frame(pushed)) == 0
            pushed += 1
        elif len(buffer):
            popped.append(buffer.pop().index)
        assert len(buffer) == pushed - len(popped) <= capacity
    popped += [buffer.pop().index for _ in range(len(buffer))]
    assert popped == list(range(pushed))


@given(st.lists(st.booleans(), max_size=60))
def test_given_any_order_of_pushes_and_pops_when_keeping_the_newest_then_none_is_lost_uncounted(
    pushes,
):
    buffer, pushed, dropped, popped = FrameBuffer(BufferPolicy.KEEP_NEWEST, 9), 0, 0, []
    for push in pushes:
        if push:
            assert not buffer.must_wait
            dropped += buffer.push(frame(pushed))
            pushed += 1
            assert buffer.head is not None
            assert buffer.head.index == pushed - 1
        elif len(buffer):
            popped.append(buffer.pop().index)
    assert pushed == dropped + len(popped) + len(buffer)
    assert popped == sorted(popped)


def test_given_a_full_buffer_that_waits_when_pushed_then_it_refuses():
    buffer = FrameBuffer(BufferPolicy.WAIT, 1)
    buffer.push(frame(0))
    with pytest.raises(RuntimeError, match="full"):
        buffer.push(frame(1))


def test_given_frames_when_cleared_then_it_is_empty():
    buffer = FrameBuffer(BufferPolicy.WAIT, 2)
    buffer.push(frame(0))
    buffer.clear()
    assert len(buffer) == 0
    assert buffer.head is None


def test_given_no_capacity_when_made_then_it_says_so():
    with pytest.raises(ValueError, match="at least 1"):
        FrameBuffer(BufferPolicy.WAIT, 0)
