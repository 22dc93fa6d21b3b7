"""Why it happens: many small moves add up, for the loss is nearly linear along the gradient's sign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.lessons.desk import Desk, Made, made
from monitor.objective import Objective

POINTS = 6
"""Places on each line beside the frame itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """The loss on three lines from the frame.

    Attributes
    ----------
    eps : of the places, in grey levels, from 0 up.
    along : the loss at x + eps * sign(gradient).
    beside : the loss at x + eps * a random sign: a move as long, and blind.
    straight : where the loss would be if it were linear.
    values : of the frame; every one of them moves by eps.
    made : the last place along the gradient.
    """

    eps: tuple[float, ...]
    along: tuple[float, ...]
    beside: tuple[float, ...]
    straight: tuple[float, ...]
    values: int
    made: Made


def linear(desk: Desk) -> Iterator[Linear]:
    """Losses between the grey levels, clipped to black and white and not rounded.

    The linear explanation of Goodfellow et al. 2015 (section 3), measured: the loss along the sign is to be
    seen beside the line that the gradient promises.
    """
    objective = desk.ask()
    _, gradient = objective.gradient(objective.pixels)
    way = np.sign(gradient).astype(np.float32)
    blind: Gradient = desk.rng.choice((-1, 1), gradient.shape).astype(np.float32)
    eps = tuple(float(far) for far in np.linspace(0, desk.budget.levels, POINTS + 1))
    start = objective.answer(objective.pixels).loss
    along = [start, *(_loss(objective, desk.pixels, np.float32(far) * way) for far in eps[1:])]
    beside = [start, *(_loss(objective, desk.pixels, np.float32(far) * blind) for far in eps[1:])]
    steep = float(np.abs(gradient).sum(dtype=np.float64))
    straight = tuple(start + far / 255 * steep for far in eps)
    end = np.clip(np.rint(desk.pixels + desk.budget.levels * way), 0, 255).astype(np.uint8)
    yield Linear(eps, tuple(along), tuple(beside), straight, desk.pixels.size, made(objective, end))


def _loss(objective: Objective, clean: Pixels, move: Gradient) -> float:
    place: Gradient = np.clip(clean.astype(np.float32) + move, 0, 255)
    return objective.answer(place).loss
