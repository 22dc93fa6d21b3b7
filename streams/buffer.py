"""The frames between the reader thread and the consumer."""

from __future__ import annotations

from collections import deque
from enum import Enum

from streams.frame import Frame


class BufferPolicy(Enum):
    """What happens when frames come faster than they are read.

    WAIT         the reader waits for room: nothing is ever dropped (files, scenes)
    KEEP_NEWEST  the newest frame replaces the one that was not read, which counts as dropped (cameras)
    """

    WAIT = "wait"
    KEEP_NEWEST = "keep newest"


class FrameBuffer:
    """A first-in, first-out buffer under one of the two policies.

    It does not lock: its owner does, because the owner's state and the buffer change together.

    Parameters
    ----------
    policy : what to do when it is full.
    capacity : frames held under WAIT; KEEP_NEWEST always holds one.

    Raises
    ------
    ValueError : a capacity below 1.
    """

    def __init__(self, policy: BufferPolicy, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a buffer holds at least 1 frame, got a capacity of {capacity}")
        self._policy = policy
        self._capacity = capacity if policy is BufferPolicy.WAIT else 1
        self._frames: deque[Frame] = deque()

    def __len__(self) -> int:
        """Frames that wait to be read."""
        return len(self._frames)

    @property
    def must_wait(self) -> bool:
        """Whether the reader has to wait before the next `push`."""
        return self._policy is BufferPolicy.WAIT and len(self._frames) >= self._capacity

    @property
    def head(self) -> Frame | None:
        """The frame that `pop` would give, None when empty."""
        return self._frames[0] if self._frames else None

    def push(self, frame: Frame) -> int:
        """Add a frame and return how many older ones were dropped for it (0 or 1).

        Raises
        ------
        RuntimeError : the buffer is full and its policy is to wait.
        """
        if self.must_wait:
            raise RuntimeError("push on a full buffer that drops nothing")
        dropped = 0
        if len(self._frames) >= self._capacity:
            self._frames.popleft()
            dropped = 1
        self._frames.append(frame)
        return dropped

    def pop(self) -> Frame:
        """Take the oldest frame; IndexError when empty."""
        return self._frames.popleft()

    def clear(self) -> None:
        """Forget all frames."""
        self._frames.clear()
