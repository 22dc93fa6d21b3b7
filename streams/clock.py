"""The only way in which this package knows what time it is and waits."""

from __future__ import annotations

import threading
import time
from typing import Final, Protocol

# Lock waits cannot be interrupted by Ctrl+C on Windows, so a long wait is cut into slices.
_LONGEST_SLICE: Final = 0.5


class Clock(Protocol):
    """Time and waiting, injected so that time-outs and pacing are tested without sleeping."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; its zero means nothing."""
        ...

    def wait(self, condition: threading.Condition, timeout: float | None) -> None:
        """Wait for a notification of `condition`, which the caller holds.

        Returns when notified, when `timeout` seconds have passed (None: no limit), or earlier for
        no reason at all: callers look at what they wait for, and at the time, in a loop.
        """
        ...


class SystemClock:
    """The machine's own monotonic clock."""

    def monotonic(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, timeout: float | None) -> None:
        """Wait for `condition`, at most half a second at a time."""
        condition.wait(_LONGEST_SLICE if timeout is None else min(timeout, _LONGEST_SLICE))


SYSTEM_CLOCK: Final = SystemClock()
"""The default of everything that takes a clock; it has no state."""
