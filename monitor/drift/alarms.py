"""When drift has changed for good: alarms on a stream of frames."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Metric(StrEnum):
    """What is watched, by its name in tables and figures; each from 0 to 1, a frame at a time."""

    MISS_RATE = "miss_rate"
    SCORE_DROP = "score_drop"
    CLASSES = "js_distance_classes"


class Direction(StrEnum):
    """Where a figure went."""

    RISE = "rise"
    FALL = "fall"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that has changed for good.

    Attributes
    ----------
    metric, direction : which figure, and where it went.
    before, after : its level, mean over `before_frames` and `after_frames` frames that had one.
    frame, since : index of the frame at which it was called, and of the one at which it seems to have begun.
    detector : "page-hinkley" or "adwin", whichever saw it first.
    """

    metric: Metric
    direction: Direction
    before: float
    after: float
    before_frames: int
    after_frames: int
    frame: int
    since: int
    detector: str
