"""How a source is doing."""

from __future__ import annotations

from dataclasses import dataclass

from streams.reconnect import Outage


@dataclass(frozen=True, slots=True)
class Health:
    """A snapshot of a source's troubles.

    Attributes
    ----------
    outage : why there are no pictures now, None while they come.
    reconnects : how often it was lost and came back.
    dropped : frames that were replaced by newer ones before anybody read them.
    stale : frames that were too old when they were asked for, and dropped for it.
    frozen_s : seconds for which the picture has been the same; 0.0 below the limit.
    abandoned : reader threads that hung in a native call and were given up.
    """

    outage: Outage | None = None
    reconnects: int = 0
    dropped: int = 0
    stale: int = 0
    frozen_s: float = 0.0
    abandoned: int = 0
