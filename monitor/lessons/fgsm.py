"""FGSM with every term of its formula in hand: x' = clip(x + eps * sign(grad_x J(theta, x, y)))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels
from monitor.attacks.iterate import Iterate
from monitor.lessons.desk import Desk, Made, made

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The terms at one pixel, each float64 (3,) in the order blue, green, red.

    Attributes
    ----------
    x : the frame's grey levels.
    gradient : of the loss with respect to them, per unit of [0, 1].
    sign : of the gradient: -1, 0 or 1.
    step : eps * sign, in grey levels.
    wanted : x + step, before it is clipped.
    moved : the attacked frame's grey levels: clipped to [0, 255], and whole, for a camera knows no others.
    """

    x: Values
    gradient: Values
    sign: Values
    step: Values
    wanted: Values
    moved: Values


@dataclass(frozen=True, slots=True, eq=False)
class Fgsm:
    """One step of the whole budget along the gradient's sign, and what it came to.

    Attributes
    ----------
    clean : the frame.
    gradient : float32 (H, W, 3), per unit of [0, 1].
    levels : eps in grey levels.
    made : the attacked frame.
    """

    clean: Pixels
    gradient: Gradient
    levels: float
    made: Made

    def terms(self, at: tuple[int, int]) -> Terms:
        """The formula at a pixel (column, row)."""
        x, y = at
        value, slope = self.clean[y, x].astype(float), self.gradient[y, x].astype(float)
        sign = np.sign(slope)
        step = self.levels * sign
        return Terms(value, slope, sign, step, value + step, self.made.pixels[y, x].astype(float))

    @property
    def steepness(self) -> float:
        """The gradient's L1 length: by how much a linear loss rises along the sign, for each unit of eps."""
        return float(np.abs(self.gradient).sum(dtype=np.float64))

    @property
    def predicted(self) -> float:
        """The loss at the attacked frame if it were linear: J + gradient . (x' - x)."""
        move = (self.made.pixels.astype(np.float64) - self.clean) / 255
        return self.made.before + float((self.gradient * move).sum())

    @property
    def flat(self) -> float:
        """Share of the values whose gradient is exactly 0: the loss does not hang on them at all."""
        return float((self.gradient == 0).mean())


def fgsm(desk: Desk) -> Iterator[Fgsm]:
    """One gradient, one step; the same frame as the catalogue's FGSM, bit for bit."""
    objective = desk.ask()
    _, gradient = objective.gradient(objective.pixels)
    pixels = Iterate(objective.pixels, desk.budget).ascend(gradient, 1.0, whole=True)
    yield Fgsm(desk.pixels, gradient, desk.budget.levels, made(objective, pixels))
