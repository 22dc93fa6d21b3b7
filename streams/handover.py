"""Where the reader thread puts frames down and the consumer picks them up."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from streams.buffer import BufferPolicy, FrameBuffer
from streams.clock import Clock
from streams.frame import Frame


@dataclass(frozen=True, slots=True)
class End:
    """How the reader thread ended: by the end of the medium (None) or by an error."""

    error: BaseException | None


class Handover:
    """The buffer and the end of the stream, under one lock; one for each reader thread.

    Attributes
    ----------
    changed : guards everything here and in the source that owns it; notified at every change.
    buffer : frames that wait for the consumer; replaced once the policy is known.
    end : set when no further frame will come.
    stopping : set by the consumer's side; the reader thread then ends as soon as it can.
    dropped : frames that were replaced before they were read.
    busy_since : when the reader went into the native call that it is in; None: it waits for us.
    """

    def __init__(self, clock: Clock, changed: threading.Condition) -> None:
        self.changed = changed
        self.buffer = FrameBuffer(BufferPolicy.WAIT, 1)
        self.end: End | None = None
        self.stopping = False
        self.dropped = 0
        self.busy_since: float | None = None
        self._clock = clock

    def wait_for_room(self) -> bool:
        """Wait until a frame can be put down; False when the reader is to stop."""
        with self.changed:
            self.busy_since = None
            while self.buffer.must_wait and not self.stopping:
                self._clock.wait(self.changed, None)
            self.busy_since = self._clock.monotonic()
            return not self.stopping

    def wait_until(self, time: float) -> bool:
        """Wait for a time of the clock; False when the reader is to stop."""
        with self.changed:
            self.busy_since = None
            while not self.stopping and (left := time - self._clock.monotonic()) > 0:
                self._clock.wait(self.changed, left)
            self.busy_since = self._clock.monotonic()
            return not self.stopping

    def put(self, frame: Frame) -> None:
        """Put a frame down; it is forgotten when nobody wants frames any more."""
        with self.changed:
            if not self.stopping:
                self.dropped += self.buffer.push(frame)
                self.changed.notify_all()

    def forget(self) -> None:
        """Drop what nobody has read, and count it."""
        with self.changed:
            self.dropped += len(self.buffer)
            self.buffer.clear()

    def finish(self, error: BaseException | None) -> None:
        """Tell the end; the first end that is told stays."""
        with self.changed:
            if self.end is None:
                self.end = End(error)
            self.busy_since = None
            self.changed.notify_all()
