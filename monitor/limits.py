"""How long an attack may search: queries, and the frame's deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
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

    def portions(self, count: int) -> Iterator[slice]:
        """Slices of `count` questions, to be asked one slice after the other.

        All at once where there is no deadline; else few at first, then as many as there is time for, by
        what the ones before took. Whether there is time for any more is the caller's to ask.
        """
        first, size = 0, count if self.deadline is None else 1
        while first < count:
            begun = self.clock()
            yield slice(first, first + size)
            first += size
            if self.deadline is not None:
                each = max((self.clock() - begun) / size, 1e-6)
                fitting = int((self.deadline - self.clock()) / each)
                size = max(min(fitting, 2 * size, count - first), 1)


UNLIMITED = Limits()
