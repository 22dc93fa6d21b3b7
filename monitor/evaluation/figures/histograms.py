"""Jensen-Shannon distances between the histograms of the two answers."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitor.drift.windows import SCORE_BINS, js_distance
from monitor.evaluation.figures.cells import FABRICATED, MISSED, Cell, Floats, Ints
from monitor.evaluation.figures.resampling import blocks_of, resampled_sums

NAMES: Final = ("js_distance_classes", "js_distance_scores")


def distance(cell: Cell, name: str) -> float | None:
    """One of `NAMES` over all frames of a condition; None where an answer holds nothing."""
    sides = _histograms(cell, name)
    clean, attacked = (
        dict(enumerate(np.bincount(bins, minlength=1).tolist())) for _, bins in sides
    )
    return js_distance(clean, attacked)


def resampled_distance(cell: Cell, name: str, value: float, *, seed: int) -> Floats | None:
    """The distance in resamples of blocks of frames; see `resampled_sums`."""
    sides = _histograms(cell, name)
    (_, clean), (_, attacked) = sides
    width = 1 + max(int(bins.max(initial=0)) for bins in (clean, attacked))
    drifted = cell.objects["outcome"] != 0
    residuals = np.bincount(cell.objects["row"][drifted], minlength=cell.count).astype(np.float64)
    blocks = blocks_of(cell.frames["clip"], residuals)
    count = int(blocks[-1]) + 1
    sums = [
        np.bincount(blocks[rows] * width + bins, minlength=count * width).reshape(count, width)
        for rows, bins in sides
    ]
    return resampled_sums(
        np.concatenate(sums, axis=1).astype(float), js_distances, value, seed=seed
    )


def js_distances(histograms: Floats) -> Floats:
    """As `windows.js_distance`, of many pairs: (n, 2 k) -> (n,), the clean k first; NaN: one is empty."""
    p, q = np.split(histograms, 2, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
        middle = (p + q) / 2
        total = sum(
            np.where(side == 0, 0.0, side * np.log2(side / middle)).sum(axis=1) for side in (p, q)
        )
    return np.asarray(np.sqrt(np.clip(total / 2, 0.0, 1.0)))


def _histograms(cell: Cell, name: str) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """(row, bin) of the objects of either answer."""
    found = []
    for answer, absent in (("clean", FABRICATED), ("attacked", MISSED)):
        chosen = cell.objects["outcome"] != absent
        if name == "js_distance_scores":
            scores = cell.objects[f"{answer}_score"][chosen]
            bins = np.minimum((scores * SCORE_BINS).astype(np.int64), SCORE_BINS - 1)
        else:
            # A model of one class may name none: class 0, as in `FrameTally`.
            bins = np.maximum(cell.objects[f"{answer}_class_id"][chosen], 0)
        found.append((cell.objects["row"][chosen], bins))
    return found[0], found[1]
