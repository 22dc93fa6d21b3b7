"""The point that an attack moves: bounds, projection and quantising, the same for all of them."""

from __future__ import annotations

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.distances import Budget, Norm
from monitor.kernels.l0_passes import mean_size
from monitor.kernels.l0_update import l0_update
from monitor.kernels.l1_update import l1_update
from monitor.kernels.l2_update import l2_update
from monitor.kernels.linf_update import linf_update

L1_SHARE = 0.01
"""Share of the values that a small L1 step is spread over: the 99th percentile of Tramer, Boneh 2019."""


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
        self._gone: Gradient | None = None
        self.pixels: Pixels = clean
        """The quantised position; a new array after every move."""

    @property
    def offset(self) -> Gradient:
        """The exact position relative to the clean frame, float32 in grey levels; not to be written."""
        return self._offset

    def put(self, offset: Gradient) -> Pixels:
        """Go to a place, float32 relative to the clean frame in grey levels; projected, clipped, rounded."""
        self._offset[...] = offset
        return self.ascend(np.zeros_like(self._offset), 0.0)

    def ascend(self, gradient: Gradient, share: float, *, whole: bool = False) -> Pixels:
        """Move uphill by a share of the budget, project, clip, round.

        Linf: every value along the gradient's sign. L2: along the gradient, share * eps long. L1: the
        steepest values, spread over `L1_SHARE` of them. L0, where a step has no length: the optimum of
        the sum of all gradients so far, each of mean size 1 (dual averaging; Nesterov 2009).

        Parameters
        ----------
        share : of eps, at least 0; 0 only projects and rounds.
        whole : this step is the whole attack, so it goes where a linear loss has its optimum: under L1 as far
            as the steepest values go.
        """
        out = np.empty_like(self._clean)
        eps = self._budget.levels
        place = self._clean, gradient, self._offset, out
        match self._budget.norm:
            case Norm.LINF:
                linf_update(*place, share * eps, eps)
            case Norm.L2:
                l2_update(*place, share * eps, eps)
            case Norm.L1:
                step = share * eps
                cap = 255.0 if whole else max(step / (L1_SHARE * out.size), 1e-3)
                l1_update(*place, step, eps, cap)
            case Norm.L0 if share > 0:
                self._offset.fill(0)
                l0_update(
                    self._clean, self._sum(gradient), self._offset, out, 0.0, eps, steepest=True
                )
            case Norm.L0:
                l0_update(*place, 0.0, eps)
        self.pixels = out
        return out

    def _sum(self, gradient: Gradient) -> Gradient:
        """The sum of the gradients of all steps, each by its mean size; what is not finite counts as 0.

        With the step of Croce, Hein 2019 (section 4) ten steps of 400 pixels did no better than noise on a
        face and on two of two targets of a classifier; along the sum they reach all three goals on the face.
        """
        mean = mean_size(gradient.reshape(-1))
        if mean > 0:
            there = np.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0) * np.float32(1 / mean)
            self._gone = there if self._gone is None else self._gone + there
        return gradient if self._gone is None else self._gone

    def scatter(self, rng: np.random.Generator) -> Pixels:
        """Jump to a random point of the ball.

        Linf: uniform in the cube. L2: a uniform direction at radius eps * u^(1/2): the exponent 1/D of
        the uniform ball would put every start on the sphere, for D is in the hundred thousands. L1: half of
        eps, in equal parts of random sign, over `L1_SHARE` of the values. L0: random colours in as many
        random pixels as the budget has.
        """
        eps = self._budget.levels
        shape: tuple[int, ...] = self._offset.shape
        match self._budget.norm:
            case Norm.LINF:
                self._offset[...] = rng.uniform(-eps, eps, shape)
            case Norm.L2:
                direction = rng.standard_normal(shape, dtype=np.float32)
                radius = eps * np.sqrt(rng.uniform())
                self._offset[...] = direction * np.float32(radius / np.linalg.norm(direction))
            case Norm.L1:
                count = max(int(L1_SHARE * self._offset.size), 1)
                chosen = rng.choice(self._offset.size, count, replace=False, shuffle=False)
                self._offset.reshape(-1)[chosen] = rng.choice((-1, 1), count) * (eps / 2 / count)
            case Norm.L0:
                pixels = self._offset.reshape(-1, shape[-1])
                count = min(int(eps), len(pixels))
                chosen = rng.choice(len(pixels), count, replace=False, shuffle=False)
                colours = rng.uniform(0, 255, (count, shape[-1]))
                pixels[chosen] = colours - self._clean.reshape(pixels.shape)[chosen]
        return self.ascend(np.zeros_like(self._offset), 0.0)
