"""How far is far: one attack under a budget in one norm, measured in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from monitor.arrays import Pixels
from monitor.distances import Budget, Norm
from monitor.lessons.desk import Desk, Made

STEPS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Norms:
    """A frame that PGD made.

    Attributes
    ----------
    budget : that it kept.
    clean : the frame as it came.
    made : the attacked frame.
    """

    budget: Budget
    clean: Pixels
    made: Made


def norms(desk: Desk) -> Iterator[Norms]:
    """PGD from the frame itself, to the end of its steps, so that the budget is used as far as it goes."""
    words = {"steps": STEPS, "random_start": False, "early_stop": False, "restarts": 1}
    yield Norms(desk.budget, desk.pixels, desk.driven("pgd", desk.ask(), **words))


def share_of(clean: Pixels, attacked: Pixels, at: tuple[int, int], norm: Norm) -> float:
    """What one pixel adds to the distance, under L2 before the root is taken.

    Linf: its largest move. L2: the sum of its squared moves. L1: the sum of its moves. L0: 1 where it moved.
    In pixel units of [0, 1].
    """
    x, y = at
    moves = np.abs(attacked[y, x].astype(float) - clean[y, x]) / 255
    match norm:
        case Norm.LINF:
            return float(moves.max())
        case Norm.L2:
            return float((moves**2).sum())
        case Norm.L1:
            return float(moves.sum())
        case Norm.L0:
            return float(moves.any())
