"""L-BFGS: the first of all attacks, a box-constrained quasi-Newton method on distance and loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels
from monitor.attacks.balls import Box
from monitor.attacks.boundary import Nearest, tighten, time_is_up
from monitor.distances import Norm
from monitor.goals import Criterion
from monitor.knowledge import Knowledge
from monitor.objective import Objective

MEMORY: Final = 5
"""Pairs of moves and slopes that stand for the curvature; each is two frames of float64."""

APART: Final = 2.0
"""Factor between constants until one meets the goal and another does not."""


@dataclass(frozen=True, slots=True)
class LBFGS:
    """Szegedy et al. 2014 (section 4.1): min c |d|^2 - loss(x + d), x + d in [0, 1], by L-BFGS-B.

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
        loss = float(np.linalg.norm(objective.slope(x.copy()).gradient))
        if steep == 0 or loss == 0:
            return None
        low, constant, high = 0.0, loss * steep / max(2 * abs(gap.value), 1e-9), math.inf
        begin = np.zeros(x.shape, np.float32)
        for _ in range(self.searches):
            met, last = self._descend(objective, box, found, begin, constant)
            if time_is_up(objective, found):
                break
            low, high = (constant, high) if met else (low, constant)
            if low and math.isfinite(high):
                constant = math.sqrt(low * high)
            else:
                constant *= APART if met else 1 / APART
            begin = last if found.offset is None else found.offset
        return tighten(objective, box, found)

    def _descend(
        self, objective: Objective, box: Box, found: Nearest, begin: Gradient, constant: float
    ) -> tuple[bool, Gradient]:
        """The minimum under one constant, from an offset; (it meets the goal, where it is)."""
        from scipy.optimize import Bounds, minimize

        shape = begin.shape
        fell: dict[float, bool] = {}

        def value(move: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
            offset = box.clip((move * 255).astype(np.float32).reshape(shape))
            here = objective.slope(box.place(offset))
            found.see(offset, None, fell=here.answer.fell)
            height = constant * float(move @ move) - here.value
            fell[height] = here.answer.fell
            slope = 2 * constant * move - here.gradient.reshape(-1).astype(np.float64)
            return height, slope

        done: Any = minimize(
            value,
            begin.reshape(-1).astype(np.float64) / 255,
            jac=True,
            method="L-BFGS-B",
            bounds=Bounds(
                *(end.reshape(-1).astype(np.float64) / 255 for end in (box.low, box.high))
            ),
            options={"maxcor": MEMORY, "maxfun": self.steps},
        )
        offset = box.clip((done.x * 255).astype(np.float32).reshape(shape))
        return fell.get(float(done.fun), False), offset
