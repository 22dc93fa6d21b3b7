"""A visitor's own camera: pictures that a browser sends."""

from __future__ import annotations

import threading
from typing import Final

import cv2
import numpy as np

from streams.clock import SYSTEM_CLOCK, Clock
from streams.errors import SourceLost, SourceTimeout, SourceUnreadable
from streams.frame import Pixels, SourceProperties
from streams.pixels import as_bgr8
from streams.producers.producer import Picture

NAME: Final = "the visitor's camera"
MOST_BYTES: Final = 4 * 2**20
"""Of one picture; a 1080p JPEG of quality 90 has under 1 MiB."""
MOST_PIXELS: Final = 3840 * 2160


class Mailbox:
    """Where a browser's pictures arrive; the newest counts, and one that nobody took counts as dropped."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._pixels: Pixels | None = None
        self._came_at = 0.0
        self._interrupted = 0
        self.dropped = 0
        """Pictures that a newer one replaced."""

    def put(self, data: bytes) -> None:
        """Take in a picture as JPEG, PNG or WebP.

        Raises
        ------
        SourceUnreadable : too large, or no picture.
        """
        self.deliver(decoded(data))

    def deliver(self, pixels: Pixels) -> None:
        """Take in a picture that was decoded elsewhere, uint8 BGR."""
        with self._changed:
            self.dropped += self._pixels is not None
            self._pixels, self._came_at = pixels, self._clock.monotonic()
            self._changed.notify_all()

    def take(self, timeout: float) -> tuple[Pixels, float]:
        """(the newest picture, when it came [s, monotonic]); waits for one.

        Raises
        ------
        SourceTimeout : none came in time, or the waiting was interrupted.
        """
        deadline = self._clock.monotonic() + timeout
        with self._changed:
            before = self._interrupted
            while self._pixels is None:
                left = deadline - self._clock.monotonic()
                if left <= 0 or self._interrupted != before:
                    raise SourceTimeout(
                        f'{NAME}: no picture within {timeout:g} s; press "use my camera" in the panel and '
                        "allow it in the browser"
                    )
                self._clock.wait(self._changed, left)
            pixels, self._pixels = self._pixels, None
            return pixels, self._came_at

    def interrupt(self) -> None:
        """End the waiting of whoever waits now: the source is being closed."""
        with self._changed:
            self._interrupted += 1
            self._changed.notify_all()


class VisitorProducer:
    """What a browser sends, as a live source.

    Parameters
    ----------
    mailbox : where its pictures arrive.
    open_timeout, read_timeout : seconds to wait for the first picture, and for each later one.
    clock : time.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        open_timeout: float,
        read_timeout: float,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._mailbox = mailbox
        self._open_timeout, self._read_timeout = open_timeout, read_timeout
        self._clock = clock
        self._first: tuple[Pixels, float] | None = None

    def open(self) -> SourceProperties:
        """Wait for the first picture; SourceTimeout where none comes."""
        self._first = self._mailbox.take(self._open_timeout)
        height, width = self._first[0].shape[:2]
        return SourceProperties(NAME, width, height, fps=None, frame_count=None, live=True)

    def read(self) -> Picture:
        """Return the next picture; SourceLost where none comes."""
        first, self._first = self._first, None
        if first is None:
            try:
                first = self._mailbox.take(self._read_timeout)
            except SourceTimeout as error:
                raise SourceLost(str(error)) from None
        pixels, came_at = first
        return Picture(pixels, media_time=None, late=self._clock.monotonic() - came_at)

    def close(self) -> None:
        """Nothing to let go of: the browser goes when it wants."""


def decoded(data: bytes) -> Pixels:
    """The picture that a browser sent, uint8 BGR.

    Raises
    ------
    SourceUnreadable : over 4 MiB or 8.3 million pixels, or no JPEG, PNG or WebP.
    """
    if len(data) > MOST_BYTES:
        raise SourceUnreadable(f"{NAME}: a picture of {len(data)} bytes; {MOST_BYTES} are taken")
    size = _stated_size(data)
    # The header is read first: a small file can announce a picture that fills the memory.
    if size is None or not 0 < size[0] * size[1] <= MOST_PIXELS:
        raise SourceUnreadable(f"{NAME}: not a JPEG, PNG or WebP picture of a camera's size")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError
        return as_bgr8(picture)
    except (cv2.error, ValueError):
        raise SourceUnreadable(f"{NAME}: a picture came that cannot be decoded") from None


def _stated_size(data: bytes) -> tuple[int, int] | None:
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
            return picture.size
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
