"""The three tables of a run: their columns, types and units.

Wall-clock times differ from run to run, so they stand in a table of their own: `frames` and `objects`
are equal byte for byte for the same input, settings, versions and machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pyarrow as pa

from monitor.drift.matching import Box, ObjectDrift, Outcome
from monitor.pipeline import Observation

Row = dict[str, object]

STAGES = ("scale", "clean", "attack", "attacked", "drift")


def _field(
    name: str, kind: pa.DataType, unit: str, meaning: str, nullable: bool = False
) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"unit": unit, "meaning": meaning})


def _box_fields(side: str) -> list[pa.Field]:
    edges = {"x0": "left", "y0": "top", "x1": "right", "y1": "bottom"}
    return [
        _field(f"{side}_{short}_px", pa.float64(), "px", f"{edge} edge of the {side} box", True)
        for short, edge in edges.items()
    ]


def _side_fields(side: str) -> list[pa.Field]:
    return [
        _field(f"{side}_class_id", pa.int32(), "1", f"class in the {side} answer", True),
        _field(f"{side}_class", pa.string(), "", f"its name in the {side} answer", True),
        _field(f"{side}_score", pa.float64(), "1", f"score in the {side} answer, 0 to 1", True),
        *_box_fields(side),
    ]


FRAMES = pa.schema(
    [
        _field("index", pa.int64(), "1", "position in the stream, from 0"),
        _field("media_time_s", pa.float64(), "s", "since the start of the recording", True),
        _field("clean_count", pa.int32(), "1", "objects in the clean answer"),
        _field("attacked_count", pa.int32(), "1", "objects in the attacked answer"),
        _field("kept", pa.int32(), "1", "objects in both answers, same class"),
        _field("relabelled", pa.int32(), "1", "objects in both answers, another class"),
        _field("missed", pa.int32(), "1", "objects of the clean answer only"),
        _field("fabricated", pa.int32(), "1", "objects of the attacked answer only"),
        _field("success", pa.bool_(), "", "goal met; null: nothing was attacked", True),
        _field("forwards", pa.int32(), "1", "forward passes, the clean answer's included"),
        _field("backwards", pa.int32(), "1", "backward passes"),
        _field("linf", pa.float64(), "1", "Linf distance of the two frames, pixel units of [0, 1]"),
        _field("l2", pa.float64(), "1", "L2 distance of the two frames, pixel units of [0, 1]"),
    ]
)

OBJECTS = pa.schema(
    [
        _field("frame", pa.int64(), "1", "index of the frame"),
        _field("outcome", pa.string(), "", "kept, relabelled, missed or fabricated"),
        *_side_fields("clean"),
        *_side_fields("attacked"),
        _field("iou", pa.float64(), "1", "overlap of the two boxes", True),
        _field("centre_shift_px", pa.float64(), "px", "distance of the two centres", True),
        _field(
            "score_drop", pa.float64(), "1", "clean less attacked score; missed: all of it", True
        ),
    ]
)

TIMINGS = pa.schema(
    [
        _field("index", pa.int64(), "1", "position in the stream, from 0"),
        *(
            _field(f"{stage}_ms", pa.float64(), "ms", f"wall time of stage {stage}")
            for stage in STAGES
        ),
    ]
)

SCHEMAS: dict[str, pa.Schema] = {"frames": FRAMES, "objects": OBJECTS, "timings": TIMINGS}


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
        "linf": seen.linf,
        "l2": seen.l2,
    }


def object_rows(seen: Observation, class_names: tuple[str, ...]) -> Iterator[Row]:
    """The rows of `objects` of one frame, in the order of its drift."""
    for thing in seen.drift.objects:
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
        }


def timing_row(seen: Observation) -> Row:
    """One row of `timings`."""
    stages: Row = {f"{stage}_ms": seen.stages_ms.get(stage, 0.0) for stage in STAGES}
    return {"index": seen.drift.index, **stages}


def class_name(label: int, class_names: tuple[str, ...]) -> str:
    """The name of a class; a model that answers with an id beyond its names is shown the number."""
    return class_names[label] if 0 <= label < len(class_names) else f"class {label}"


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


def _drop(thing: ObjectDrift) -> float | None:
    return None if thing.outcome is Outcome.FABRICATED else thing.score_drop


def _known(value: float) -> float | None:
    """NaN means "no such side" in an ObjectDrift; in a table that is null, which SQL leaves out of means."""
    return None if math.isnan(value) else value
