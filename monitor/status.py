"""What a session is doing, for people and for whoever drives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class SessionState(StrEnum):
    """What a session is doing."""

    NEW = "new"
    RUNNING = "running"
    PAUSED = "paused"
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
    dropped : frames of a live source that were replaced by newer ones before they were read.
    fps : frames a second over the last two seconds.
    stages_ms : milliseconds a stage, mean over the same frames.
    """

    state: SessionState
    source: str
    message: str
    frames: int
    dropped: int
    fps: float
    stages_ms: Mapping[str, float]
