"""A frame that stands, looked at again under other settings: which of its boxes are those of before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import supervision as sv

from monitor.drift.matching import Box, FrameDrift, ObjectDrift
from monitor.drift.tracks import ObjectTrack, trail_distances
from monitor.pairing import pair

_SAME: Final = 0.5  # IoU

Side = Callable[[ObjectDrift], Box | None]


def retraced(
    drift: FrameDrift, before: FrameDrift, tracks: Sequence[ObjectTrack]
) -> tuple[ObjectTrack, ...]:
    """The tracks of `drift`, another look at the frame of `before`, whose tracks these are.

    A box has the id of the one that stood there before, on its own side. An attacked box that stands where
    none stood carries the id of the clean box that it is matched with, unless another one does. Nothing is
    a switch: no time has passed.
    """
    ids = [None if i is None else tracks[i].track_id for i in _inherited(_clean_box, drift, before)]
    stood = _inherited(_attacked_box, drift, before)
    taken = {tracks[i].attacked_track_id for i in stood if i is not None}
    carried = [
        (None if thing.attacked_box is None or track in taken else track, False)
        if i is None
        else (tracks[i].attacked_track_id, tracks[i].made_up)
        for thing, track, i in zip(drift.objects, ids, stood, strict=True)
    ]
    apart = trail_distances(drift, ids, [track for track, _ in carried])
    return tuple(
        ObjectTrack(track, other, made_up, False, distance)
        for track, (other, made_up), distance in zip(ids, carried, apart, strict=True)
    )


def _inherited(side: Side, now: FrameDrift, before: FrameDrift) -> list[int | None]:
    """For each object of `now`, the object of `before` whose box on that side stands where its stands."""
    here, there = _on(side, now), _on(side, before)
    found: list[int | None] = [None] * len(now.objects)
    for a, b, _ in pair(_detections(side, now, here), _detections(side, before, there), _SAME):
        found[here[a]] = there[b]
    return found


def _on(side: Side, drift: FrameDrift) -> list[int]:
    return [i for i, thing in enumerate(drift.objects) if side(thing) is not None]


def _detections(side: Side, drift: FrameDrift, rows: list[int]) -> sv.Detections:
    boxes = [side(drift.objects[i]) for i in rows]
    return sv.Detections(xyxy=np.array(boxes, dtype=np.float64).reshape(-1, 4))


def _clean_box(thing: ObjectDrift) -> Box | None:
    return thing.clean_box


def _attacked_box(thing: ObjectDrift) -> Box | None:
    return thing.attacked_box
