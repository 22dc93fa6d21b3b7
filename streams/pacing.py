"""Releasing the frames of a recording at the rate at which they were recorded."""

from __future__ import annotations

from typing import Final

# Lateness that is made up for by releasing the next frames sooner. Up to this much is scheduling
# jitter (a garbage collection, a busy core); beyond it the consumer is simply slower than the
# medium, and making it up would show as a burst of fast motion.
_CATCH_UP: Final = 0.25
# Shorter waits than this are below the grain of the operating system's timers.
_GRAIN: Final = 1e-4


class Pacer:
    """When the next frame is due.

    Every frame is due at `origin + media_time`, with an origin that stays: rounding and late wake-ups
    of single frames do not add up. The origin moves only when the consumer is late by more than
    a quarter of a second, or after `restart`.
    """

    def __init__(self) -> None:
        self._origin: float | None = None

    def delay(self, media_time: float | None, now: float) -> float:
        """Seconds to wait before the frame may be released; 0.0 means now.

        Parameters
        ----------
        media_time : the frame's own time [s]; a frame without one is always due.
        now : the clock [s].
        """
        if media_time is None:
            return 0.0
        if self._origin is None or now - (self._origin + media_time) > _CATCH_UP:
            self._origin = now - media_time
            return 0.0
        wait = self._origin + media_time - now
        return wait if wait > _GRAIN else 0.0

    def restart(self) -> None:
        """Make the next frame due at once, and count from there: used after a pause."""
        self._origin = None
