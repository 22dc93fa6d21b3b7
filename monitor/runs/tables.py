"""The four tables of a run: their columns, types and units.

Wall-clock times differ from run to run, so they stand in a table of their own: `frames`, `objects` and
`tracks` are equal byte for byte for the same input, settings, versions and machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pyarrow as pa

from monitor.drift.ledger import TrackLedger
from monitor.drift.matching import Box, ObjectDrift, Outcome, class_name
from monitor.drift.track_record import Span
from monitor.pipeline import Observation

Row = dict[str, object]

STAGES = ("scale", "clean", "attack", "attacked", "drift", "margin")


def field(
    name: str, kind: pa.DataType, unit: str, meaning: str, nullable: bool = False
) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"unit": unit, "meaning": meaning})


def _box_fields(side: str) -> list[pa.Field]:
    edges = {"x0": "left", "y0": "top", "x1": "right", "y1": "bottom"}
    return [
        field(f"{side}_{short}_px", pa.float64(), "px", f"{edge} edge of the {side} box", True)
        for short, edge in edges.items()
    ]


def _side_fields(side: str) -> list[pa.Field]:
    return [
        field(f"{side}_class_id", pa.int32(), "1", f"class in the {side} answer", True),
        field(f"{side}_class", pa.string(), "", f"its name in the {side} answer", True),
        field(f"{side}_score", pa.float64(), "1", f"score in the {side} answer, 0 to 1", True),
        *_box_fields(side),
    ]


def _span_fields(name: str, meaning: str) -> list[pa.Field]:
    return [
        field(f"{name}_frames", pa.int64(), "1", f"frames {meaning}; null: never", True),
        field(f"{name}_s", pa.float64(), "s", f"seconds {meaning}; null: never or no clock", True),
    ]


FRAMES = pa.schema(
    [
        field("index", pa.int64(), "1", "position in the stream, from 0"),
        field("media_time_s", pa.float64(), "s", "since the start of the recording", True),
        field("clean_count", pa.int32(), "1", "objects in the clean answer"),
        field("attacked_count", pa.int32(), "1", "objects in the attacked answer"),
        field("kept", pa.int32(), "1", "objects in both answers, same class"),
        field("relabelled", pa.int32(), "1", "objects in both answers, another class"),
        field("missed", pa.int32(), "1", "objects of the clean answer only"),
        field("fabricated", pa.int32(), "1", "objects of the attacked answer only"),
        field("success", pa.bool_(), "", "goal met; null: nothing was attacked", True),
        field("forwards", pa.int32(), "1", "forward passes, the clean answer's included"),
        field("backwards", pa.int32(), "1", "backward passes"),
        field("queries", pa.int32(), "1", "of the forwards, answers that a black-box view gave"),
        field("surrogate", pa.int32(), "1", "passes through the surrogate of a transfer attack"),
        field("stopped", pa.bool_(), "", "queries or time ended the search early"),
        field("linf", pa.float64(), "1", "Linf distance of the two frames, pixel units of [0, 1]"),
        field("l2", pa.float64(), "1", "L2 distance of the two frames, pixel units of [0, 1]"),
        field("l1", pa.float64(), "1", "L1 distance of the two frames, pixel units of [0, 1]"),
        field("l0", pa.int64(), "1", "pixels in which the two frames differ"),
        field(
            "severity",
            pa.float64(),
            "1",
            "highest of the camera's faults, 0 to 5; null: none",
            True,
        ),
        field(
            "margin",
            pa.float64(),
            "1",
            "least eps at which it was seen to fall, in the attack's norm; inf: never; null: not measured",
            True,
        ),
    ]
)

OBJECTS = pa.schema(
    [
        field("frame", pa.int64(), "1", "index of the frame"),
        field("outcome", pa.string(), "", "kept, relabelled, missed or fabricated"),
        *_side_fields("clean"),
        *_side_fields("attacked"),
        field("iou", pa.float64(), "1", "overlap of the two boxes", True),
        field("centre_shift_px", pa.float64(), "px", "distance of the two centres", True),
        field(
            "score_drop", pa.float64(), "1", "clean less attacked score; missed: all of it", True
        ),
        field("track_id", pa.int64(), "", "of the clean track; null: not followed (yet)", True),
        field(
            "attacked_track_id",
            pa.int64(),
            "",
            "that the attacked box carries: the clean track's that it follows, or its own",
            True,
        ),
        field("switch", pa.bool_(), "", "another attacked track follows it than before"),
        field(
            "trail_distance_px",
            pa.float64(),
            "px",
            "from the clean track to where the attacked answer has it",
            True,
        ),
    ]
)

TRACKS = pa.schema(
    [
        field("track_id", pa.int64(), "", "as in objects; counted from 1 over both answers"),
        field("made_up", pa.bool_(), "", "of the attacked answers only: follows no clean track"),
        field("class_id", pa.int32(), "1", "class that it was seen as most often"),
        field("class", pa.string(), "", "its name"),
        field("first_frame", pa.int64(), "1", "index of the first frame it was seen in"),
        field("last_frame", pa.int64(), "1", "index of the last frame it was seen in"),
        field("frames", pa.int64(), "1", "frames it was seen in"),
        field(
            "missed", pa.int64(), "1", "of them, frames in which it was lost; made up: null", True
        ),
        field("switches", pa.int64(), "1", "changes of its follower; made up: null", True),
        *_span_fields("time_to_loss", "from its first frame under attack to its first loss"),
        *_span_fields("time_to_recovery", "from its first loss until it was found again"),
        *_span_fields("longest_gap", "longest loss without a break"),
        field("trail_distance_px", pa.float64(), "px", "mean distance of the two trails", True),
        field("trail_distance_max_px", pa.float64(), "px", "largest distance of the two", True),
    ]
)

TIMINGS = pa.schema(
    [
        field("index", pa.int64(), "1", "position in the stream, from 0"),
        *(
            field(f"{stage}_ms", pa.float64(), "ms", f"wall time of stage {stage}")
            for stage in STAGES
        ),
        field("late", pa.bool_(), "", "the attacked answer came after the deadline"),
    ]
)

SCHEMAS: dict[str, pa.Schema] = {
    "frames": FRAMES,
    "objects": OBJECTS,
    "timings": TIMINGS,
    "tracks": TRACKS,
}


def frame_row(seen: Observation) -> Row:
    """One row of `frames`."""
    drift = seen.drift
    outcomes = {str(outcome): drift.count(outcome) for outcome in Outcome}
    return {
        "index": drift.index,
        "media_time_s": drift.media_time,
        "clean_count": drift.clean_count,
        "attacked_count": len(seen.attacked),
        **outcomes,
        "success": seen.success,
        "forwards": seen.counts.forwards,
        "backwards": seen.counts.backwards,
        "queries": seen.counts.queries,
        "surrogate": seen.counts.surrogate,
        "stopped": seen.counts.stopped,
        "linf": seen.distances.linf,
        "l2": seen.distances.l2,
        "l1": seen.distances.l1,
        "l0": seen.distances.l0,
        "severity": seen.severity,
        "margin": seen.margin,
    }


def object_rows(seen: Observation, class_names: tuple[str, ...]) -> Iterator[Row]:
    """The rows of `objects` of one frame, in the order of its drift."""
    for thing, track in seen.tracked():
        yield {
            "frame": seen.drift.index,
            "outcome": str(thing.outcome),
            **_side("clean", thing.clean_class, thing.clean_score, thing.clean_box, class_names),
            **_side(
                "attacked",
                thing.attacked_class,
                thing.attacked_score,
                thing.attacked_box,
                class_names,
            ),
            "iou": _known(thing.iou),
            "centre_shift_px": _known(thing.centre_shift_px),
            "score_drop": _drop(thing),
            "track_id": track.track_id,
            "attacked_track_id": track.attacked_track_id,
            "switch": track.switch,
            "trail_distance_px": track.trail_distance_px,
        }


def track_rows(ledger: TrackLedger, class_names: tuple[str, ...]) -> Iterator[Row]:
    """The rows of `tracks`, by id."""
    for record in ledger.records():
        row: Row = {
            "track_id": record.track_id,
            "made_up": record.made_up,
            "class_id": record.class_id,
            "class": class_name(record.class_id, class_names),
            "first_frame": record.first.index,
            "last_frame": record.last.index,
            "frames": record.frames,
        }
        if not record.made_up:
            row |= {
                "missed": record.missed,
                "switches": record.switches,
                **_span("time_to_loss", record.time_to_loss),
                **_span("time_to_recovery", record.time_to_recovery),
                **_span("longest_gap", ledger.longest_gap(record)),
                "trail_distance_px": record.distance_mean,
                "trail_distance_max_px": record.distance_max,
            }
        yield row


def timing_row(seen: Observation) -> Row:
    """One row of `timings`."""
    stages: Row = {f"{stage}_ms": seen.stages_ms.get(stage, 0.0) for stage in STAGES}
    return {"index": seen.drift.index, **stages, "late": seen.late}


def _side(
    side: str, label: int | None, score: float, box: Box | None, class_names: tuple[str, ...]
) -> Row:
    edges = box if box is not None else (None, None, None, None)
    return {
        f"{side}_class_id": label,
        f"{side}_class": None if label is None else class_name(label, class_names),
        f"{side}_score": _known(score),
        **{
            f"{side}_{name}_px": edge
            for name, edge in zip(("x0", "y0", "x1", "y1"), edges, strict=True)
        },
    }


def _span(name: str, span: Span | None) -> Row:
    return {} if span is None else {f"{name}_frames": span.frames, f"{name}_s": span.seconds}


def _drop(thing: ObjectDrift) -> float | None:
    return None if thing.outcome is Outcome.FABRICATED else thing.score_drop


def _known(value: float) -> float | None:
    """NaN means "no such side" in an ObjectDrift; in a table that is null, which SQL leaves out of means."""
    return None if math.isnan(value) else value
