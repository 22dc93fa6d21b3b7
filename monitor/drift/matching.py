"""One frame's drift: clean detections matched to attacked ones, object by object."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import supervision as sv

from monitor.pairing import pair

Box = tuple[float, float, float, float]


class Outcome(StrEnum):
    """What became of an object between the clean and the attacked answer."""

    KEPT = "kept"
    RELABELLED = "relabelled"
    MISSED = "missed"
    FABRICATED = "fabricated"


@dataclass(frozen=True, slots=True)
class ObjectDrift:
    """One object: its clean side, its attacked side, and what lies between.

    Attributes
    ----------
    outcome : kept, relabelled, missed (no attacked side) or fabricated (no clean side).
    clean_index, attacked_index : positions in the two sets of detections, None where a side is missing.
    clean_class, attacked_class : class ids, None where a side is missing.
    clean_score, attacked_score : in [0, 1]; NaN where a side is missing.
    clean_box, attacked_box : xyxy in pixels, None where a side is missing.
    iou : overlap of the two boxes; NaN where a side is missing.
    centre_shift_px : distance between the two centres, pixels; NaN where a side is missing.
    """

    outcome: Outcome
    clean_index: int | None
    attacked_index: int | None
    clean_class: int | None
    attacked_class: int | None
    clean_score: float
    attacked_score: float
    clean_box: Box | None
    attacked_box: Box | None
    iou: float
    centre_shift_px: float

    @property
    def score_drop(self) -> float:
        """Clean score less attacked score; a missed object has lost its whole score, a fabricated none."""
        if self.outcome is Outcome.MISSED:
            return self.clean_score
        return self.clean_score - self.attacked_score


@dataclass(frozen=True, slots=True)
class FrameDrift:
    """The drift of one frame, immutable.

    Attributes
    ----------
    index, media_time : of the frame.
    objects : clean objects first, in the order of the clean answer, then the fabricated ones.
    """

    index: int
    media_time: float | None
    objects: tuple[ObjectDrift, ...]

    def count(self, outcome: Outcome) -> int:
        """How many objects of this frame ended so."""
        return sum(thing.outcome is outcome for thing in self.objects)

    @property
    def clean_count(self) -> int:
        """How many objects the clean answer holds."""
        return sum(thing.clean_index is not None for thing in self.objects)

    @property
    def drifted(self) -> bool:
        """True where any object was missed, relabelled or fabricated."""
        return any(thing.outcome is not Outcome.KEPT for thing in self.objects)


def class_name(label: int, class_names: tuple[str, ...]) -> str:
    """The name of a class; a model that answers with an id beyond its names is shown the number."""
    return class_names[label] if 0 <= label < len(class_names) else f"class {label}"


def match(
    clean: sv.Detections,
    attacked: sv.Detections,
    *,
    iou: float = 0.5,
    index: int = 0,
    media_time: float | None = None,
) -> FrameDrift:
    """Match two answers on one frame: IoU >= `iou`, any class, one to one, highest IoU sum."""
    partner = {a: (b, overlap) for a, b, overlap in pair(clean, attacked, iou)}
    taken = {b for b, _ in partner.values()}
    objects = [
        _clean_object(clean, attacked, a, *partner.get(a, (None, math.nan)))
        for a in range(len(clean))
    ]
    objects += [_fabricated(attacked, b) for b in range(len(attacked)) if b not in taken]
    return FrameDrift(index, media_time, tuple(objects))


def _clean_object(
    clean: sv.Detections, attacked: sv.Detections, a: int, b: int | None, overlap: float
) -> ObjectDrift:
    box, label, score = _side(clean, a)
    if b is None:
        return ObjectDrift(
            Outcome.MISSED, a, None, label, None, score, math.nan, box, None, math.nan, math.nan
        )
    box_b, label_b, score_b = _side(attacked, b)
    return ObjectDrift(
        outcome=Outcome.KEPT if label == label_b else Outcome.RELABELLED,
        clean_index=a,
        attacked_index=b,
        clean_class=label,
        attacked_class=label_b,
        clean_score=score,
        attacked_score=score_b,
        clean_box=box,
        attacked_box=box_b,
        iou=overlap,
        centre_shift_px=math.dist(_centre(box), _centre(box_b)),
    )


def _fabricated(attacked: sv.Detections, b: int) -> ObjectDrift:
    box, label, score = _side(attacked, b)
    return ObjectDrift(
        Outcome.FABRICATED, None, b, None, label, math.nan, score, None, box, math.nan, math.nan
    )


def _side(detections: sv.Detections, i: int) -> tuple[Box, int, float]:
    x0, y0, x1, y1 = (float(v) for v in detections.xyxy[i])
    label = 0 if detections.class_id is None else int(detections.class_id[i])
    score = 1.0 if detections.confidence is None else float(detections.confidence[i])
    return (x0, y0, x1, y1), label, score


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
