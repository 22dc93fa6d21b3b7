"""Where the reader thread puts frames down and the consumer picks them up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from streams.buffer import BufferPolicy, FrameBuffer
from streams.clock import Clock
from streams.frame import Frame, SourceProperties
from streams.producers.producer import Producer

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class End:
    """How the reader thread ended: by the end of the medium (None) or by an error."""

    error: BaseException | None


class Handover:
    """The buffer and the end of the stream, under one lock.

    Attributes
    ----------
    changed : guards everything here and in the source that owns it; notified at every change.
    buffer : frames that wait for the consumer; replaced once the policy is known.
    end : set when no further frame will come.
    stopping : set by the consumer's side; the reader thread then ends as soon as it can.
    dropped : frames that were replaced before they were read.
    """

    def __init__(self, clock: Clock) -> None:
        self.changed = threading.Condition()
        self.buffer = FrameBuffer(BufferPolicy.WAIT, 1)
        self.end: End | None = None
        self.stopping = False
        self.dropped = 0
        self._clock = clock

    def wait_for_room(self) -> bool:
        """Wait until a frame can be put down; False when the reader is to stop."""
        with self.changed:
            while self.buffer.must_wait and not self.stopping:
                self._clock.wait(self.changed, None)
            return not self.stopping

    def put(self, frame: Frame) -> None:
        """Put a frame down; it is forgotten when nobody wants frames any more."""
        with self.changed:
            if not self.stopping:
                self.dropped += self.buffer.push(frame)
                self.changed.notify_all()

    def finish(self, error: BaseException | None) -> None:
        """Tell the end; the first end that is told stays."""
        with self.changed:
            if self.end is None:
                self.end = End(error)
            self.changed.notify_all()


def run_reader(
    factory: Callable[[], Producer],
    opened: Callable[[SourceProperties], bool],
    handover: Handover,
    clock: Clock,
) -> None:
    """Live in the reader thread: open, read to the end, tell the end, close.

    Parameters
    ----------
    factory : makes the producer.
    opened : told the properties; False when the source was given up while it was opening.
    handover : gets the frames, and always the end.
    clock : stamps `Frame.captured_at`.
    """
    producer: Producer | None = None
    error: BaseException | None = None
    try:
        producer = factory()
        properties = producer.open()
        if opened(properties):
            _carry(producer, properties.name, handover, clock)
    except BaseException as caught:  # noqa: BLE001 - not swallowed: the consumer gets it
        error = caught
    # The end is told before the producer is closed, because closing can hang as well.
    handover.finish(error)
    if producer is not None:
        try:
            producer.close()
        except Exception:  # noqa: BLE001 - told already how the stream ended
            _LOG.warning("a source could not be closed cleanly", exc_info=True)


def _carry(producer: Producer, name: str, handover: Handover, clock: Clock) -> None:
    index = 0
    while handover.wait_for_room():
        picture = producer.read()
        if picture is None:
            return
        frame = Frame(
            pixels=picture.pixels,
            index=index,
            media_time=picture.media_time,
            captured_at=clock.monotonic(),
            source=name,
            truth=picture.truth,
            lap=picture.lap,
        )
        handover.put(frame)
        index += 1
