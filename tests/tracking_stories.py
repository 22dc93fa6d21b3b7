"""Made-up streams for the tests of tracking: boxes at places, frame after frame, clean and attacked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import supervision as sv

from monitor.drift.ledger import TrackLedger
from monitor.drift.matching import FrameDrift, match
from monitor.drift.tracks import ObjectTrack, TwinTracker

Place = tuple[float, float]
Look = tuple[Sequence[Place], Sequence[Place]]
"""The places of the boxes in the clean and in the attacked answer."""

SIZE = (320, 240)
RATE = 25.0


def boxes(
    places: Iterable[Place], *, side: float = 20, score: float = 0.9, label: int = 0
) -> sv.Detections:
    """Squares around these places."""
    middles = np.array(list(places), dtype=np.float32).reshape(-1, 2)
    return sv.Detections(
        xyxy=np.concatenate([middles - side / 2, middles + side / 2], axis=1),
        class_id=np.full(len(middles), label),
        confidence=np.full(len(middles), score, dtype=np.float32),
    )


@dataclass(frozen=True)
class Told:
    """One frame of a story after it was tracked."""

    drift: FrameDrift
    tracks: tuple[ObjectTrack, ...]

    @property
    def clean(self) -> list[int | None]:
        """The ids of the clean objects, in the order of the clean answer."""
        return [
            track.track_id
            for thing, track in zip(self.drift.objects, self.tracks, strict=True)
            if thing.clean_index is not None
        ]

    @property
    def attacked(self) -> list[int | None]:
        """The ids that the attacked boxes carry, in the order of the attacked answer."""
        carried = {
            thing.attacked_index: track.attacked_track_id
            for thing, track in zip(self.drift.objects, self.tracks, strict=True)
            if thing.attacked_index is not None
        }
        return [carried[i] for i in range(len(carried))]

    @property
    def switches(self) -> int:
        return sum(track.switch for track in self.tracks)


def told(
    looks: Iterable[Look],
    *,
    tracker: TwinTracker | None = None,
    start: int = 0,
    side: float = 20,
    rate: float | None = RATE,
    laps: Sequence[int] | None = None,
) -> list[Told]:
    """A story sent through a tracker; `rate` None: its frames have no media time."""
    tracker = tracker or TwinTracker()
    frames = []
    for index, (clean, attacked) in enumerate(looks, start):
        ours, theirs = boxes(clean, side=side), boxes(attacked, side=side)
        time = None if rate is None else index / rate
        drift = match(ours, theirs, index=index, media_time=time)
        lap = 0 if laps is None else laps[index - start]
        tracks = tracker.update(drift, ours, theirs, size=SIZE, lap=lap)
        frames.append(Told(drift, tracks))
    return frames


def booked(frames: Iterable[Told], *, under_attack: bool = True) -> TrackLedger:
    """The ledger of a told story."""
    ledger = TrackLedger()
    for frame in frames:
        tracked = zip(frame.drift.objects, frame.tracks, strict=True)
        ledger.update(frame.drift, tracked, under_attack=under_attack)
    return ledger
