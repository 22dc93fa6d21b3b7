"""Made-up alarms, and a book of them, for whoever tells of alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from monitor.alarming import Alarm
from monitor.drift.alarms import Change, Direction, Metric

JPEG = b"\xff\xd8 a picture \xff\xd9"


def called(number: int = 1, *, source: str = "scene:portrait", at: float = 1767225600.25) -> Alarm:
    """An alarm: the miss rate rose, or, if its number is even, fell again."""
    rose = number % 2 == 1
    change = Change(
        metric=Metric.MISS_RATE,
        direction=Direction.RISE if rose else Direction.FALL,
        before=0.0 if rose else 1.0,
        after=1.0 if rose else 0.0,
        before_frames=40,
        after_frames=8,
        frame=100 * number,
        since=100 * number - 6,
        detector="page-hinkley",
    )
    frames = (change.since - 1, change.since, change.frame)
    return Alarm(number, change, source, "fgsm, vanish, linf 4/255", at, frames)


class Book:
    """Alarms that were called already, each with pictures."""

    def __init__(self, *alarms: Alarm) -> None:
        self._alarms = alarms

    def all(self) -> tuple[Alarm, ...]:
        return self._alarms

    def total(self) -> Mapping[tuple[Metric, Direction], int]:
        return Counter((alarm.change.metric, alarm.change.direction) for alarm in self._alarms)

    def picture(self, number: int, which: str) -> bytes | None:
        known = any(alarm.number == number for alarm in self._alarms)
        return JPEG + which.encode() if known else None
