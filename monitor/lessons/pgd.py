"""PGD watched step by step, beside the one step of FGSM."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.arrays import Pixels
from monitor.attacks.iterate import Iterate
from monitor.lessons.desk import Desk, Made, made


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """A place on the way.

    Attributes
    ----------
    pixels : the frame there.
    loss : of the goal.
    linf : distance from the clean frame, grey levels.
    fell : the goal is met.
    """

    pixels: Pixels
    loss: float
    linf: float
    fell: bool


@dataclass(frozen=True, slots=True, eq=False)
class Pgd:
    """The way of PGD through the ball.

    Attributes
    ----------
    way : the frame itself, then where each step led.
    levels : eps in grey levels.
    one_step : the loss where FGSM ends, under the same budget.
    made : the last place.
    """

    way: tuple[Stop, ...]
    levels: float
    one_step: float
    made: Made

    @property
    def first_fall(self) -> int | None:
        """The first step after which the goal was met; None: after none."""
        return next((i for i, stop in enumerate(self.way) if stop.fell), None)


def pgd(desk: Desk) -> Iterator[Pgd]:
    """From the frame itself, all steps; the same frame as the catalogue's PGD, bit for bit.

    Steps shrink along half a cosine from eps, as in `monitor.attacks.pgd`.
    """
    objective, steps = desk.ask(), desk.amount
    point, way, one_step = Iterate(objective.pixels, desk.budget), [], 0.0
    for step in range(steps):
        answer, gradient = objective.gradient(point.pixels)
        far = desk.budget.length(desk.pixels, answer.pixels)
        way.append(Stop(answer.pixels, answer.loss, far, answer.fell))
        if step == 0:
            straight = Iterate(objective.pixels, desk.budget)
            one_step = objective.answer(straight.ascend(gradient, 1.0, whole=True)).loss
        point.ascend(gradient, (1 + math.cos(math.pi * step / steps)) / 2)
    end = made(objective, point.pixels)
    far = desk.budget.length(desk.pixels, end.pixels)
    way.append(Stop(end.pixels, end.after, far, end.fell))
    yield Pgd(tuple(way), desk.budget.levels, one_step, end)
