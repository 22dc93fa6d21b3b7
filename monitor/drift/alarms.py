"""When drift has changed for good: alarms on a stream of frames."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from river.drift import ADWIN, PageHinkley

from monitor.drift.windows import FrameTally, RollingWindow, inexact

MEMORY: Final = 240
"""Frames that the old level is taken over at most; 10 s at 25 frames a second."""

_PATIENCE: Final = 2  # spans for which a detector's word waits for the level to bear it out
_SIGMAS: Final = 4.0
_FEWEST_MEANS: Final = 8
_LEAST_SHARE: Final = 0.01  # a level of 0 may move by `change` alone
_SURE: Final = 0.002  # ADWIN's delta, its authors' choice: a false cut in 500 windows


HYSTERESIS: Final = "hysteresis"
"""In place of a detector, where a rise is called off."""


class Metric(StrEnum):
    """What is watched, by its name in tables and figures; each from 0 to 1, a frame at a time."""

    MISS_RATE = "miss_rate"
    SCORE_DROP = "score_drop"
    CLASSES = "js_distance_classes"
    FABRICATIONS = "fabrications_per_frame"  # two in one frame call no louder than one


class Direction(StrEnum):
    """Where a figure went."""

    RISE = "rise"
    FALL = "fall"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that has changed for good.

    Attributes
    ----------
    metric, direction : which figure, and where it went.
    before, after : its level, mean over `before_frames` and `after_frames` frames that had one.
    frame, since : index of the frame at which it was called, and of the one at which it seems to have begun.
    detector : "page-hinkley" or "adwin", whichever saw it first; "hysteresis" where a rise is called off.
    """

    metric: Metric
    direction: Direction
    before: float
    after: float
    before_frames: int
    after_frames: int
    frame: int
    since: int
    detector: str


