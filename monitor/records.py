"""What is kept of a frame when its pictures are gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.answers import Counts
from monitor.distances import Distances
from monitor.drift.matching import FrameDrift
from monitor.drift.tracks import ObjectTrack
from monitor.pipeline import Observation


@dataclass(frozen=True, slots=True, eq=False)
class DriftRecord:
    """One frame's drift, without its pictures: about 1 kB with two objects.

    Attributes
    ----------
    source, index, media_time, captured_at, lap : of the frame; see `streams.frame.Frame`.
    size : (width, height) in pixels, at the working resolution.
    drift, success, counts, distances, stages_ms, late, severity, margin, tracks : see `Observation`.
    """

    source: str
    index: int
    media_time: float | None
    captured_at: float
    lap: int
    size: tuple[int, int]
    drift: FrameDrift
    success: bool | None
    counts: Counts
    distances: Distances
    stages_ms: Mapping[str, float]
    late: bool
    severity: float | None
    margin: float | None
    tracks: tuple[ObjectTrack, ...]

    @classmethod
    def of(cls, seen: Observation) -> DriftRecord:
        """The record of an observation."""
        frame = seen.frame
        return cls(
            source=frame.source,
            index=frame.index,
            media_time=frame.media_time,
            captured_at=frame.captured_at,
            lap=frame.lap,
            size=frame.size,
            drift=seen.drift,
            success=seen.success,
            counts=seen.counts,
            distances=seen.distances,
            stages_ms=seen.stages_ms,
            late=seen.late,
            severity=seen.severity,
            margin=seen.margin,
            tracks=seen.tracks,
        )
