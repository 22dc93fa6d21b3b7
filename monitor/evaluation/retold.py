"""Tracks of a clip that was worked on in shards: the answers are followed once all rows are there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import supervision as sv

from monitor.drift.ledger import TrackLedger
from monitor.drift.matching import Box, FrameDrift, ObjectDrift, Outcome
from monitor.drift.tracks import ObjectTrack, TwinTracker
from monitor.evaluation.gathered import PACKED_FRAMES
from monitor.evaluation.tables import SUITE_OBJECTS, SUITE_TRACKS, Row
from monitor.runs.tables import track_rows

_EDGES = ("x0", "y0", "x1", "y1")


class Retold:
    """Follows the objects of one clip under one condition, shard by shard, as a session does frame by frame.

    Boxes stand in the rows as they came from the detector, so that ids are those that a session would give.

    Parameters
    ----------
    clip, condition : numbers, for the rows of tracks.
    size : of the clip's frames, pixels.
    class_names : of the model.
    """

    def __init__(
        self, clip: int, condition: int, size: tuple[int, int], class_names: Sequence[str]
    ) -> None:
        self._keys = {"clip": clip, "condition": condition}
        self._size, self._names = size, tuple(class_names)
        self._tracker, self._ledger = TwinTracker(), TrackLedger()

    def follow(self, frames: pa.Table, objects: pa.Table) -> pa.Table:
        """The next rows of `objects`, with what tracking says of each.

        Parameters
        ----------
        frames, objects : rows of one shard, in order.
        """
        filled = []
        numbers = objects["frame"].to_numpy()
        for first in range(0, frames.num_rows, PACKED_FRAMES):
            some = frames.slice(first, PACKED_FRAMES)
            ends = np.searchsorted(
                numbers, [some["index"][0].as_py(), some["index"][-1].as_py() + 1]
            )
            rows: list[Row] = objects.slice(ends[0], ends[1] - ends[0]).to_pylist()
            filled.append(pa.Table.from_pylist(self._block(some, rows), schema=SUITE_OBJECTS))
        return pa.concat_tables([*filled, SUITE_OBJECTS.empty_table()])

    def _block(self, frames: pa.Table, rows: list[Row]) -> list[Row]:
        filled: list[Row] = []
        at = 0
        for frame in frames.select(["index", "media_time_s", "success"]).to_pylist():
            own = []
            while at < len(rows) and rows[at]["frame"] == frame["index"]:
                own.append(rows[at])
                at += 1
            filled += self._followed(frame, own)
        return filled

    def tracks(self) -> pa.Table:
        """The rows of `tracks`, once all shards were followed."""
        rows = [{**self._keys, **row} for row in track_rows(self._ledger, self._names)]
        return pa.Table.from_pylist(rows, schema=SUITE_TRACKS)

    def _followed(self, frame: Row, rows: list[Row]) -> Iterator[Row]:
        drift = FrameDrift(
            frame["index"], frame["media_time_s"], tuple(_thing(row) for row in rows)
        )
        tracks = self._tracker.update(
            drift, _side(rows, "clean"), _side(rows, "attacked"), size=self._size
        )
        pairs = list(zip(drift.objects, tracks, strict=True))
        self._ledger.update(drift, iter(pairs), under_attack=frame["success"] is not None)
        for row, track in zip(rows, tracks, strict=True):
            yield row | _told(track)


def _told(track: ObjectTrack) -> Row:
    return {
        "track_id": track.track_id,
        "attacked_track_id": track.attacked_track_id,
        "switch": track.switch,
        "trail_distance_px": track.trail_distance_px,
    }


def _thing(row: Row) -> ObjectDrift:
    return ObjectDrift(
        outcome=Outcome(row["outcome"]),
        clean_index=row["clean_index"],
        attacked_index=row["attacked_index"],
        clean_class=row["clean_class_id"],
        attacked_class=row["attacked_class_id"],
        clean_score=_number(row["clean_score"]),
        attacked_score=_number(row["attacked_score"]),
        clean_box=_box(row, "clean"),
        attacked_box=_box(row, "attacked"),
        iou=_number(row["iou"]),
        centre_shift_px=_number(row["centre_shift_px"]),
    )


def _box(row: Row, side: str) -> Box | None:
    if row[f"{side}_index"] is None:
        return None
    x0, y0, x1, y1 = (row[f"{side}_{edge}_px"] for edge in _EDGES)
    return x0, y0, x1, y1


def _side(rows: Iterable[Row], side: str) -> sv.Detections:
    """One of the two answers, in the order in which the detector gave it."""
    own: list[dict[str, Any]] = sorted(
        (row for row in rows if row[f"{side}_index"] is not None),
        key=lambda row: int(row[f"{side}_index"]),
    )
    return sv.Detections(
        xyxy=np.array(
            [[row[f"{side}_{edge}_px"] for edge in _EDGES] for row in own], np.float32
        ).reshape(-1, 4),
        confidence=np.array([row[f"{side}_score"] for row in own], np.float32),
        class_id=np.array([row[f"{side}_class_id"] for row in own], int),
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value
