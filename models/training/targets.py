"""From boxes to what the network is asked to answer, cell by cell (TTFNet, Liu et al. 2020, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.nano import STRIDE
from models.training.sample import Sample

Floats = npt.NDArray[np.float32]

SPREAD = 0.54
"""Share of a box that its bump on the heat map covers; alpha and beta of the paper."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What the network is asked for on one picture.

    Attributes
    ----------
    heat : float32 (C, h, w); 1 in the cell of an object's centre, falling off around it.
    counted : bool (C, h, w); where an answer is held against the network.
    boxes : float32 (4, h, w), xyxy in pixels of the object that a cell answers for.
    weight : float32 (h, w), of that box; 0 where there is none. Sums to 1 over an object.
    """

    heat: Floats
    counted: npt.NDArray[np.bool_]
    boxes: Floats
    weight: Floats


def targets(sample: Sample, classes: int) -> Targets:
    """The targets of one sample; the side of its picture is a multiple of the stride."""
    height, width = (n // STRIDE for n in sample.pixels.shape[:2])
    heat = np.zeros((classes, height, width), np.float32)
    counted = np.broadcast_to(sample.known[:, None, None], heat.shape).copy()
    for box in sample.boxes:  # whatever an object is, it is known to be nothing else
        counted[:, *_cells(box, height, width)] = True
    for box in sample.ignored:
        counted[:, *_cells(box, height, width)] = False
    boxes = np.zeros((4, height, width), np.float32)
    weight = np.zeros((height, width), np.float32)
    x = (np.arange(width, dtype=np.float32) + 0.5) * STRIDE
    y = (np.arange(height, dtype=np.float32) + 0.5) * STRIDE
    size = sample.boxes[:, 2:] - sample.boxes[:, :2]
    for i in np.argsort(-size.prod(axis=1)):  # small ones last: they win where boxes overlap
        box, label = sample.boxes[i], sample.labels[i]
        column, row = (
            min(int((box[a] + box[a + 2]) / 2 / STRIDE), n - 1)
            for a, n in ((0, width), (1, height))
        )
        across, down = (_bump(n, centre, int(box_size / STRIDE * SPREAD / 2)) for n, centre, box_size in (
            (width, column, size[i, 0]), (height, row, size[i, 1])
        ))  # fmt: skip
        bump = np.outer(down, across)
        np.maximum(heat[label], bump, out=heat[label])
        inside = np.outer((y > box[1]) & (y < box[3]), (x > box[0]) & (x < box[2]))
        inside[row, column] = True
        counted[:, row, column] = True
        share = bump * inside
        mine = share > 0
        boxes[:, mine] = box[:, None]
        weight[mine] = (share / share.sum())[mine]
    return Targets(heat, counted, boxes, weight)


def _bump(length: int, centre: int, radius: int) -> Floats:
    """A Gaussian of one dimension, cut off at `radius` cells from the centre."""
    distance = np.arange(length) - centre
    sigma = (2 * radius + 1) / 6
    values = np.exp(-(distance**2) / (2 * sigma**2))
    return np.where(np.abs(distance) <= radius, values, 0).astype(np.float32)


def _cells(box: npt.NDArray[np.float32], height: int, width: int) -> tuple[slice, slice]:
    left, top, right, bottom = box / STRIDE
    rows = slice(max(int(top), 0), min(int(np.ceil(bottom)), height))
    return rows, slice(max(int(left), 0), min(int(np.ceil(right)), width))
