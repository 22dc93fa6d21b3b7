"""What the panel shows in numbers: it follows the session and keeps a window and a short history."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

from monitor.drift.windows import FrameTally, Rates, RollingWindow
from monitor.pipeline import Observation
from monitor.session import Session

log = logging.getLogger(__name__)

HISTORY: Final = 240
"""Frames that the chart looks back; at 10 to 20 frames a second that is 12 to 24 s."""

_PATIENCE: Final = 0.2  # seconds between two looks at the stop flag


@dataclass(frozen=True, slots=True)
class Point:
    """One frame on the chart; None where there was nothing to divide by.

    Attributes
    ----------
    miss_rate, score_drop : over the window that ends with this frame.
    frame_miss_rate, frame_score_drop : of this frame alone.
    """

    miss_rate: float | None
    score_drop: float | None
    frame_miss_rate: float | None
    frame_score_drop: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What there is to show now.

    Attributes
    ----------
    observation : the newest, None before the first.
    rates : over the last `window` frames of this source.
    window : frames inside the window now.
    points : oldest first, at most `HISTORY`.
    """

    observation: Observation | None
    rates: Rates
    window: int
    points: tuple[Point, ...]


class Watch:
    """Follows a session's broadcast in a thread of its own, until the broadcast or the watch closes.

    A frame costs it well under a millisecond, so that it keeps up where drawing and sending would not; the
    rates are therefore over every frame, not over those that were drawn.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._begin_anew("", session.settings.drift.window)

    def start(self) -> None:
        """Begin to follow; may be called twice."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="camdrift-watch", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def take(self, observation: Observation) -> None:
        """Take one frame in; another source or another window size begins anew."""
        source, size = observation.frame.source, self._session.settings.drift.window
        tally = FrameTally.of(observation.drift, observation.success)
        with self._lock:
            if source != self._source or size != self._window.size:
                self._begin_anew(source, size)
            self._window.update(tally)
            self._frame.update(tally)
            whole, single = self._window.rates(), self._frame.rates()
            self._newest, self._rates = observation, whole
            self._points.append(
                Point(whole.miss_rate, whole.score_drop, single.miss_rate, single.score_drop)
            )

    def reading(self) -> Reading:
        """A snapshot."""
        with self._lock:
            return Reading(self._newest, self._rates, len(self._window), tuple(self._points))

    def _begin_anew(self, source: str, size: int) -> None:
        self._source = source
        self._window, self._frame = RollingWindow(size), RollingWindow(1)
        self._newest: Observation | None = None
        self._rates = self._window.rates()
        self._points: deque[Point] = deque(maxlen=HISTORY)

    def _run(self) -> None:
        broadcast, serial = self._session.broadcast, 0
        while not self._stop.is_set():
            news = broadcast.wait(serial, _PATIENCE)
            if news is None:
                if broadcast.closed:
                    return
                continue
            serial, observation = news
            try:
                self.take(observation)
            except Exception:  # one odd frame must not end the chart
                log.exception("frame %d is missing in the panel's rates", observation.frame.index)
