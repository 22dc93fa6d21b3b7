"""Everything that can go wrong with a source, or with a video file that is written.

StreamError
├── SourceNotFound       no such file, camera or scene
├── SourceUnreadable     there, but not a video, or damaged
├── SourceTruncated      the recording ended before its header says it does
├── SourceBusy           a camera that is held by another program or delivers nothing
├── SourceTimeout        no frame within the time given
├── SourceLost           a live source that was there and is gone
├── WriteFailed          a video file that cannot be written
└── IllegalMove          a call that the source's state does not allow

Every message is one line: what, why, what to do.
"""

from __future__ import annotations


class StreamError(Exception):
    """Base of all errors of this package; its text is one line fit to be shown."""


class SourceNotFound(StreamError):
    """There is no such file, camera or scene."""


class SourceUnreadable(StreamError):
    """The source is there, but it cannot be decoded."""


class SourceTruncated(StreamError):
    """The recording ended before its header says it does."""


class SourceBusy(StreamError):
    """The camera is held by another program, or opens and delivers nothing."""


class SourceTimeout(StreamError):
    """No frame came within the time given."""


class SourceLost(StreamError):
    """A live source delivered pictures and is gone; it may come back."""


class WriteFailed(StreamError):
    """A video file cannot be written: the disk is full, the encoder is missing or has ended."""


class IllegalMove(StreamError):
    """The source's state does not allow that call."""
