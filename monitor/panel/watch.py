"""What the panel shows in numbers: a window over the session's frames and a short history."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from monitor.attack_settings import AttackSettings
from monitor.distances import Norm
from monitor.drift.ledger import TrackCounts, TrackFigures, TrackLedger
from monitor.drift.matching import ObjectDrift, Outcome
from monitor.drift.tracks import ObjectTrack
from monitor.drift.windows import FrameTally, Rates, RollingWindow
from monitor.live import Live
from monitor.pipeline import Observation

HISTORY: Final = 240
"""Frames that the chart looks back; at 10 to 20 frames a second that is 12 to 24 s."""

MOST_TRACKS: Final = 200
"""Tracks that the figures look back on; a session may last for days."""


@dataclass(frozen=True, slots=True)
class Point:
    """One frame on the chart; None where there was nothing to divide by.

    Attributes
    ----------
    miss_rate, score_drop : over the window that ends with this frame.
    frame_miss_rate, frame_score_drop : of this frame alone.
    index, lap : of the frame.
    """

    miss_rate: float | None
    score_drop: float | None
    frame_miss_rate: float | None
    frame_score_drop: float | None
    index: int = 0
    lap: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What there is to show now.

    Attributes
    ----------
    observation : the newest, None before the first.
    rates : over the last `window` frames of this source.
    window : frames inside the window now.
    points : oldest first, at most `HISTORY`.
    tracks : the figures over the tracks since this source came or the attack changed.
    track_counts : how many tracks they stand on.
    margins : robustness margins since the source came or the attack changed, oldest first, at most `HISTORY`.
    norm : that they are measured in.
    """

    observation: Observation | None
    rates: Rates
    window: int
    points: tuple[Point, ...]
    tracks: TrackFigures = field(default_factory=TrackFigures)
    track_counts: TrackCounts = field(default_factory=TrackCounts)
    margins: tuple[float, ...] = ()
    norm: Norm = Norm.LINF

    @property
    def in_sight(self) -> int:
        """Clean tracks in the newest frame."""
        return sum(track.track_id is not None for _, track in self._tracked())

    @property
    def lost_now(self) -> int:
        """Of these, those that the attacked answer misses."""
        return sum(
            track.track_id is not None and thing.outcome is Outcome.MISSED
            for thing, track in self._tracked()
        )

    @property
    def distance_px(self) -> float | None:
        """The largest distance of two trails in the newest frame."""
        known = [track.trail_distance_px for _, track in self._tracked()]
        return max((distance for distance in known if distance is not None), default=None)

    def _tracked(self) -> Iterator[tuple[ObjectDrift, ObjectTrack]]:
        return iter(()) if self.observation is None else self.observation.tracked()


class Watch:
    """Takes in every frame of a session: it is called in the loop, and costs a frame 0.04 ms.

    Rates are therefore over all frames, not over those that were drawn and sent.
    """

    def __init__(self, session: Live) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._newest: Observation | None = None
        self._attack: AttackSettings = session.applied.attack
        self._begin_anew("", session.settings.drift.window)
        session.add_sink(self.take)

    def take(self, observation: Observation) -> None:
        """Take one frame in; another source or another window size begins anew."""
        source, size = observation.frame.source, self._session.settings.drift.window
        attack = self._session.applied.attack
        tally = FrameTally.of(observation.drift, observation.success)
        with self._lock:
            if source != self._source or size != self._window.size:
                self._begin_anew(source, size)
            if attack != self._attack:
                self._begin_attack(attack)
            if observation.margin is not None:
                self._margins.append(observation.margin)
            self._ledger.update(
                observation.drift,
                observation.tracked(),
                under_attack=observation.success is not None,
            )
            self._window.update(tally)
            self._frame.update(tally)
            whole, single = self._window.rates(), self._frame.rates()
            self._newest, self._rates = observation, whole
            self._points.append(
                Point(
                    whole.miss_rate,
                    whole.score_drop,
                    single.miss_rate,
                    single.score_drop,
                    observation.frame.index,
                    observation.frame.lap,
                )
            )

    def reading(self) -> Reading:
        """A snapshot."""
        with self._lock:
            return Reading(
                self._newest,
                self._rates,
                len(self._window),
                tuple(self._points),
                self._ledger.figures(),
                self._ledger.counts(),
                tuple(self._margins),
                self._attack.norm,
            )

    def _begin_attack(self, attack: AttackSettings) -> None:
        """How long tracks hold out, and how far a frame is from falling, are questions to one attack."""
        self._attack, self._ledger = attack, TrackLedger(MOST_TRACKS)
        self._margins: deque[float] = deque(maxlen=HISTORY)

    def _begin_anew(self, source: str, size: int) -> None:
        self._source = source
        self._window, self._frame = RollingWindow(size), RollingWindow(1)
        self._begin_attack(self._session.applied.attack)
        self._newest = None
        self._rates = self._window.rates()
        self._points: deque[Point] = deque(maxlen=HISTORY)
