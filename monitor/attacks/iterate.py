"""The point that an attack moves: bounds, projection and quantising, the same for all of them."""

from __future__ import annotations

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.distances import Budget, Norm
from monitor.kernels.l2_update import l2_update
from monitor.kernels.linf_update import linf_update

_UPDATES = {Norm.LINF: linf_update, Norm.L2: l2_update}


class Iterate:
    """A position inside a budget around a clean frame.

    `pixels` is what a camera could have delivered: uint8, within [0, 255], within the budget. The
    position itself is kept in float beside it, because steps under half a grey level would be lost.

    Parameters
    ----------
    clean : uint8 (H, W, 3); not written.
    budget : the ball around it.
    """

    def __init__(self, clean: Pixels, budget: Budget) -> None:
        self._clean = np.ascontiguousarray(clean)
        self._budget = budget
        self._offset = np.zeros(clean.shape, dtype=np.float32)
        self.pixels: Pixels = clean
        """The quantised position; a new array after every move."""

    def ascend(self, gradient: Gradient, step: float) -> Pixels:
        """Move uphill by `step` (pixel units, in the budget's norm), project, clip, round.

        Linf: the sign of the gradient times `step`; L2: the gradient's direction, `step` long.
        """
        out = np.empty_like(self._clean)
        update = _UPDATES[self._budget.norm]
        update(self._clean, gradient, self._offset, out, step * 255.0, self._budget.levels)
        self.pixels = out
        return out

    def scatter(self, rng: np.random.Generator) -> Pixels:
        """Jump to a random point of the ball.

        Linf: uniform in the cube. L2: a uniform direction at radius eps * u^(1/2): the exponent 1/D of
        the uniform ball would put every start on the sphere, for D is in the hundred thousands.
        """
        eps = self._budget.levels
        if self._budget.norm is Norm.LINF:
            self._offset[...] = rng.uniform(-eps, eps, self._offset.shape)
        else:
            direction = rng.standard_normal(self._offset.shape, dtype=np.float32)
            radius = eps * np.sqrt(rng.uniform())
            self._offset[...] = direction * np.float32(radius / np.linalg.norm(direction))
        return self.ascend(np.zeros_like(self._offset), 0.0)
