"""What a source reads from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import supervision as sv

from streams.frame import Pixels, SourceProperties


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture as a producer hands it over.

    Attributes
    ----------
    pixels : uint8 (H, W, 3) BGR; it belongs to the receiver, the producer does not write to it again.
    media_time : seconds since the start of the recording, None where there is no such clock.
    truth : ground-truth boxes in pixels, where they are known.
    lap : how often the recording has started again.
    late : seconds that it is known to have waited on the way.
    """

    pixels: Pixels
    media_time: float | None
    truth: sv.Detections | None = None
    lap: int = 0
    late: float = 0.0


class Producer(Protocol):
    """A medium that is opened, read in order and closed, all from one thread."""

    def open(self) -> SourceProperties:
        """Open the medium; raises a StreamError that says why it cannot."""
        ...

    def read(self) -> Picture | None:
        """Return the next picture, None at the end; raises a StreamError when there is none to be had."""
        ...

    def close(self) -> None:
        """Release the medium; harmless if it was never opened."""
        ...
