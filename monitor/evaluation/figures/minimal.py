"""The least budget of a sweep at which an object falls: is missed, or found under another class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from monitor.evaluation.figures.cells import MISSED, RELABELLED, Bools, Cell, Floats, Ints

_FRAME_BITS: Final = 32
_INDEX_BITS: Final = 12  # an answer has fewer than 4096 boxes


@dataclass(frozen=True, slots=True)
class Fallen:
    """Which clean objects of a condition fell.

    Attributes
    ----------
    keys : rising, one an object: of its clip, frame and place in the clean answer.
    labels : its class, a position in `classes`.
    fallen : it was missed or relabelled.
    classes : names.
    """

    keys: Ints
    labels: Ints
    fallen: Bools
    classes: tuple[str, ...]


def fallen_of(cell: Cell) -> Fallen:
    """The objects of one condition."""
    clean, columns = cell.clean, cell.objects
    keys = (
        (columns["clip"] << (_FRAME_BITS + _INDEX_BITS))
        | (columns["frame"] << _INDEX_BITS)
        | columns["clean_index"]
    )[clean]
    order = np.argsort(keys, kind="stable")
    fallen = np.isin(columns["outcome"][clean], (MISSED, RELABELLED))
    return Fallen(keys[order], columns["clean_class"][clean][order], fallen[order], cell.classes)


def minimal_eps(sweep: Sequence[Fallen], budgets: Sequence[float]) -> dict[str, Any]:
    """Over all objects of a sweep, and of each class.

    Attacks are not monotone: an object that fell at 1/255 but not at 2/255 fell at 1/255. The median is the
    least budget at which half of the objects have fallen, p05 that of the first 5 %; None where fewer fell.

    Parameters
    ----------
    sweep : the conditions; objects that are in all of them count.
    budgets : eps of each.

    Returns
    -------
    objects, never, median, p05 and by_class: {name: the same four}.
    """
    least, labels = least_budgets(sweep, budgets)
    return {
        **_figures(least),
        "by_class": {
            sweep[0].classes[label]: _figures(least[labels == label])
            for label in np.unique(labels).tolist()
        },
    }


def least_budgets(sweep: Sequence[Fallen], budgets: Sequence[float]) -> tuple[Floats, Ints]:
    """(eps, class) of each object; infinity: it never fell."""
    common = sweep[0].keys
    for one in sweep[1:]:
        common = np.intersect1d(common, one.keys, assume_unique=True)
    least = np.full(len(common), np.inf)
    for one, eps in zip(sweep, budgets, strict=True):
        fallen = one.fallen[np.searchsorted(one.keys, common)]
        least = np.where(fallen, np.minimum(least, eps), least)
    return least, sweep[0].labels[np.searchsorted(sweep[0].keys, common)]


def _figures(least: Floats) -> dict[str, Any]:
    return {
        "objects": len(least),
        "never": int(np.isinf(least).sum()),
        "median": _share_fallen(least, 1, 2),
        "p05": _share_fallen(least, 1, 20),
    }


def _share_fallen(least: Floats, over: int, under: int) -> float | None:
    """The least eps at which at least over / under of the objects have fallen; whole numbers do not round."""
    if not len(least):
        return None
    needed = -(-len(least) * over // under)
    found = float(np.sort(least)[needed - 1])
    return found if math.isfinite(found) else None
