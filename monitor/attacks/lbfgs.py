"""L-BFGS: the first of all attacks, a box-constrained quasi-Newton method on distance and loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.attacks.balls import Box
from monitor.attacks.boundary import Nearest, tighten, time_is_up
from monitor.attacks.quasi_newton import minimize_in_box
from monitor.distances import Norm
from monitor.goals import Criterion
from monitor.knowledge import Knowledge
from monitor.objective import Objective

APART: Final = 2.0
"""Factor between constants until one meets the goal and another does not; where none has met it, its square,
the square of that, ...: with 2 alone one of five targets was out of reach, and with 10 the nearest frame of
another photograph lay half as far again."""


@dataclass(frozen=True, slots=True)
class LBFGS:
    """Szegedy et al. 2014 (section 4.1): min c |d|^2 - loss(x + d), x + d in [0, 1], by L-BFGS in a box.

    The greatest c whose minimum meets the goal is searched for, from the one that is right on a linear
    model, |loss slope| / (2 * distance). Every place that is looked at counts, not only the minima.
    `monitor.attacks.boundary.tighten` ends it. The paper's loss is the cross-entropy; this is the goal's own
    (`monitor.losses`), which does not saturate where the model is sure.

    Attributes
    ----------
    steps : evaluations under each constant, at most.
    searches : constants.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.L2})

    steps: int = 20
    searches: int = 5

    def nearest(
        self, objective: Objective, x: Pixels, norm: Norm, rng: np.random.Generator
    ) -> Gradient | None:
        """The offset of the nearest place found that meets the goal; None: none was found.

        About `searches` * `steps` + 2 forwards and backwards, and some forwards to tighten.
        """
        del rng
        box, found = Box.around(x), Nearest(norm)
        gap = objective.slope(x, Criterion.GAP)
        steep = float(np.linalg.norm(gap.gradient))
        loss = float(np.linalg.norm(objective.slope(x.astype(np.float32)).gradient))
        if steep == 0 or loss == 0:
            return None
        looser, low, high = APART, 0.0, math.inf
        constant = loss * steep / max(2 * abs(gap.value), 1e-9)
        begin = np.zeros(x.shape, np.float32)
        for _ in range(self.searches):
            met, last = self._descend(objective, box, found, begin, constant)
            if time_is_up(objective, found):
                break
            low, high = (constant, high) if met else (low, constant)
            if low and math.isfinite(high):
                constant = math.sqrt(low * high)
            elif met:
                constant *= APART
            else:
                constant, looser = constant / looser, looser * looser
            begin = last if found.offset is None else found.offset
        return tighten(objective, box, found)

    def _descend(
        self, objective: Objective, box: Box, found: Nearest, begin: Gradient, constant: float
    ) -> tuple[bool, Gradient]:
        """The minimum under one constant, from an offset; (it meets the goal, where it is)."""
        fell: dict[float, bool] = {}

        def value(move: Gradient) -> tuple[float, Gradient]:
            offset = np.float32(255) * move
            here = objective.slope(box.place(offset))
            found.see(offset, None, fell=here.answer.fell)
            height = constant * float(np.vdot(move, move)) - here.value
            fell[height] = here.answer.fell
            return height, np.float32(2 * constant) * move - here.gradient

        def clip(move: Gradient) -> Gradient:
            return box.clip(np.float32(255) * move) / np.float32(255)

        # Where the loss is linear, a step of 1 / (2 c) ends at the minimum.
        lowest, height = minimize_in_box(
            value, begin / np.float32(255), clip, self.steps, stride=0.5 / constant
        )
        return fell[height], np.float32(255) * lowest
