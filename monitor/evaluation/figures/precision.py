"""Mean average precision of both answers against ground truth, as COCO defines it.

Average precision at 101 recalls, averaged over IoU 0.50:0.05:0.95 and over the classes that occur (Lin et al.
2014, "Microsoft COCO", and its evaluation code). A run keeps what reached the detector's threshold, so the
precision-recall curve ends there, and the figure is lower than one of all detections from 0.01 up.

Written for whole columns. faster-coco-eval, which the tests hold it to, takes a Python object a box, and does
not tell which detection was right at which IoU, which an interval needs. Over four answers of 33,300 frames
it took 12 s, this takes 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.evaluation.figures.cells import FABRICATED, MISSED, Bools, Cell, Floats, Ints, boxes
from monitor.evaluation.figures.resampling import blocks_of, resampled_sums

IOUS: Final = np.linspace(0.5, 0.95, 10)
RECALLS: Final = np.linspace(0.0, 1.0, 101)
MOST_DETECTIONS: Final = 100
"""Of a class in a frame that count, the best first: COCO's maxDets."""

_STEPS: Final = 240
"""Detections are resampled in so many groups of neighbours in score, over all classes: that moves no figure,
only how finely resamples follow the curve."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Detections of classes that the ground truth has, the best first within a class and frame.

    Attributes
    ----------
    rows, labels, scores : (n,), frame, class id, score.
    right : (10, n), matched with a true object of its class at each of `IOUS`.
    true_rows, true_labels : (m,), of the true objects.
    """

    rows: Ints
    labels: Ints
    scores: Floats
    right: Bools
    true_rows: Ints
    true_labels: Ints

    @property
    def classes(self) -> list[int]:
        """Those of the true objects."""
        return [int(label) for label in np.unique(self.true_labels)]


def mean_precision(cell: Cell, answer: str) -> float | None:
    """Over the frames of clips with ground truth, in [0, 1]; None where no true object is of a known class.

    Parameters
    ----------
    answer : "clean" or "attacked".
    """
    ranked = _ranked(cell, answer)
    if not len(ranked.true_rows):
        return None
    found = []
    for label in ranked.classes:
        mine = _by_score(ranked, label)
        count = int((ranked.true_labels == label).sum())
        found += [average_precision(right[mine], count) for right in ranked.right]
    return float(np.mean(found))


def average_precision(right: Bools, count: int) -> float:
    """Mean of the precision envelope at `RECALLS`.

    Parameters
    ----------
    right : (n,), of each detection, the best first.
    count : true objects, at least 1.
    """
    hits = np.cumsum(right)
    precision = hits / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(hits / count, RECALLS, side="left")
    return float(np.append(envelope, 0.0)[place].mean())


def resampled_precision(cell: Cell, answer: str, value: float, *, seed: int) -> Floats | None:
    """The mAP in resamples of blocks of frames; see `resampled_sums`."""
    ranked = _ranked(cell, answer)
    frames = np.flatnonzero(cell.with_truth())
    known = cell.known
    recall = np.bincount(cell.truth["row"][known], minlength=cell.count).astype(np.float64)
    found = cell.truth["row"][cell.found(answer)]
    recall *= len(found) / max(int(known.sum()), 1)
    residuals = np.bincount(found, minlength=cell.count) - recall
    block = np.zeros(cell.count, np.int64)
    block[frames] = blocks_of(cell.frames["clip"][frames], residuals[frames])
    blocks = int(block.max()) + 1
    columns, widths = [], []
    most = max(20, _STEPS // len(ranked.classes))
    for label in ranked.classes:
        mine = _by_score(ranked, label)
        width = max(1, min(most, len(mine)))
        step = np.arange(len(mine)) * width // max(len(mine), 1)
        place = block[ranked.rows[mine]] * width + step
        there = block[ranked.true_rows[ranked.true_labels == label]]
        columns.append(np.bincount(there, minlength=blocks).reshape(blocks, 1))
        columns.append(_counted(place, blocks, width))
        columns += [_counted(place[right[mine]], blocks, width) for right in ranked.right]
        widths.append(width)
    sums = np.concatenate(columns, axis=1).astype(np.float64)
    return resampled_sums(sums, lambda each: _means(each, widths), value, seed=seed)


def _means(sums: Floats, widths: list[int]) -> Floats:
    """Mean of the areas under the envelopes: (n, sum(1 + 11 * widths)) -> (n,)."""
    found, first = [], 0
    for width in widths:
        count = sums[:, first, None, None]
        shown, *right = np.split(sums[:, first + 1 : first + 1 + 11 * width], 11, axis=1)
        first += 1 + 11 * width
        hits = np.cumsum(np.stack(right, axis=1), axis=2)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.nan_to_num(hits / np.cumsum(shown, axis=1)[:, None, :])
            recall = hits / count
        envelope = np.maximum.accumulate(precision[:, :, ::-1], axis=2)[:, :, ::-1]
        gained = np.diff(recall, axis=2, prepend=0)
        found.append((envelope * gained).sum(axis=2).mean(axis=1))
    known = ~np.isnan(np.stack(found))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nansum(np.stack(found), axis=0) / known.sum(axis=0))


