"""Expected calibration error of both answers against ground truth.

Guo, Pleiss, Sun, Weinberger 2017, "On calibration of modern neural networks", eq. 3, over fifteen bins
of equal width. A detection is correct where it is matched with a true object of its class. What the threshold
kept back is not among them: the figure is about what the detector shows.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from monitor.evaluation.figures.cells import ABSENT, FABRICATED, MISSED, Bools, Cell, Floats
from monitor.evaluation.figures.resampling import blocks_of, resampled_sums

BINS: Final = 15

_UNIT: Final = (
    2.0**30
)  # scores as whole numbers, which add up exactly in any order; see `resampled_sums`
_WIDE: Final = 1 << 20  # more than a frame has detections


def calibration_error(cell: Cell, answer: str) -> float | None:
    """In [0, 1]; None where the answer holds nothing in the frames of clips with ground truth."""
    _, bins, scores, correct = _detections(cell, answer)
    if not len(bins):
        return None
    return float(errors(_sums(np.zeros(len(bins), np.int64), bins, scores, correct, 1))[0])


def resampled_error(cell: Cell, answer: str, value: float, *, seed: int) -> Floats | None:
    """The error in resamples of blocks of frames; see `resampled_sums`."""
    rows, bins, scores, correct = _detections(cell, answer)
    frames = np.flatnonzero(cell.with_truth())
    gaps = np.bincount(rows, correct - scores, minlength=cell.count)[frames].astype(np.float64)
    block = np.zeros(cell.count, np.int64)
    block[frames] = blocks_of(cell.frames["clip"][frames], gaps)
    count = int(block.max()) + 1
    return resampled_sums(
        _sums(block[rows], bins, scores, correct, count), errors, value, seed=seed
    )


def errors(sums: Floats) -> Floats:
    """ECE of many: (n, 3 * BINS), detections, scores in units of 2^-30 and correct ones a bin; NaN: none."""
    counts, scores, correct = np.split(sums, 3, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = np.abs(correct - scores / _UNIT)
        return np.asarray(gaps.sum(axis=1) / counts.sum(axis=1))


def _sums(block: Floats, bins: Floats, scores: Floats, correct: Bools, count: int) -> Floats:
    place = block * BINS + bins
    parts = [
        np.bincount(place, weights, minlength=count * BINS).reshape(count, BINS)
        for weights in (np.ones(len(bins)), np.rint(scores * _UNIT), correct.astype(np.float64))
    ]
    return np.concatenate(parts, axis=1)


def _detections(cell: Cell, answer: str) -> tuple[Floats, Floats, Floats, Bools]:
    """(row, bin, score, correct) of each detection in frames with ground truth."""
    absent = FABRICATED if answer == "clean" else MISSED
    chosen = (cell.objects["outcome"] != absent) & cell.with_truth()[cell.objects["row"]]
    rows, place = cell.objects["row"][chosen], cell.objects[f"{answer}_index"][chosen]
    scores = cell.objects[f"{answer}_score"][chosen]
    found = cell.found(answer) & (cell.truth[f"{answer}_index"] != ABSENT)
    hits = cell.truth["row"][found] * _WIDE + cell.truth[f"{answer}_index"][found]
    correct = np.isin(rows * _WIDE + place, hits)
    # A bin holds its upper edge, not its lower one.
    bins = np.clip(np.ceil(scores * BINS).astype(np.int64) - 1, 0, BINS - 1)
    return rows, bins, scores, correct
