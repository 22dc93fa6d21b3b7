"""How far a network camera's pictures come behind their time."""

from __future__ import annotations

from typing import Final

# Clocks of cameras and computers run apart by up to some 100 ppm; five times that is let go.
_DRIFT: Final = 0.0005
# Seconds without a picture after which a delay that stays is the camera's own pause, not a queue.
_GAP: Final = 1.0
# Seconds for which a delay after a gap may fall before it is taken for the new normal.
_SETTLE: Final = 2.0


class Lag:
    """Compares the camera's clock with ours: pictures that queue up on the way come later and later.

    The least difference of the two clocks that was seen is taken for no delay. After a gap (a network that
    stood still, a server that was held) either the queue comes in a burst and the delay falls to nothing
    again, or the camera's clock stood still with it and the delay stays: then it is the new normal.
    """

    def __init__(self) -> None:
        self._least: float | None = None
        self._last = 0.0
        self._gap_at: float | None = None
        self._after_gap = 0.0

    def update(self, media_time: float, now: float) -> float:
        """Seconds that this picture came later than the quickest ones.

        Parameters
        ----------
        media_time : of the picture on the camera's clock [s].
        now : when it came [s, monotonic].
        """
        offset = now - media_time
        if self._least is None:
            self._least, self._last = offset, now
            return 0.0
        passed = now - self._last
        self._last = now
        # Where the clocks drift apart, the least difference drifts with them.
        self._least = min(offset, self._least + _DRIFT * passed)
        lag = offset - self._least
        if passed > _GAP:
            self._gap_at, self._after_gap = now, lag
        if self._gap_at is not None and now - self._gap_at > _SETTLE:
            # More than half of it is still there: nothing was queued.
            if lag > self._after_gap / 2:
                self._least, lag = offset, 0.0
            self._gap_at = None
        return lag
