"""The figures of a condition by class, by size and by clip."""

from __future__ import annotations

from typing import Any

import numpy as np

from monitor.evaluation.figures.cells import Cell, Floats, areas
from monitor.evaluation.figures.rates import (
    OF_OBJECTS,
    OF_TRUTH,
    SIZES,
    Selection,
    labels_of,
    of_size,
    series,
)


def by_class(cell: Cell, *, seed: int) -> dict[str, Any]:
    """Class -> figures, intervals and the number of clean objects; in the model's order."""
    counts = np.bincount(
        cell.objects["clean_class"][cell.clean], minlength=len(cell.classes)
    ).tolist()
    return {
        cell.classes[label]: _part(cell, Selection(label=label), counts[label], seed)
        for label in labels_of(cell)
    }


def by_size(cell: Cell, *, seed: int) -> dict[str, Any]:
    """Size -> the same, for the sizes that occur; areas are of the boxes at the working size."""
    clean = areas(cell.objects, "clean_")[cell.clean]
    true = areas(cell.truth)[cell.known]
    return {
        size: _part(cell, Selection(size=size), int(of_size(clean, size).sum()), seed)
        for size in SIZES
        if of_size(clean, size).any() or of_size(true, size).any()
    }


def by_clip(cell: Cell) -> dict[str, dict[str, Any]]:
    """Clip -> miss_rate, attack_success_rate (null where there is nothing to divide by) and frames."""
    numbers, position = np.unique(cell.frames["clip"], return_inverse=True)
    found: dict[str, dict[str, Any]] = {cell.clips[number].name: {} for number in numbers.tolist()}
    for name in ("miss_rate", "attack_success_rate"):
        one = series(cell, name)
        over, under = (_a_clip(position, each, len(numbers)) for each in (one.over, one.under))
        for entry, above, below in zip(found.values(), over.tolist(), under.tolist(), strict=True):
            entry[name] = above / below if below else None
    frames = np.bincount(position, minlength=len(numbers)).tolist()
    for entry, count in zip(found.values(), frames, strict=True):
        entry["frames"] = count
    return found


def _a_clip(position: Any, values: Floats, count: int) -> Floats:
    return np.bincount(position, values, minlength=count).astype(np.float64)


def _part(cell: Cell, chosen: Selection, objects: int, seed: int) -> dict[str, Any]:
    has_truth = bool(cell.known.any())
    names = [name for name in OF_OBJECTS if has_truth or name not in OF_TRUTH]
    found = {name: series(cell, name, chosen) for name in names}
    return {
        "figures": {name: one.value() for name, one in found.items()},
        "intervals": {name: one.interval(seed=seed) for name, one in found.items()},
        "objects": objects,
    }