def _counted(place: Ints, blocks: int, width: int) -> Ints:
    return np.bincount(place, minlength=blocks * width).reshape(blocks, width)


def _by_score(ranked: Ranked, label: int) -> Ints:
    """The detections of a class, the best first; of equal scores the earlier frame first."""
    mine = np.flatnonzero(ranked.labels == label)
    return mine[np.argsort(-ranked.scores[mine], kind="stable")]


def _ranked(cell: Cell, answer: str) -> Ranked:
    there = np.flatnonzero(cell.known)
    true_labels = cell.truth["class_id"][there]
    labels = cell.objects[f"{answer}_class_id"]
    chosen = cell.objects["outcome"] != (FABRICATED if answer == "clean" else MISSED)
    chosen &= cell.with_truth()[cell.objects["row"]] & np.isin(labels, np.unique(true_labels))
    found = np.flatnonzero(chosen)
    scores = cell.objects[f"{answer}_score"]
    found = found[np.lexsort((-scores[found], labels[found], cell.objects["row"][found]))]
    width = int(max(labels.max(initial=0), true_labels.max(initial=0))) + 1
    group = cell.objects["row"][found] * width + labels[found]
    rank = _ranks(group)
    found, group, rank = (each[rank < MOST_DETECTIONS] for each in (found, group, rank))
    true_group = cell.truth["row"][there] * width + true_labels
    order = np.argsort(true_group, kind="stable")
    there = there[order]
    right = matched(
        boxes(cell.objects, found, f"{answer}_"),
        group,
        rank,
        boxes(cell.truth, there),
        true_group[order],
    )
    return Ranked(
        cell.objects["row"][found],
        labels[found],
        scores[found],
        right,
        cell.truth["row"][there],
        true_labels[order],
    )


def _ranks(group: Ints) -> Ints:
    """Position of each entry in its group; equal groups stand together."""
    position = np.arange(len(group))
    new = np.ones(len(group), bool)
    new[1:] = group[1:] != group[:-1]
    return position - np.maximum.accumulate(np.where(new, position, 0))


def matched(found: Floats, group: Ints, rank: Ints, true: Floats, true_group: Ints) -> Bools:
    """Which detections are right at each of `IOUS`, (10, n).

    COCO's rule: within a group, a class in a frame, the best detection takes the true object that it overlaps
    most, at least by the IoU asked for, then the next one takes one of those that are left.

    Parameters
    ----------
    found, group, rank : (n, 4), (n,), (n,) of the detections, by group, then from the best on.
    true, true_group : (m, 4), (m,) of the true objects, by group.
    """
    first = np.searchsorted(true_group, group, side="left")
    counts = np.searchsorted(true_group, group, side="right") - first
    detection = np.repeat(np.arange(len(group)), counts)
    inside = np.arange(len(detection)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = first[detection] + inside
    overlap = _overlaps(found[detection], true[place])
    near = overlap >= IOUS[0]
    detection, place, overlap = detection[near], place[near], overlap[near]
    # By rank, then the nearest first; of equals COCO takes the last one.
    order = np.lexsort((-place, -overlap, detection, rank[detection]))
    detection, place, overlap = detection[order], place[order], overlap[order]
    ends = np.cumsum(np.bincount(rank[detection], minlength=1))
    right = np.zeros((len(IOUS), len(group)), bool)
    for number, bar in enumerate(IOUS):
        taken = np.zeros(len(true_group), bool)
        begin = 0
        for end in (
            ends.tolist()
        ):  # a detection of each group at a time, so that none are in each other's way
            part = slice(begin, end)
            free = (overlap[part] >= bar) & ~taken[place[part]]
            mine, theirs = detection[part][free], place[part][free]
            best = np.ones(len(mine), bool)
            best[1:] = mine[1:] != mine[:-1]
            right[number, mine[best]] = True
            taken[theirs[best]] = True
            begin = end
    return right


def _overlaps(a: Floats, b: Floats) -> Floats:
    """IoU of each pair, (n, 4) xyxy twice."""
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    areas = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(shared / (areas - shared))
