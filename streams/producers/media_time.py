"""The time of each picture within its recording."""

from __future__ import annotations

from math import isfinite


class MediaTime:
    """Turns the positions that a decoder states into times that always increase.

    A stated position is taken as it is, counted from the first one, as long as positions increase.
    Where they do not (H.264 in AVI states 0 for its last picture; joined MPEG streams start again),
    the picture follows the one before it by the last step that was seen, and counting goes on from there.

    Parameters
    ----------
    rate : frames a second, for recordings that state no positions at all; None if unknown.
    """

    def __init__(self, rate: float | None) -> None:
        self._step = None if rate is None else 1.0 / rate
        self._last: float | None = None
        self._base = 0.0
        self._origin = 0.0

    def next(self, position_ms: float) -> float | None:
        """Return the time [s] of the next picture.

        Parameters
        ----------
        position_ms : what the decoder states [ms]; may be nonsense.

        Returns
        -------
        0.0 for the first picture, more than before for each later one; None where neither positions nor a
        rate tell it.
        """
        if self._last is None:
            self._last = 0.0
            self._origin = position_ms
            return 0.0
        time = self._base + (position_ms - self._origin) / 1000.0
        if isfinite(time) and time > self._last:
            self._step = time - self._last
        elif self._step is None:
            self._origin = position_ms
            return None
        else:
            time = self._last + self._step
            self._base, self._origin = time, position_ms
        self._last = time
        return time
