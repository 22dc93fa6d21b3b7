"""The longest gap in which an object was lost.

An object is followed here only as far as the clean answers carry it: its boxes in two consecutive
frames are linked by overlap. A clean answer that misses it for one frame ends the link. Tracks that
survive such a frame, and the switches of identity between them, come with a later version.
"""

from __future__ import annotations

from dataclasses import dataclass

import supervision as sv

from monitor.drift.matching import FrameDrift, Outcome
from monitor.pairing import pair


@dataclass(frozen=True, slots=True)
class Gap:
    """The longest gaps so far.

    Attributes
    ----------
    frames : most consecutive frames in which one object was missed; None before any object was seen.
    seconds : the longest such time by the recording's own clock; None where a frame has no media time
        (or where one frame is all there is, so that nobody knows how long a frame lasts).
    """

    frames: int | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive misses of one object up to the newest frame; 0 frames: it was found there."""

    frames: int = 0
    since: float | None = None


class GapCounter:
    """Follows clean objects from frame to frame and keeps the longest run of misses.

    A gap lasts until the next frame, in which the object is found again or gone. The last frame of
    all is taken to last as long as the one before it. Where media time runs backwards the recording
    began again, and no object is linked across that.

    Parameters
    ----------
    iou : overlap from which the boxes of two consecutive frames are one object.
    """

    def __init__(self, iou: float = 0.5) -> None:
        self._iou = iou
        self._boxes: sv.Detections | None = None
        self._runs: list[_Run] = []
        self._time: float | None = None
        self._period: float | None = None
        self._clocked = True
        self._frames: int | None = None
        self._seconds = 0.0

    def update(self, drift: FrameDrift, clean: sv.Detections) -> None:
        """Take in the next frame: its drift and the clean answer that the drift was made from."""
        now = drift.media_time
        self._tick(now)
        missed = {thing.clean_index for thing in drift.objects if thing.outcome is Outcome.MISSED}
        before = {}
        if self._boxes is not None:
            before = {new: self._runs[old] for old, new, _ in pair(self._boxes, clean, self._iou)}
        self._runs = [
            _longer(before.get(i, _Run()), now) if i in missed else _Run()
            for i in range(len(clean))
        ]
        self._boxes = clean
        if self._runs:
            longest = max(run.frames for run in self._runs)
            self._frames = max(self._frames or 0, longest)

    @property
    def longest(self) -> Gap:
        """The longest gaps up to now, the running ones included."""
        if self._frames is None:
            return Gap(None, None)
        if not self._clocked or self._time is None or self._period is None:
            # No gap at all lasts no time, whatever the clock.
            return Gap(self._frames, None if self._frames else 0.0)
        running = [
            self._time - run.since + self._period for run in self._runs if run.since is not None
        ]
        return Gap(self._frames, max([self._seconds, *running]))

    def _tick(self, now: float | None) -> None:
        """Close the time of the frame before: what was missed there was missed until now."""
        before, self._time = self._time, now
        if now is None:
            self._clocked = False
        if now is None or before is None:
            return
        if now < before:
            running = [before - run.since for run in self._runs if run.since is not None]
            self._boxes, self._runs = None, []
            period = self._period or 0.0
            self._seconds = max([self._seconds, *(span + period for span in running)])
            return
        self._period = now - before
        spans = [now - run.since for run in self._runs if run.since is not None]
        self._seconds = max([self._seconds, *spans])


def _longer(run: _Run, now: float | None) -> _Run:
    return _Run(run.frames + 1, run.since if run.frames else now)
