"""Candidates -> detections: threshold, non-maximum suppression class by class, names."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch
from torchvision.ops import batched_nms

from models.detector import Candidates
from models.errors import ModelOutputError

Indexes = npt.NDArray[np.intp]
Boxes = npt.NDArray[np.float32]
BoxesAt = Callable[[Indexes, Indexes], npt.NDArray[np.floating]]


@dataclass(frozen=True, slots=True)
class Decoder:
    """The last step of a detector family.

    Attributes
    ----------
    name : of the model, for messages.
    class_names : class id -> name.
    nms : overlap from which the weaker of two boxes of a class goes; 1: none goes (queries, DETR).
    agnostic : the weaker goes whatever its class.
    single : a candidate counts for its best class only.
    most : detections kept a frame, the best; None: all.
    least_side : pixels; boxes with a shorter side are dropped before the suppression.
    crowd : candidates that may enter suppression from one group, the best; None: all. It bounds the cost
        where an attack has raised thousands.
    """

    name: str
    class_names: tuple[str, ...]
    nms: float
    agnostic: bool = False
    single: bool = False
    most: int | None = None
    crowd: int | None = None
    least_side: float = 0.0

    def __call__(
        self,
        logits: torch.Tensor,
        boxes_at: BoxesAt,
        threshold: float,
        group_of: Callable[[Indexes, Indexes], Indexes] | None = None,
    ) -> sv.Detections:
        """Detections of one frame, best first.

        Parameters
        ----------
        logits : (A, C), with or without a graph.
        boxes_at : (candidates, classes) -> their boxes, (K, 4) xyxy in pixels of the frame.
        threshold : the least score, in (0, 1).
        group_of : (candidates, classes) -> the group in which `crowd` counts; None: one for all.

        Raises
        ------
        ModelOutputError : NaN or infinity in the logits, or in the boxes of what was found.
        """
        values = logits.detach().numpy()
        check_finite(self.name, values)
        least = math.log(threshold / (1 - threshold))
        if self.single:
            rows = np.flatnonzero(values.max(1, initial=-np.inf) >= least)
            columns = values[rows].argmax(1)
        else:
            rows, columns = np.nonzero(values >= least)
        found = values[rows, columns]
        if self.crowd is not None and len(rows) > self.crowd:
            groups = group_of(rows, columns) if group_of else np.zeros_like(rows)
            kept = _best_of_groups(found, groups, self.crowd)
            rows, columns, found = rows[kept], columns[kept], found[kept]
        if not len(rows):
            return self.detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), columns)
        boxes = boxes_at(rows, columns).astype(np.float32)
        check_finite(self.name, boxes)
        if self.least_side:
            sides = np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
            kept = sides >= self.least_side
            rows, columns, found, boxes = rows[kept], columns[kept], found[kept], boxes[kept]
        scores = (1 / (1 + np.exp(-found.astype(np.float64)))).astype(np.float32)
        order = self._kept(boxes, scores, columns)[: self.most]
        return self.detections(boxes[order], scores[order], columns[order])

    def batch(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """Detections of every frame of a batch, from boxes that hold for all classes."""

        def of_frame(i: int) -> sv.Detections:
            return self(
                candidates.logits[i],
                lambda rows, _: candidates.boxes[i].detach().numpy()[rows],
                threshold,
            )

        return [of_frame(i) for i in range(len(candidates.logits))]

    def detections(
        self, boxes: Boxes, scores: npt.NDArray[np.float32], classes: Indexes
    ) -> sv.Detections:
        """The vocabulary between the packages: xyxy, confidence, class_id, data["class_name"]."""
        names = np.array(self.class_names, dtype=str)
        return sv.Detections(
            xyxy=boxes,
            confidence=scores,
            class_id=classes.astype(int),
            data={"class_name": names[classes]},
        )

    def _kept(self, boxes: Boxes, scores: npt.NDArray[np.float32], classes: Indexes) -> Indexes:
        if self.nms >= 1:
            return np.argsort(-scores, kind="stable")
        kept: Indexes = batched_nms(
            torch.from_numpy(boxes),
            torch.from_numpy(scores),
            torch.from_numpy(np.zeros_like(classes) if self.agnostic else classes),
            self.nms,
        ).numpy()
        return kept


def check_finite(name: str, values: npt.NDArray[np.floating]) -> None:
    """Pass if no value is NaN or infinite.

    Raises
    ------
    ModelOutputError : one is.
    """
    # One reduction tells: a sum with NaN or infinity in it is not finite.
    if not math.isfinite(values.sum(dtype=np.float64)):
        raise ModelOutputError(
            f"model {name}: its answer holds NaN or infinity; "
            "check the frame's values and the weights (`camdrift models`)"
        )


def _best_of_groups(scores: npt.NDArray[np.floating], groups: Indexes, most: int) -> Indexes:
    """Indexes of the `most` best of every group."""
    order = np.lexsort((-scores, groups))
    ordered = groups[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    return order[np.arange(len(order)) - starts < most]
