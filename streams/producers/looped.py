"""A recording that starts again at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from streams.errors import SourceUnreadable
from streams.frame import SourceProperties
from streams.producers.producer import Picture, Producer


class LoopedProducer:
    """Another producer, opened anew each time it comes to its end; media time goes on increasing.

    A recording that breaks off does not go round: its error ends the stream as it would without a loop.

    Parameters
    ----------
    factory : makes the producer for each round.
    """

    def __init__(self, factory: Callable[[], Producer]) -> None:
        self._factory = factory
        self._producer: Producer | None = None
        self._properties: SourceProperties | None = None
        self._step: float | None = None
        self._offset = 0.0
        self._last: float | None = None
        self._lap = 0
        self._pictures = 0  # of this round

    def open(self) -> SourceProperties:
        """Open the first round; its frame count is unknown, for there is no end."""
        properties = self._open_round()
        self._step = None if properties.fps is None else 1.0 / properties.fps
        self._properties = properties
        return replace(properties, frame_count=None)

    def read(self) -> Picture | None:
        """Return the next picture of this or the next round; None only if a round is empty.

        Raises
        ------
        SourceUnreadable : the recording has another size in the next round.
        """
        if self._producer is None:
            return None
        picture = self._producer.read()
        if picture is None:
            self._go_round()
            picture = self._producer.read()
        if picture is None:
            return None
        self._pictures += 1
        picture = replace(picture, lap=self._lap)
        if picture.media_time is None:
            return picture
        time = self._offset + picture.media_time
        if self._last is not None and time > self._last:
            self._step = time - self._last
        self._last = time
        return replace(picture, media_time=time)

    def close(self) -> None:
        """Close the round that is open."""
        if self._producer is not None:
            self._producer.close()
        self._producer = None

    def _open_round(self) -> SourceProperties:
        self._producer = self._factory()
        return self._producer.open()

    def _go_round(self) -> None:
        self.close()
        # A still follows itself: whatever stands in it stays where it was.
        self._lap += self._pictures > 1
        self._pictures = 0
        now, before = self._open_round(), self._properties
        if before is not None and (now.width, now.height) != (before.width, before.height):
            raise SourceUnreadable(
                f"{now.name} changed from {before.width}x{before.height} to {now.width}x{now.height} "
                "while it was played in a loop; start again"
            )
        # One frame's length after the last, so that the seam is a step like any other. A still
        # picture of unknown length is shown for a twenty-fifth of a second.
        if self._last is not None:
            self._offset = self._last + (self._step or 0.04)
