"""Figures that are one sum over frames divided by another, of all objects or of some, and their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.drift.intervals import lower_bound, ratio_interval, upper_bound
from monitor.drift.windows import RATIOS
from monitor.evaluation.figures.cells import (
    FABRICATED,
    KEPT,
    MISSED,
    RELABELLED,
    Bools,
    Cell,
    Column,
    Floats,
    areas,
)
from monitor.evaluation.figures.resampling import MOST_ENTRIES, lengths_of, starts_of

OF_TRUTH: Final = ("recall_clean", "recall_attacked")
NAMES: Final = (*RATIOS, *OF_TRUTH)
OF_OBJECTS: Final = ("miss_rate", "relabel_rate", "score_drop", *OF_TRUTH)
"""Those that can be asked of a class or a size alone."""

PROPORTIONS: Final = frozenset({"miss_rate", "relabel_rate", "attack_success_rate", *OF_TRUTH})
"""Shares of things counted, in [0, 1]."""

SIZES: Final = ("small", "medium", "large")
_SIDES: Final = (32.0, 96.0)
"""Pixels; COCO's bounds between the sizes, an area under 32^2 and under 96^2 (Lin et al. 2014)."""

RESAMPLES: Final = 2000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects: of one class, of one size, or all.

    Attributes
    ----------
    label : position of the class in `Cell.classes`; None: all.
    size : one of `SIZES`; None: all.
    """

    label: int | None = None
    size: str | None = None


ALL: Final = Selection()


@dataclass(frozen=True, slots=True)
class Series:
    """What each frame adds above and below the line.

    Attributes
    ----------
    over, under : (frames,).
    clips : (frames,), the clip of each.
    proportion : a share of things counted.
    """

    over: Floats
    under: Floats
    clips: Column
    proportion: bool

    def value(self) -> float | None:
        """The ratio of the sums; None where there is nothing to divide by."""
        total = float(self.under.sum())
        return float(self.over.sum()) / total if total else None

    def interval(self, *, seed: int) -> list[float] | None:
        """[low, high] of the 95 % interval; None where there are too few frames."""
        thin = self.thinned()
        both = ratio_interval(
            thin.over,
            thin.under,
            seed=seed,
            clips=lengths_of(thin.clips),
            resamples=RESAMPLES,
            proportion=self.proportion,
        )
        return None if both is None else [float(both[0]), float(both[1])]

    def bound(self, side: str, level: float, *, seed: int) -> float | None:
        """The "upper" or "lower" one-sided bound that holds with that confidence."""
        thin = self.thinned()
        found = (upper_bound if side == "upper" else lower_bound)(
            thin.over,
            thin.under,
            seed=seed,
            level=level,
            resamples=RESAMPLES,
            clips=lengths_of(thin.clips),
            proportion=self.proportion,
        )
        return None if found is None else float(found)

    def thinned(self) -> Series:
        """Neighbours within a clip summed, so that about `MOST_ENTRIES` are left, and one a clip at least."""
        count = len(self.over)
        step = -(-count // MOST_ENTRIES)
        if step <= 1:
            return self
        starts = starts_of(self.clips, step)
        return Series(
            np.add.reduceat(self.over, starts),
            np.add.reduceat(self.under, starts),
            self.clips[starts],
            self.proportion,
        )


def series(cell: Cell, name: str, chosen: Selection = ALL) -> Series:
    """The series of one of `NAMES`; of a selection, one of `OF_OBJECTS`.

    Classes and sizes are those of the clean object, or of the true one for recall. Objects of a class that
    the model does not know are not in the recall.
    """
    over, under = _sums(cell, name, chosen)
    return Series(over, under, cell.frames["clip"], name in PROPORTIONS)


def labels_of(cell: Cell) -> list[int]:
    """The classes of clean objects and of true ones that the model knows, as positions in `Cell.classes`."""
    seen = cell.objects["clean_class"][cell.clean], cell.truth["class"][cell.known]
    return [int(label) for label in np.unique(np.concatenate(seen)) if label >= 0]


def of_size(area: Floats, size: str) -> Bools:
    """Which areas, square pixels, are of one of `SIZES`."""
    small, medium = (side**2 for side in _SIDES)
    if size == "small":
        return area < small
    if size == "medium":
        return (area >= small) & (area < medium)
    return area >= medium


def _sums(cell: Cell, name: str, chosen: Selection) -> tuple[Floats, Floats]:
    if name in OF_TRUTH:
        mine = cell.known & _selected(chosen, cell.truth["class"], areas(cell.truth))
        found = mine & cell.found(name.removeprefix("recall_"))
        return _a_frame(cell, "truth", found), _a_frame(cell, "truth", mine)
    if name == "attack_success_rate":
        success = cell.frames["success"]
        return (success == 1).astype(np.float64), (success >= 0).astype(np.float64)
    outcome = cell.objects["outcome"]
    if name == "fabrications_per_frame":
        return _a_frame(cell, "objects", outcome == FABRICATED), np.ones(cell.count)
    if name == "centre_shift_px":
        both = (outcome == KEPT) | (outcome == RELABELLED)
        return _a_frame(cell, "objects", both, name), _a_frame(cell, "objects", both)
    mine = cell.clean & _selected(
        chosen, cell.objects["clean_class"], areas(cell.objects, "clean_")
    )
    under = _a_frame(cell, "objects", mine)
    if name == "score_drop":
        return _a_frame(cell, "objects", mine, name), under
    wanted = MISSED if name == "miss_rate" else RELABELLED
    return _a_frame(cell, "objects", mine & (outcome == wanted)), under


def _selected(chosen: Selection, labels: Column, area: Floats) -> Bools:
    mine = np.ones(len(labels), bool)
    if chosen.label is not None:
        mine &= labels == chosen.label
    if chosen.size is not None:
        mine &= of_size(area, chosen.size)
    return mine


def _a_frame(cell: Cell, table: str, chosen: Bools, column: str | None = None) -> Floats:
    """How many of the chosen rows each frame has, or the sum of a column over them."""
    columns = cell.objects if table == "objects" else cell.truth
    weights = None if column is None else columns[column][chosen]
    return np.bincount(columns["row"][chosen], weights, minlength=cell.count).astype(np.float64)
