"""One-to-one pairing of two sets of boxes by overlap; the ground under goals and drift alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import supervision as sv
from scipy.optimize import linear_sum_assignment

Floats = npt.NDArray[np.float64]


def iou_matrix(a: sv.Detections, b: sv.Detections) -> Floats:
    """Intersection over union of every box of `a` with every box of `b`, shape (len(a), len(b))."""
    boxes_a, boxes_b = a.xyxy.astype(np.float64), b.xyxy.astype(np.float64)
    low = np.maximum(boxes_a[:, None, :2], boxes_b[None, :, :2])
    high = np.minimum(boxes_a[:, None, 2:], boxes_b[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    area_a = np.prod(np.clip(boxes_a[:, 2:] - boxes_a[:, :2], 0, None), axis=1)
    area_b = np.prod(np.clip(boxes_b[:, 2:] - boxes_b[:, :2], 0, None), axis=1)
    union = area_a[:, None] + area_b[None, :] - shared
    overlap: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return overlap


def pair(a: sv.Detections, b: sv.Detections, iou: float) -> list[tuple[int, int, float]]:
    """Pairs (index in a, index in b, IoU) with IoU >= `iou`, of any class, one to one, IoU sum highest.

    Overlaps under the bar count as nothing in the sum, so a good pair is never given up for two
    pairs that would not count (scipy's Jonker-Volgenant assignment, Crouse 2016).
    """
    if not len(a) or not len(b):
        return []
    overlap = iou_matrix(a, b)
    gain = np.where(overlap >= iou, overlap, 0.0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return [
        (int(row), int(column), float(overlap[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if gain[row, column] > 0
    ]
