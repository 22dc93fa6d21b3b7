"""The robustness margin of a frame: the least eps at which it was seen to fall."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from monitor.attacks.driver import drive
from monitor.attacks.fmn import FMN
from monitor.attacks.shortest import Shortest
from monitor.distances import Budget, Distances, Norm
from monitor.objective import Objective

STEPS: Final = {Norm.LINF: 20, Norm.L2: 20, Norm.L1: 100, Norm.L0: 100}
"""Of FMN. Margins of four frames with faces, geometric mean after 10, 20, 40, 100: Linf 1, 1, 1, 1 levels;
L2 150, 133, 131, 128; L1 24,404, 14,259, 8,586, 6,261; L0 272, 146, 126, 83 pixels."""

POINTS: Final = 200
"""Of the curve of a run; one of more frames is thinned to so many."""


class Margin(Protocol):
    """How the margin of a frame is found, and of which frames."""

    @property
    def every(self) -> int:
        """Frames from one measurement to the next, by their index."""
        ...

    def of(
        self, objective: Objective, apart: Distances, ask: Callable[[], Objective]
    ) -> float | None:
        """In the unit of eps; infinity: the frame did not fall; None: not measured.

        Parameters
        ----------
        objective : of the frame, after the attack.
        apart : how far the attacked frame is from the clean one.
        ask : a new objective of the same frame, without limits.
        """
        ...


@dataclass(frozen=True, slots=True)
class MarginOfAttack:
    """The distance at which an attack met the goal that itself looks for the nearest frame.

    Attributes
    ----------
    norm : that of the attack.
    every : it costs nothing, so every frame.
    """

    norm: Norm
    every: int = 1

    def of(
        self, objective: Objective, apart: Distances, ask: Callable[[], Objective]
    ) -> float | None:
        """Infinity where it met none within the budget."""
        del ask
        if not objective.applies or objective.best is None:
            return None
        return float(apart.under(self.norm)) if objective.best.fell else math.inf


@dataclass(frozen=True, slots=True)
class MarginSearch:
    """FMN on every so many frames, beside the attack, as far as it takes.

    The margin is that of the frame that a camera could deliver, in whole grey levels, and an upper bound:
    a better search may find a nearer one.

    Attributes
    ----------
    norm : that of the attack.
    every : frames from one measurement to the next, by their index.
    """

    norm: Norm
    every: int

    def of(
        self, objective: Objective, apart: Distances, ask: Callable[[], Objective]
    ) -> float | None:
        """Infinity where nothing was found; `STEPS` forwards and backwards and some forwards."""
        del apart
        if not objective.applies:
            return None
        anew = ask()
        budget = Budget(self.norm, widest(self.norm, anew.pixels.shape))
        drive(Shortest(FMN(STEPS[self.norm])), anew, budget, np.random.default_rng(0))
        best = anew.best
        if best is None or not best.fell:
            return math.inf
        scale = 1.0 if self.norm is Norm.L0 else 255.0
        return best.distance / scale


def median_margin(margins: Sequence[float]) -> float | None:
    """The eps at which half of the frames have fallen; None where fewer did, or none was measured."""
    middle = statistics.median_high(margins) if margins else math.inf
    return middle if math.isfinite(middle) else None


def success_curve(margins: Sequence[float]) -> list[tuple[float, float]]:
    """(eps, share of the frames that fall at it), a step at each; at most `POINTS`, eps rising.

    The shares stop below 1 where some did not fall at all.
    """
    fallen = sorted(margin for margin in margins if math.isfinite(margin))
    steps: dict[float, float] = {}
    for i, eps in enumerate(fallen):
        steps[eps] = (i + 1) / len(margins)
    points = list(steps.items())
    if len(points) <= POINTS:
        return points
    chosen = np.linspace(0, len(points) - 1, POINTS).round().astype(int)
    return [points[i] for i in chosen]


def widest(norm: Norm, shape: tuple[int, ...]) -> float:
    """A budget that allows any frame."""
    height, width, channels = shape
    values = height * width * channels
    match norm:
        case Norm.LINF:
            return 1.0
        case Norm.L2:
            return math.sqrt(values)
        case Norm.L1:
            return float(values)
        case Norm.L0:
            return float(height * width)
