"""All tracks of a run, and the figures over them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from monitor.drift.matching import FrameDrift, ObjectDrift
from monitor.drift.track_record import Moment, Span, TrackRecord
from monitor.drift.tracks import ObjectTrack


@dataclass(frozen=True, slots=True)
class TrackFigures:
    """Figures over the clean tracks; None where there is nothing to say.

    What did not happen is left out of a median, not counted as zero or as the end of the recording: how
    many tracks that leaves is in `TrackCounts`.

    Attributes
    ----------
    track_switches : in all.
    time_to_loss_frames, time_to_loss_s : median over the tracks that were lost under attack.
    time_to_recovery_frames, time_to_recovery_s : median over those of them that were found again.
    longest_gap_frames, longest_gap_s : the longest of any track.
    trail_distance_px : mean over frames and tracks.
    """

    track_switches: int | None = None
    time_to_loss_frames: float | None = None
    time_to_loss_s: float | None = None
    time_to_recovery_frames: float | None = None
    time_to_recovery_s: float | None = None
    longest_gap_frames: int | None = None
    longest_gap_s: float | None = None
    trail_distance_px: float | None = None

    def as_dict(self) -> dict[str, float | None]:
        """Name -> value, in the order above."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TrackCounts:
    """How many tracks the figures stand on.

    Attributes
    ----------
    tracks : clean tracks.
    tracks_attacked : of them, those seen under attack.
    tracks_lost : of these, those lost at least once; the rest are censored in `time_to_loss`.
    tracks_recovered : of these, those found again; the rest are censored in `time_to_recovery`.
    tracks_made_up : tracks of the attacked answers that follow no clean one.
    """

    tracks: int = 0
    tracks_attacked: int = 0
    tracks_lost: int = 0
    tracks_recovered: int = 0
    tracks_made_up: int = 0

    def as_dict(self) -> dict[str, int]:
        """Name -> count, in the order above."""
        return asdict(self)


class TrackLedger:
    """Takes frames in, one by one, and keeps one record a track, some 900 bytes each.

    Parameters
    ----------
    most : so many records at most; beyond them the oldest that is not in sight goes. None: all.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._records: dict[int, TrackRecord] = {}
        self._count = 0
        self._period: float | None = None
        self._time: float | None = None

    def update(
        self,
        drift: FrameDrift,
        tracked: Iterable[tuple[ObjectDrift, ObjectTrack]],
        *,
        under_attack: bool,
    ) -> None:
        """Take the next frame in.

        Parameters
        ----------
        drift : of the frame.
        tracked : its objects with their tracks.
        under_attack : the frame was attacked.
        """
        now = Moment(self._count, drift.index, drift.media_time)
        self._tick(now.seconds)
        for thing, track in tracked:
            if track.track_id is not None:
                self._record(track.track_id, now, made_up=False).see_clean(
                    now, thing, track, under_attack=under_attack
                )
            if track.attacked_track_id is not None and track.made_up:
                self._record(track.attacked_track_id, now, made_up=True).see_made_up(now, thing)
        self._count += 1
        self._drop_oldest(now)

    def records(self) -> list[TrackRecord]:
        """One record a track, by id."""
        return [self._records[key] for key in sorted(self._records)]

    def longest_gap(self, record: TrackRecord) -> Span:
        """The longest gap of one of the records, as far as is known now."""
        return record.longest_gap(self._period)

    def figures(self) -> TrackFigures:
        """The figures up to now."""
        clean = self._clean()
        losses = [span for record in clean if (span := record.time_to_loss)]
        recoveries = [span for record in clean if (span := record.time_to_recovery)]
        gaps = [self.longest_gap(record) for record in clean]
        sums = [record.distances for record in clean]
        under = sum(count for _, count in sums)
        return TrackFigures(
            track_switches=sum(record.switches for record in clean) if clean else None,
            time_to_loss_frames=_median([span.frames for span in losses]),
            time_to_loss_s=_median([span.seconds for span in losses]),
            time_to_recovery_frames=_median([span.frames for span in recoveries]),
            time_to_recovery_s=_median([span.seconds for span in recoveries]),
            longest_gap_frames=max((gap.frames for gap in gaps), default=None),
            longest_gap_s=_known_max([gap.seconds for gap in gaps]),
            trail_distance_px=math.fsum(over for over, _ in sums) / under if under else None,
        )

    def counts(self) -> TrackCounts:
        """How many tracks there were, and what became of them."""
        clean = self._clean()
        return TrackCounts(
            tracks=len(clean),
            tracks_attacked=sum(record.attacked_from is not None for record in clean),
            tracks_lost=sum(record.lost_at is not None for record in clean),
            tracks_recovered=sum(record.found_at is not None for record in clean),
            tracks_made_up=len(self._records) - len(clean),
        )

    def _clean(self) -> list[TrackRecord]:
        return [record for record in self.records() if not record.made_up]

    def _record(self, track: int, now: Moment, *, made_up: bool) -> TrackRecord:
        if track not in self._records:
            self._records[track] = TrackRecord(track, made_up, first=now, last=now)
        return self._records[track]

    def _tick(self, now: float | None) -> None:
        before, self._time = self._time, now
        if now is not None and before is not None and now > before:
            self._period = now - before

    def _drop_oldest(self, now: Moment) -> None:
        while self._most is not None and len(self._records) > self._most:
            oldest = min(self._records.values(), key=lambda record: record.last.count)
            if oldest.last is now:
                return
            del self._records[oldest.track_id]


def _median(values: list[int] | list[float | None]) -> float | None:
    """None of no values, and where one of them is not known."""
    known = [value for value in values if value is not None]
    return float(statistics.median(known)) if known and len(known) == len(values) else None


def _known_max(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None
