"""What became of one track: when it was lost, when it was found again, for how long it was gone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from monitor.drift.matching import ObjectDrift, Outcome
from monitor.drift.tracks import ObjectTrack


@dataclass(frozen=True, slots=True)
class Moment:
    """A frame as a record counts it.

    Attributes
    ----------
    count : frames taken in before it.
    index : its position in the stream.
    seconds : media time, None where the source states none.
    """

    count: int
    index: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another.

    Attributes
    ----------
    frames : monitored frames.
    seconds : by the recording's clock; None where it has none.
    """

    frames: int
    seconds: float | None


@dataclass(slots=True)
class TrackRecord:
    """One track, filled frame by frame.

    Attributes
    ----------
    track_id : its id.
    made_up : it is in the attacked answers only, and follows no clean track.
    first, last : the first and the last frame in which it was seen.
    frames : in which it was seen, by the answer that it is a track of.
    missed : of them, those in which it was lost.
    switches : how often another attacked track followed it than before.
    attacked_from : the first frame in which it was seen under attack; None: there was no attack.
    lost_at : the first frame under attack in which it was lost; None: never yet.
    found_at : the first frame after that in which the attacked answer had it again; None: not yet.
    """

    track_id: int
    made_up: bool
    first: Moment
    last: Moment
    frames: int = 0
    missed: int = 0
    switches: int = 0
    attacked_from: Moment | None = None
    lost_at: Moment | None = None
    found_at: Moment | None = None
    _classes: Counter[int] = field(default_factory=Counter)
    _distance_sum: float = 0.0
    _distances: int = 0
    distance_max: float | None = None
    _gap_since: Moment | None = None
    _gap_frames: int = 0
    _gap_end: Moment | None = None
    _longest_frames: int = 0
    _longest_seconds: float | None = 0.0

    def see_clean(
        self, now: Moment, thing: ObjectDrift, track: ObjectTrack, *, under_attack: bool
    ) -> None:
        """The next frame in which the clean answer has this track."""
        lost = thing.outcome is Outcome.MISSED
        self._see(now, thing.clean_class)
        self.switches += track.switch
        if under_attack and self.attacked_from is None:
            self.attacked_from = now
        if lost:
            self._miss(now, under_attack=under_attack)
        else:
            self._find(now)
        if track.trail_distance_px is not None:
            self._distance_sum += track.trail_distance_px
            self._distances += 1
            self.distance_max = max(self.distance_max or 0.0, track.trail_distance_px)

    def see_made_up(self, now: Moment, thing: ObjectDrift) -> None:
        """The next frame in which the attacked answer has this track, which follows no clean one."""
        self._see(now, thing.attacked_class)

    def _see(self, now: Moment, label: int | None) -> None:
        self.last = now
        self.frames += 1
        self._classes[0 if label is None else label] += 1

    def _miss(self, now: Moment, *, under_attack: bool) -> None:
        self.missed += 1
        if under_attack and self.lost_at is None:
            self.lost_at = now
        if self._gap_since is None:
            self._gap_since, self._gap_frames = now, 0
        self._gap_frames += 1
        self._gap_end = now
        self._longest_frames = max(self._longest_frames, self._gap_frames)

    def _find(self, now: Moment) -> None:
        if self.lost_at is not None and self.found_at is None:
            self.found_at = now
        if self._gap_since is not None:
            self._longest_seconds = _longer(self._longest_seconds, _seconds(self._gap_since, now))
        self._gap_since = None

    @property
    def class_id(self) -> int:
        """The class that it was seen as most often, the smallest of equals."""
        return min(self._classes, key=lambda label: (-self._classes[label], label))

    @property
    def time_to_loss(self) -> Span | None:
        """From its first frame under attack to the first one in which it was lost; None: never lost."""
        return _span(self.attacked_from, self.lost_at)

    @property
    def time_to_recovery(self) -> Span | None:
        """From the loss to the first frame in which the attacked answer has it again; None: not so far."""
        return _span(self.lost_at, self.found_at)

    @property
    def distances(self) -> tuple[float, int]:
        """Sum of its `trail_distance_px`, and over how many frames."""
        return self._distance_sum, self._distances

    @property
    def distance_mean(self) -> float | None:
        """Mean distance between the two trails, pixels; None where there was no second one."""
        return self._distance_sum / self._distances if self._distances else None

    def longest_gap(self, period: float | None) -> Span:
        """The longest run of frames in which it was lost, none of them in which the attacked answer had it.

        A frame in which the clean answer itself misses it neither counts nor ends a gap. A gap lasts until
        the frame in which it is found again; one that is still open, until the end of its last frame.

        Parameters
        ----------
        period : seconds that a frame lasts; None where nobody knows.
        """
        seconds = self._longest_seconds
        if self._gap_since is not None and self._gap_end is not None:
            ended = _seconds(self._gap_since, self._gap_end)
            whole = None if ended is None or period is None else ended + period
            seconds = _longer(seconds, whole)
        return Span(self._longest_frames, seconds)


def _span(start: Moment | None, end: Moment | None) -> Span | None:
    if start is None or end is None:
        return None
    return Span(end.count - start.count, _seconds(start, end))


def _seconds(start: Moment, end: Moment) -> float | None:
    if start.seconds is None or end.seconds is None:
        return None
    return end.seconds - start.seconds


def _longer(a: float | None, b: float | None) -> float | None:
    """The longer of two times; unknown where one of them is."""
    return None if a is None or b is None else max(a, b)
