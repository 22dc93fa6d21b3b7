"""Average precision, recall and false boxes of detections against known boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import supervision as sv
from torchvision.ops import box_iou

IOU = 0.5
"""Overlap from which a detection is of an object."""

LEAST_SCORE = 0.01
"""Detections below it do not enter the average precision."""

Boxes = npt.NDArray[np.float32]
AnyBoxes = npt.NDArray[np.number]


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture: what is in it, and what was found.

    Attributes
    ----------
    boxes : float32 (n, 4) xyxy pixels, what is there; `labels` : their class names.
    found : detections of score >= LEAST_SCORE, with data["class_name"].
    size : (width, height) of the picture.
    """

    boxes: Boxes
    labels: tuple[str, ...]
    found: sv.Detections
    size: tuple[int, int]


def ap50(pictures: Sequence[Seen], name: str, threshold: float = LEAST_SCORE) -> float | None:
    """COCO's average precision of one class at IoU 0.5 (Lin et al. 2014); None without objects of it.

    Parameters
    ----------
    threshold : only detections of at least that score count.
    """
    from faster_coco_eval import COCO, COCOeval_faster

    images: list[dict[str, object]] = []
    truth: list[dict[str, object]] = []
    answers: list[dict[str, object]] = []
    for number, seen in enumerate(pictures, start=1):
        images.append({"id": number, "width": seen.size[0], "height": seen.size[1]})
        for box, label in zip(seen.boxes, seen.labels, strict=True):
            if label == name:
                truth.append(_annotation(box, number) | {"id": len(truth) + 1, "iscrowd": 0})
        for box, score in _of_class(seen.found, name, threshold):
            answers.append(_annotation(box, number) | {"score": score})
    if not truth:
        return None
    if not answers:
        return 0.0
    categories = [{"id": 1, "name": name}]
    ground = COCO({"images": images, "annotations": truth, "categories": categories})
    evaluation = COCOeval_faster(ground, ground.loadRes(answers), "bbox", print_function=_silent)
    evaluation.params.iouThrs = np.array([IOU])
    evaluation.evaluate()
    evaluation.accumulate()
    precision = np.asarray(evaluation.eval["precision"])[0, :, 0, 0, -1]
    return float(precision.mean())


def recall(
    pictures: Sequence[Seen], threshold: float, wanted: str | None = None
) -> tuple[int, int]:
    """(found, there): objects that a detection of score >= threshold overlaps by IoU >= 0.5.

    Parameters
    ----------
    wanted : only objects of that class, found as that class; None: all objects, found as anything.
    """
    hits = total = 0
    for seen in pictures:
        mine = [i for i, label in enumerate(seen.labels) if wanted is None or label == wanted]
        total += len(mine)
        boxes = np.array([box for box, _ in _of_class(seen.found, wanted, threshold)], np.float32)
        if mine and len(boxes):
            hits += int((overlaps(seen.boxes[mine], boxes).max(axis=1) >= IOU).sum())
    return hits, total


def boxes_a_picture(pictures: Sequence[Seen], threshold: float) -> float:
    """Detections of score >= threshold a picture: all false where nothing is there."""
    count = sum(int((scores(seen.found) >= threshold).sum()) for seen in pictures)
    return count / len(pictures)


def overlaps(first: AnyBoxes, second: AnyBoxes) -> npt.NDArray[np.float32]:
    """IoU of every pair, float32 (n, m)."""
    import torch

    iou: npt.NDArray[np.float32] = box_iou(
        torch.from_numpy(np.asarray(first, np.float32)),
        torch.from_numpy(np.asarray(second, np.float32)),
    ).numpy()
    return iou


def scores(found: sv.Detections) -> npt.NDArray[np.float32]:
    """The scores, an empty array where nothing was found."""
    return np.zeros(0, np.float32) if found.confidence is None else found.confidence


def _of_class(
    found: sv.Detections, name: str | None, threshold: float
) -> list[tuple[Boxes, float]]:
    names = found.data.get("class_name", np.zeros(0, str))
    return [
        (box, float(score))
        for box, score, of in zip(found.xyxy, scores(found), names, strict=True)
        if score >= threshold and (name is None or of == name)
    ]


def _annotation(box: Boxes, picture: int) -> dict[str, object]:
    left, top, right, bottom = (float(v) for v in box)
    width, height = right - left, bottom - top
    return {
        "image_id": picture,
        "category_id": 1,
        "bbox": [left, top, width, height],
        "area": width * height,
    }


def _silent(*_: object) -> None:
    """COCOeval reports its progress; nobody asked."""
