"""Recorded video: whatever the FFmpeg inside OpenCV decodes, GIF included."""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from streams.errors import SourceTruncated, SourceUnreadable
from streams.files import check_file
from streams.frame import Pixels, SourceProperties
from streams.naming import one_line
from streams.producers.capture import Capture, decode, open_capture, stated_rate
from streams.producers.container import missing_part
from streams.producers.media_time import MediaTime
from streams.producers.producer import Picture

_LOG: Final = logging.getLogger(__name__)

# Reads that fail in a row before the file counts as over. OpenCV fails one read for every damaged
# packet and goes on behind it: with a fifth of an H.264 file overwritten, 97 frames came, 44 reads
# failed, and 94 more frames came. A read behind the end costs 1 to 14 us, so this many cost 14 ms.
_FAILURES_IN_A_ROW: Final = 1000
# Less than this share of the stated length is worth a line in the log. It is no error: a header counts
# the sound as well, and the start of a group of pictures that an edit cut off.
_SHARE_EXPECTED: Final = 0.8


class FileProducer:
    """A video file, from its first frame to its last.

    Parameters
    ----------
    path : the file; `~` is the home folder.
    capture : opens it; tests bring their own.
    """

    def __init__(self, path: str | Path, *, capture: Callable[[str], Capture] = open_capture):
        self._path = Path(path).expanduser()
        self._name = one_line(self._path.name or str(path))
        self._open_capture = capture
        self._capture: Capture | None = None
        self._first: Pixels | None = None
        self._size = (0, 0)
        self._media_time = MediaTime(None)
        self._delivered = 0
        self._stated_length: float | None = None
        self._reached = 0.0

    def open(self) -> SourceProperties:
        """Open the file and decode its first frame.

        `frame_count` is what the container states. It is exact for MP4 and GIF and an estimate from the
        duration for others: Matroska with a variable rate stated 250 for 130 frames, H.264 in AVI 500 for
        250, a cut WMV -2e17. Use it for a progress bar, never to decide that a file is over.

        Raises
        ------
        SourceNotFound : no such file.
        SourceUnreadable : a folder, empty, not a video, or damaged before its first frame.
        """
        check_file(self._path, wanted="a video file")
        # An absolute path, or FFmpeg would take "a:b.mp4" for a protocol called "a".
        capture = self._open_capture(str(self._path.absolute()))
        self._capture = capture
        first = self._decode(capture) if capture.isOpened() else None
        if first is None:
            raise SourceUnreadable(self._why_not())
        self._first = first
        self._size = (first.shape[1], first.shape[0])
        rate = stated_rate(capture)
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        count_is_one = isfinite(count) and 0 < count < 2**53
        self._media_time = MediaTime(rate)
        self._stated_length = count / rate if count_is_one and rate is not None else None
        return SourceProperties(
            name=self._name,
            # From the picture: the header's size is the one before a phone's rotation is applied.
            width=first.shape[1],
            height=first.shape[0],
            fps=rate,
            frame_count=int(count) if count_is_one else None,
            live=False,
        )

    def read(self) -> Picture | None:
        """Return the next frame, None at the end.

        Frames that are too damaged to be decoded are left out, with a warning in the log; the media time
        shows the gap.

        Raises
        ------
        SourceTruncated : the decoder came to an end, and the container says that there was more.
        SourceUnreadable : the decoder failed.
        """
        capture = self._capture
        if capture is None:
            return None
        pixels = self._first if self._first is not None else self._decode(capture)
        self._first = None
        if pixels is None:
            self._check_whole()
            return None
        self._delivered += 1
        time = self._media_time.next(capture.get(cv2.CAP_PROP_POS_MSEC))
        self._reached = self._reached if time is None else time
        return Picture(pixels=self._to_size(pixels), media_time=time)

    def close(self) -> None:
        """Release the file."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def _decode(self, capture: Capture) -> Pixels | None:
        for failures in range(_FAILURES_IN_A_ROW):
            try:
                pixels = decode(capture)
            except (cv2.error, ValueError) as error:
                raise SourceUnreadable(
                    f"{self._name}: decoding failed at frame {self._delivered} "
                    f"({one_line(str(error)).strip()}); convert the file, for example to H.264 in MP4"
                ) from error
            if pixels is not None:
                if failures:
                    _LOG.warning(
                        "%s: %d damaged frame(s) before frame %d left out",
                        self._name,
                        failures,
                        self._delivered,
                    )
                return pixels
        return None

    def _to_size(self, pixels: Pixels) -> Pixels:
        """Bring a picture to the size of the first; recordings of calls change theirs on the way."""
        size = (pixels.shape[1], pixels.shape[0])
        if size == self._size:
            return pixels
        _LOG.info("%s: frame %d is %dx%d, resized", self._name, self._delivered - 1, *size)
        method = cv2.INTER_AREA if size[0] > self._size[0] else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(pixels, self._size, interpolation=method), dtype=np.uint8)

    def _check_whole(self) -> None:
        missing = missing_part(self._path)
        if missing is not None:
            raise SourceTruncated(
                f"{self._name}: the recording breaks off after {self._delivered} frames ({missing}); "
                "the frames before were delivered; copy or record it again"
            )
        if (
            self._stated_length is not None
            and self._reached < _SHARE_EXPECTED * self._stated_length - 1
        ):
            _LOG.warning(
                "%s: the pictures end at %.1f s, its header states %.1f s; the sound may be longer, or the "
                "end of the file damaged",
                self._name,
                self._reached,
                self._stated_length,
            )

    def _why_not(self) -> str:
        missing = missing_part(self._path)
        if missing is not None:
            return (
                f"{self._name}: no frame can be decoded ({missing}); copy or record the file again"
            )
        return f"{self._name}: not a video that can be decoded; give an MP4, MKV, AVI, MOV, WebM or GIF file"
