"""The life of a reader thread: open, read, tell the end, close; and again where a live source is lost."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final, Protocol

from streams.clock import Clock
from streams.errors import SourceLost, StreamError
from streams.frame import Frame, SourceProperties
from streams.frozen import FreezeWatch
from streams.handover import Handover
from streams.producers.producer import Picture, Producer

_LOG: Final = logging.getLogger(__name__)


class Owner(Protocol):
    """What a reader tells the source that it reads for."""

    def make(self) -> Producer:
        """Another producer."""
        ...

    def opened(self, handover: Handover, properties: SourceProperties) -> bool:
        """The producer is open; False when this reader was given up meanwhile."""
        ...

    def lost(self, handover: Handover, error: StreamError, ran: float) -> float | StreamError:
        """A live source is gone after so many seconds; when to try again [s, monotonic], or the last word."""
        ...

    def same_for(self, handover: Handover, seconds: float) -> None:
        """For how long a live picture has been the same."""
        ...


@dataclass(slots=True)
class Position:
    """Where the stream stands; it outlives a connection, so that frames go on counting.

    Attributes
    ----------
    index : of the next frame.
    lap : how often the source was lost and came back.
    media_time, came_at : of the last frame.
    """

    index: int = 0
    lap: int = 0
    media_time: float | None = None
    came_at: float = 0.0


def run_reader(
    owner: Owner, handover: Handover, clock: Clock, at: Position, begin_at: float | None = None
) -> None:
    """Live in the reader thread until the end is told.

    Parameters
    ----------
    owner : the source.
    handover : gets the frames, and always the end.
    clock : stamps `Frame.captured_at`, and waits between two attempts.
    at : where the stream stands.
    begin_at : when to open [s, monotonic]; None: now, and the first failure is final.
    """
    again = begin_at is not None
    when = begin_at
    while when is None or handover.wait_until(when):
        when = _connection(owner, handover, clock, at, again=again)
        if when is None:
            return
        again = True
    handover.finish(None)


def _connection(
    owner: Owner, handover: Handover, clock: Clock, at: Position, *, again: bool
) -> float | None:
    """Open, read and close once; when to try again, None: the end was told."""
    producer: Producer | None = None
    error: BaseException | None = None
    began: float | None = None
    live = again
    with handover.changed:
        handover.busy_since = clock.monotonic()
    try:
        producer = owner.make()
        properties = producer.open()
        live = live or properties.live
        if owner.opened(handover, properties):
            began = clock.monotonic()
            at.lap += again
            _carry(owner, producer, properties, handover, clock, at)
    except BaseException as caught:  # noqa: BLE001 - not swallowed: the consumer gets it
        error = caught
    retry: float | None = None
    if live and (began is not None or again) and not handover.stopping:
        gone = SourceLost("the camera ended the connection") if error is None else error
        if isinstance(gone, StreamError):
            ran = 0.0 if began is None else clock.monotonic() - began
            verdict = owner.lost(handover, gone, ran)
            if isinstance(verdict, float):
                retry = verdict
            elif error is not None or again:
                error = verdict
    # The end is told before the producer is closed, because closing can hang as well.
    if retry is None:
        handover.finish(error)
    if producer is not None:
        try:
            producer.close()
        except Exception:  # noqa: BLE001 - told already how the stream ended
            _LOG.warning("a source could not be closed cleanly", exc_info=True)
    return retry


def _carry(
    owner: Owner,
    producer: Producer,
    properties: SourceProperties,
    handover: Handover,
    clock: Clock,
    at: Position,
) -> None:
    lap = at.lap
    freeze = FreezeWatch() if properties.live else None
    # A connection counts its own time from 0; the stream's goes on by what passed between the two.
    offset: float | None = None
    while handover.wait_for_room():
        picture = producer.read()
        if picture is None:
            return
        now = clock.monotonic()
        if offset is None:
            offset = _offset(at, picture, now)
        frame = Frame(
            pixels=picture.pixels,
            index=at.index,
            media_time=None if picture.media_time is None else offset + picture.media_time,
            captured_at=now - picture.late,
            source=properties.name,
            truth=picture.truth,
            lap=lap + picture.lap,
        )
        at.index += 1
        at.media_time, at.came_at = frame.media_time, now
        handover.put(frame)
        if freeze is not None:
            owner.same_for(handover, freeze.update(frame.pixels, now))


def _offset(at: Position, picture: Picture, now: float) -> float:
    if at.media_time is None or picture.media_time is None:
        return 0.0
    return at.media_time + (now - at.came_at) - picture.media_time
