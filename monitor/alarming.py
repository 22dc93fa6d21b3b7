"""Alarms of a live session, with their evidence, and whoever is told of them."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from monitor.arrays import Pixels
from monitor.conditions import attack_text
from monitor.drift.alarms import Change, Direction, DriftWatch, Metric
from monitor.drift.windows import FrameTally
from monitor.pictures import jpeg, legible_zoom
from monitor.pipeline import Observation
from monitor.session import Session
from monitor.views import attacked_view, clean_view

log = logging.getLogger(__name__)

MOST_KEPT: Final = 100
"""Alarms that are remembered, with their pictures; 100 of 640 x 360 take 45 MB."""

_BUDGET: Final = 64 * 2**20  # bytes of frames that are held for evidence, a stream
_FEWEST_FRAMES, _MOST_FRAMES = 3, 48

_VERBS: Final = {Direction.RISE: "rose", Direction.FALL: "fell"}
_NAMES: Final = {
    Metric.MISS_RATE: "miss rate",
    Metric.SCORE_DROP: "score drop",
    Metric.CLASSES: "distance of the classes",
    Metric.FABRICATIONS: "frames with fabrications",
}


class Evidence(StrEnum):
    """The three frames that an alarm shows."""

    BEFORE = "before"
    CHANGE = "change"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A change that somebody is told of.

    Attributes
    ----------
    number : 1 for the first of a session; it never goes back.
    change : the figure, its window, before and after; its frames are counted since the source came.
    source : where the frames come from, fit to be shown.
    attack : what was at work on the stream at the call, in the words of config.toml.
    at : seconds since 1970.
    frames : indexes of the three frames that are its evidence: before, at the change, at the call.
    lap : of the frame at the call.
    """

    number: int
    change: Change
    source: str
    attack: str
    at: float
    frames: tuple[int, int, int]
    lap: int = 0

    @property
    def words(self) -> str:
        """One line: "miss rate rose from 0.02 to 0.81 (8 frames after 112), scene:road, frame 214 on"."""
        change = self.change
        return (
            f"{_NAMES[change.metric]} {_VERBS[change.direction]} from {change.before:.2f} to "
            f"{change.after:.2f} ({change.after_frames} frames after {change.before_frames}), "
            f"{self.source}, frame {self.frames[1]} on"
        )


Listener = Callable[[Alarm], None]


class Alarms:
    """Watches sessions, keeps what they called for, and tells listeners, in a thread of its own.

    Watching costs a frame 0.04 ms in the session's loop; pictures are drawn and listeners called beside it.

    Parameters
    ----------
    sessions : each is watched by itself, whether it is in view or not.
    now : seconds since 1970; injected for tests.
    """

    def __init__(self, sessions: Sequence[Session], now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._kept: deque[tuple[Alarm, Mapping[str, bytes]]] = deque(maxlen=MOST_KEPT)
        self._total: Counter[tuple[Metric, Direction]] = Counter()
        self._number = 0
        self._listeners: list[Listener] = []
        self._work: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        for session in sessions:
            session.add_sink(_Stream(session, self._take).take)

    def add_listener(self, listener: Listener) -> None:
        """Call it with every alarm from the next one on; one that raises is logged, and called again."""
        self._listeners.append(listener)

    def all(self) -> tuple[Alarm, ...]:
        """The newest `MOST_KEPT`, newest last."""
        with self._lock:
            return tuple(alarm for alarm, _ in self._kept)

    def total(self) -> Mapping[tuple[Metric, Direction], int]:
        """How many there were since the start."""
        with self._lock:
            return dict(self._total)

    def picture(self, number: int, which: str) -> bytes | None:
        """A frame of an alarm's evidence, clean beside attacked, as JPEG; None where it is not kept."""
        with self._lock:
            found = next((shots for alarm, shots in self._kept if alarm.number == number), {})
        return found.get(which)

    def close(self, timeout: float = 2.0) -> None:
        """Tell of what has been called, and end the thread; may be called twice."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is not None:
            self._work.put(None)
            thread.join(timeout)

    def _take(self, call: _Call) -> None:
        """In the session's loop."""
        with self._lock:
            if self._closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="camdrift-alarms", daemon=True
                )
                self._thread.start()
        self._work.put(call)

    def _run(self) -> None:
        while (call := self._work.get()) is not None:
            try:
                self._keep(call)
            except Exception:  # one alarm that cannot be drawn must not silence the next
                log.exception("an alarm could not be told")

    def _keep(self, call: _Call) -> None:
        shots = {
            str(which): _drawn(seen, call.class_names)
            for which, seen in zip(Evidence, call.evidence, strict=True)
        }
        before, change, now = (seen.frame for seen in call.evidence)
        with self._lock:
            self._number += 1
            alarm = Alarm(
                number=self._number,
                change=call.change,
                source=now.source,
                attack=call.attack,
                at=self._now(),
                frames=(before.index, change.index, now.index),
                lap=now.lap,
            )
            self._kept.append((alarm, shots))
            self._total[alarm.change.metric, alarm.change.direction] += 1
        log.warning("alarm %d: %s; %s", alarm.number, alarm.words, alarm.attack)
        for listener in self._listeners:
            try:
                listener(alarm)
            except Exception:
                log.exception("a listener failed on alarm %d", alarm.number)


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    change: Change
    attack: str
    class_names: tuple[str, ...]
    evidence: tuple[Observation, Observation, Observation]


class _Stream:
    """What is remembered of one session."""

    def __init__(self, session: Session, on_call: Callable[[_Call], None]) -> None:
        self._session, self._on_call = session, on_call
        self._begin("", self._knobs())

    def take(self, seen: Observation) -> None:
        """One frame; another source, or other settings of the watch, begin anew."""
        knobs, source = self._knobs(), seen.frame.source
        if (source, knobs) != (self._source, self._held):
            self._begin(source, knobs)
        if not knobs[0]:
            return
        self._count += 1
        self._recent.append((self._count, seen))
        size = seen.frame.pixels.nbytes * 2
        most = min(max(_BUDGET // size, _FEWEST_FRAMES), _MOST_FRAMES)
        while len(self._recent) > most:
            self._recent.popleft()
        tally = FrameTally.of(seen.drift, seen.success)
        for change in self._watch.update(self._count, tally):
            settings = self._session.applied
            self._on_call(
                _Call(change, attack_text(settings), self._session.class_names, self._shown(change))
            )

    def _begin(self, source: str, knobs: tuple[bool, float, int, int]) -> None:
        self._source, self._held, self._count = source, knobs, 0
        _, change, span, cool_down = knobs
        self._watch = DriftWatch(change=change, span=span, cool_down=cool_down)
        self._recent: deque[tuple[int, Observation]] = deque()

    def _knobs(self) -> tuple[bool, float, int, int]:
        words = self._session.settings.alarms
        return words.alarms, words.alarm_change, words.alarm_span, words.alarm_cool_down

    def _shown(self, change: Change) -> tuple[Observation, Observation, Observation]:
        """Before, at the change, at the call: as near to these as is still held."""
        at = min(self._recent, key=lambda held: abs(held[0] - change.since))
        before = [seen for count, seen in self._recent if count < change.since]
        return before[-1] if before else self._recent[0][1], at[1], self._recent[-1][1]


def _drawn(seen: Observation, names: tuple[str, ...]) -> bytes:
    zoom = legible_zoom(seen.frame.pixels)
    pair: Pixels = np.hstack(
        [clean_view(seen, names, zoom=zoom), attacked_view(seen, names, zoom=zoom)]
    )
    return jpeg(pair)
