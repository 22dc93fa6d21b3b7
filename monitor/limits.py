"""How long an attack may search: queries, and the frame's deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


class Stopped(Exception):
    """The search is over; the driver takes the best frame so far. No attack catches it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a search may spend on one frame.

    Attributes
    ----------
    queries : answers that a black-box attack may ask for; None: no limit.
    deadline : in seconds of `clock`, by when the frame has to be done with both answers; None: never.
    clock : injected for tests.
    """

    queries: int | None = None
    deadline: float | None = None
    clock: Callable[[], float] = time.perf_counter

    def in_time(self, needed: float) -> bool:
        """True where `needed` seconds are left."""
        return self.deadline is None or self.clock() + needed <= self.deadline


UNLIMITED = Limits()
