"""A run's worst frames, out of its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitor.drift.matching import FrameDrift, ObjectDrift, Outcome
from monitor.drift.tracks import ObjectTrack
from monitor.errors import RunError
from monitor.runs import Run

MOST: Final = 12
"""Frames that are shown."""

_NOWHERE: Final = float("nan")


@dataclass(frozen=True, slots=True)
class WorstFrame:
    """One frame in figures.

    Attributes
    ----------
    index, media_time : of the frame; seconds, None where the source has no clock.
    row : its position among the run's frames, from 0; a live run drops some, so that `index` may be larger.
    clean_count, missed, relabelled, fabricated : objects.
    score_drop : sum over its clean objects.
    linf : largest change of a value, pixel units of [0, 1].
    success : the goal was met; None: nothing was attacked.
    """

    index: int
    media_time: float | None
    row: int
    clean_count: int
    missed: int
    relabelled: int
    fabricated: int
    score_drop: float
    linf: float
    success: bool | None


def worst_frames(run: Run, most: int = MOST) -> list[WorstFrame]:
    """Those of the report first, then by objects missed, relabelled or made up, then by score drop.

    A frame in which nothing drifted and no score dropped is none of them.

    Raises
    ------
    RunError : the tables cannot be read.
    """
    told = ", ".join(str(index) for index in kept_pictures(run)) or "-1"
    # The report's ranking counts only what drifted the goal's way; its frames have pictures.
    table = run.query(
        f"""
        WITH drops AS (SELECT frame, sum(score_drop) AS score_drop FROM objects GROUP BY frame),
        numbered AS (SELECT *, row_number() OVER (ORDER BY index) - 1 AS row FROM frames)
        SELECT index, media_time_s, row, clean_count, missed, relabelled, fabricated,
               coalesce(score_drop, 0) AS score_drop, linf, success
        FROM numbered LEFT JOIN drops ON frame = index
        WHERE missed + relabelled + fabricated > 0 OR score_drop > 0 OR index IN ({told})
        ORDER BY index IN ({told}) DESC, missed + relabelled + fabricated DESC, score_drop DESC, index
        LIMIT {int(most)}
        """
    )
    return [WorstFrame(*row.values()) for row in table.to_pylist()]


def worst_frame(run: Run, index: int) -> WorstFrame:
    """One of `worst_frames`.

    Raises
    ------
    RunError : that frame is none of them.
    """
    for frame in worst_frames(run):
        if frame.index == index:
            return frame
    raise RunError(f"frame {index} is none of the run's worst frames")


def kept_pictures(run: Run) -> dict[int, Mapping[str, Any]]:
    """Index of a frame -> what the summary says of it, of the frames that the report shows."""
    listed = run.summary.get("worst_frames")
    if not isinstance(listed, list):
        return {}
    return {
        frame["frame"]: frame
        for frame in listed
        if isinstance(frame, dict) and type(frame.get("frame")) is int
    }


def drift_of(run: Run, frame: WorstFrame) -> tuple[FrameDrift, Sequence[ObjectTrack]]:
    """The objects of a frame with their ids, as they were when the run was made.

    Raises
    ------
    RunError : the tables cannot be read, or hold what is no outcome.
    """
    rows = run.query(f"SELECT * FROM objects WHERE frame = {int(frame.index)}").to_pylist()
    try:
        objects = tuple(_object(i, row) for i, row in enumerate(rows))
    except ValueError as error:
        raise RunError("the table of objects is damaged: an outcome that is none") from error
    tracks = [ObjectTrack(row["track_id"], row["attacked_track_id"]) for row in rows]
    return FrameDrift(frame.index, frame.media_time, objects), tracks


def _object(number: int, row: Mapping[str, Any]) -> ObjectDrift:
    clean, attacked = row["clean_class_id"], row["attacked_class_id"]
    return ObjectDrift(
        outcome=Outcome(row["outcome"]),
        clean_index=None if clean is None else number,
        attacked_index=None if attacked is None else number,
        clean_class=clean,
        attacked_class=attacked,
        clean_score=_number(row["clean_score"]),
        attacked_score=_number(row["attacked_score"]),
        clean_box=_box("clean", row),
        attacked_box=_box("attacked", row),
        iou=_number(row["iou"]),
        centre_shift_px=_number(row["centre_shift_px"]),
    )


def _number(value: float | None) -> float:
    return _NOWHERE if value is None else value


def _box(side: str, row: Mapping[str, Any]) -> tuple[float, float, float, float] | None:
    x0, y0, x1, y1 = (row[f"{side}_{edge}_px"] for edge in ("x0", "y0", "x1", "y1"))
    return None if x0 is None or y0 is None or x1 is None or y1 is None else (x0, y0, x1, y1)
