"""An alarm as plain facts for JSON, the same for whoever asks and for whoever is told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from monitor.alarming import Alarm, Evidence
from monitor.drift.alarms import Direction, Metric

ALARMS: Final = "/api/v1/alarms"
"""Where the panel tells of its alarms."""


class AlarmBook(Protocol):
    """The alarms of a live session, as whoever tells of them needs them."""

    def all(self) -> tuple[Alarm, ...]:
        """The last alarms, newest last, at most 100."""
        ...

    def total(self) -> Mapping[tuple[Metric, Direction], int]:
        """How many there were since the start, of each kind; kinds without any may be absent."""
        ...

    def picture(self, number: int, which: str) -> bytes | None:
        """The evidence of one alarm as JPEG, `which` as in `Evidence`; None where there is none."""
        ...


def alarm_facts(alarm: Alarm) -> dict[str, object]:
    """All that is said of an alarm, ready for strict JSON; the keys are those of `api_models.AlarmAnswer`."""
    change = alarm.change
    # The change counts frames by itself; whoever reads it knows them by their index.
    _, since, frame = alarm.frames
    return {
        "number": alarm.number,
        "words": alarm.words,
        "metric": str(change.metric),
        "direction": str(change.direction),
        "before": finite(change.before),
        "after": finite(change.after),
        "before_frames": change.before_frames,
        "after_frames": change.after_frames,
        "frame": frame,
        "since": since,
        "lap": alarm.lap,
        "detector": change.detector,
        "at": utc(alarm.at),
        "source": alarm.source,
        "attack": alarm.attack,
        "frames": {str(which): index for which, index in zip(Evidence, alarm.frames, strict=True)},
        "pictures": {str(which): f"{ALARMS}/{alarm.number}/{which}.jpg" for which in Evidence},
    }


def utc(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC with milliseconds: "2026-01-31T12:00:00.250Z"."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def finite(value: float | None) -> float | None:
    """The value, None where it is no number that JSON knows."""
    return value if value is not None and math.isfinite(value) else None
