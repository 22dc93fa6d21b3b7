"""What a session is doing, for people and for whoever drives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from streams.health import Health


class SessionState(StrEnum):
    """What a session is doing."""

    NEW = "new"
    RUNNING = "running"
    PAUSED = "paused"
    RECONNECTING = "reconnecting"  # the camera was lost and is being opened again
    IDLE = "idle"  # nobody watches
    ENDED = "ended"  # the recording is over
    FAILED = "failed"  # see the message; a change of settings tries again
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """What a session is doing, for people.

    Attributes
    ----------
    state : see `SessionState`.
    source : what is open, "" before.
    message : one line on the last thing that went wrong or deserves a word, "" if none.
    frames : frames that went through.
    fps : frames a second over the last two seconds.
    stages_ms : milliseconds a stage, mean over the same frames. "wait" comes first: from the capture to the
        start of the work; "draw" last, where somebody looks: the panel's pictures, drawn and encoded.
    trouble : one line on why the pictures are not what they seem: lost, frozen, old; "" if they are.
    age_s : seconds since the newest frame was captured; None before the first.
    late : frames whose answer came after the deadline.
    health : of the source.
    """

    state: SessionState
    source: str
    message: str
    frames: int
    fps: float
    stages_ms: Mapping[str, float]
    trouble: str = ""
    age_s: float | None = None
    late: int = 0
    health: Health = field(default_factory=Health)

    @property
    def latency_ms(self) -> float:
        """From capture to picture: all stages, mean over the last two seconds."""
        return sum(self.stages_ms.values())

    @property
    def dropped(self) -> int:
        """Frames of a live source that were replaced by newer ones before they were read."""
        return self.health.dropped


def trouble_of(health: Health, name: str, now: float) -> str:
    """Why a live source's pictures are not what they seem; "" if they are.

    Parameters
    ----------
    health : of the source.
    name : of the source.
    now : [s, monotonic].
    """
    if health.outage is not None:
        return health.outage.words(now)
    if health.frozen_s:
        return (
            f"{name}: the same picture for {health.frozen_s:.0f} s, bit for bit: frozen; a camera's noise "
            "would change it; restart the camera"
        )
    return ""