class FigureWatch:
    """One figure, a value a frame: says when its level has changed for good.

    Two detectors look at every value: Page-Hinkley (Page 1954, Biometrika 41), which sees a jump within a few
    frames, and ADWIN (Bifet and Gavalda 2007, SDM), which sees what creeps. Either's word counts once the
    mean over the last `span` values has left the old level by `change`, and by more than such means wander
    anyway. After a rise the figure is raised: it calls again when half of `change` is left of the rise
    (hysteresis), and forgets that it was raised when the new level has held for `MEMORY` frames. After each
    call it is quiet for `cool_down` frames.

    Parameters
    ----------
    metric : whose values these are.
    change : in (0, 1].
    span, cool_down : frames.
    """

    def __init__(self, metric: Metric, *, change: float, span: int, cool_down: int) -> None:
        self._metric = metric
        self._change, self._span, self._cool_down = change, span, cool_down
        self._calm: float | None = None  # the level before the rise; None: not raised
        self._quiet = 0
        self._heard, self._by = 0, ""  # how long a detector's word still counts, and whose it was
        self._begin(())

    def update(self, frame: int, value: float | None) -> Change | None:
        """Take one frame in; None as a value: it had nothing to divide by."""
        self._quiet = max(0, self._quiet - 1)
        self._heard = max(0, self._heard - 1)
        if value is None:
            return None
        self._take(frame, value)
        if self._calm is not None and len(self._values) > MEMORY:
            self._calm = None  # what has held for so long is the level now
        if self._quiet or len(self._values) < 2 * self._span:
            return None
        values = [value for _, value in self._values]
        old, new = values[: -self._span], values[-self._span :]
        before, after = statistics.fmean(old), statistics.fmean(new)
        by = self._off(after) if self._calm is not None else self._moved(old, before, after)
        return self._called(frame, before, after, len(old), by) if by else None

    def _off(self, after: float) -> str:
        assert self._calm is not None
        return HYSTERESIS if after <= self._calm + self._change / 2 else ""

    def _moved(self, old: Sequence[float], before: float, after: float) -> str:
        if not self._heard or abs(after - before) < self._change:
            return ""
        return self._by if abs(after - before) >= _SIGMAS * self._wandering(old, before) else ""

    def _called(self, frame: int, before: float, after: float, old: int, by: str) -> Change:
        rose = after > before and self._calm is None
        change = Change(
            metric=self._metric,
            direction=Direction.RISE if rose else Direction.FALL,
            before=before,
            after=after,
            before_frames=old,
            after_frames=self._span,
            frame=frame,
            since=self._since(),
            detector=by,
        )
        self._calm = before if rose else None
        self._quiet = self._cool_down
        self._begin([(i, value) for i, value in self._values if i >= change.since])
        return change

    def _begin(self, values: Sequence[tuple[int, float]]) -> None:
        """A new level: the detectors know nothing of the old one."""
        self._values: deque[tuple[int, float]] = deque(maxlen=MEMORY + self._span)
        self._sooner = PageHinkley(
            min_instances=self._span, delta=self._change / 2, threshold=1.0, mode="both"
        )
        self._surer = ADWIN(delta=_SURE, clock=4, grace_period=self._span)
        for frame, value in values:
            self._take(frame, value)
        self._heard, self._by = 0, ""

    def _take(self, frame: int, value: float) -> None:
        self._values.append((frame, value))
        self._sooner.update(value)
        self._surer.update(value)
        for detector, name in ((self._sooner, "page-hinkley"), (self._surer, "adwin")):
            if detector.drift_detected:
                self._by = self._by if self._heard else name
                self._heard = _PATIENCE * self._span

    def _wandering(self, old: Sequence[float], level: float) -> float:
        """Standard deviation of a mean over a span: as seen, or as coins would give while little was seen."""
        span = self._span
        means = [statistics.fmean(old[i : i + span]) for i in range(0, len(old) - span + 1, span)]
        if len(means) < _FEWEST_MEANS:
            share = min(max(level, _LEAST_SHARE), 1 - _LEAST_SHARE)
            return math.sqrt(share * (1 - share) / span)
        # From one to the next (von Neumann 1941): a slow rise is no wandering.
        steps = [b - a for a, b in pairwise(means)]
        return math.sqrt(statistics.fmean([step * step for step in steps]) / 2)

    def _since(self) -> int:
        """The frame at which the last values split best in two levels (least squares)."""
        recent = list(self._values)[-3 * self._span :]
        values = [value for _, value in recent]
        total, left, best = sum(values), 0.0, (-1.0, 1)
        for i in range(1, len(values)):
            left += values[i - 1]
            apart = left / i - (total - left) / (len(values) - i)
            best = max(best, (apart * apart * i * (len(values) - i), i))
        return recent[best[1]][0]


class DriftWatch:
    """All figures of one stream.

    Parameters
    ----------
    change, span, cool_down : see `FigureWatch`.
    """

    def __init__(self, *, change: float = 0.2, span: int = 8, cool_down: int = 12) -> None:
        self._figures = {
            metric: FigureWatch(metric, change=change, span=span, cool_down=cool_down)
            for metric in Metric
        }
        # One frame holds too few objects for a histogram.
        self._window = RollingWindow(span)

    def update(self, frame: int, tally: FrameTally) -> list[Change]:
        """Take one frame in; what has changed for good with it."""
        self._window.update(tally)
        changes = [
            watch.update(frame, self._value(metric, tally))
            for metric, watch in self._figures.items()
        ]
        return [change for change in changes if change is not None]

    def _value(self, metric: Metric, tally: FrameTally) -> float | None:
        if metric is Metric.FABRICATIONS:
            return float(min(tally.fabricated, 1))
        if metric is Metric.CLASSES:
            return self._classes(tally)
        if not tally.clean:
            return None
        if metric is Metric.MISS_RATE:
            return tally.missed / tally.clean
        return min(max(inexact(tally.score_drop) / tally.clean, 0.0), 1.0)

    def _classes(self, tally: FrameTally) -> float | None:
        if not tally.clean_classes and not tally.attacked_classes:
            return None
        distance = self._window.rates().js_distance_classes
        return 1.0 if distance is None else distance  # one side has lost all
