"""The minimal-perturbation problem: the nearest frame that falls, guessed from the slope and searched for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitor.arrays import Pixels
from monitor.attacks.balls import steepness
from monitor.distances import Budget, Norm
from monitor.goals import Criterion
from monitor.lessons.desk import Desk, Made, NothingToShow
from monitor.margin import widest


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The nearest frame that was found.

    Attributes
    ----------
    norm : in which it is near.
    clean : the frame as it came.
    gap : logits by which the clean frame misses the goal, below 0.
    guessed : how far the boundary would be if the gap were linear, in the unit of eps; infinity: flat.
    found : how far the nearest frame is that fell, in the unit of eps.
    made : that frame.
    """

    norm: Norm
    clean: Pixels
    gap: float
    guessed: float
    found: float
    made: Made


def nearest(desk: Desk) -> Iterator[Nearest]:
    """The least ||d||_p with the goal met at x + d and 0 <= x + d <= 1 (Szegedy et al. 2014, section 4.1).

    Guessed: |gap| / ||its gradient||_q with 1/p + 1/q = 1, the distance to a plane (Moosavi-Dezfooli et al.
    2016, eq. 3 and section 3). Searched: FMN (Pintor et al. 2021), then the grey levels.

    Raises
    ------
    NothingToShow : no frame that falls was found.
    """
    objective, norm = desk.ask(), desk.budget.norm
    slope = objective.slope(objective.pixels, Criterion.GAP)
    steep = steepness(slope.gradient, norm)
    guessed = -slope.value / steep if steep > 0 else math.inf
    if norm is Norm.L0:
        guessed *= 255  # `steepness` is per grey level there, the gap's slope per unit of [0, 1]
    wide = replace(desk, budget=Budget(norm, widest(norm, desk.pixels.shape)))
    end = wide.driven("fmn", objective, steps=desk.amount)
    if not end.fell:
        raise NothingToShow(
            f"no frame that meets the goal was found under {norm}: try more steps, another norm or goal"
        )
    yield Nearest(norm, desk.pixels, slope.value, guessed, float(end.apart.under(norm)), end)
