"""Carlini and Wagner: distance and gap in one loss, weighed by a constant that is searched for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.attacks.balls import Box
from monitor.attacks.boundary import Nearest, per_level, tighten, time_is_up
from monitor.attacks.leap import BEYOND, leap
from monitor.distances import Norm
from monitor.goals import Criterion
from monitor.knowledge import Knowledge
from monitor.objective import Objective

INSIDE: Final = np.float32(1 - 1e-6)
"""Black and white lie at infinity of w; they are taken to be this share of the way from grey."""

MEANS: Final = (0.9, 0.999)
"""What Adam keeps of its means of the gradient and of its square."""

LAST: Final = 0.05
"""The last step as a share of the first, along half a cosine; the paper's are all alike."""


@dataclass(frozen=True, slots=True)
class CarliniWagner:
    """Carlini, Wagner 2017 (section VI A, with f6 of section V A at confidence 0).

    min |d|^2 + c * max(-gap, 0) over w, by Adam, where x + d = (tanh(w) + 1) / 2 never leaves [0, 1]; c is
    halved towards the least with which the goal is met. On a linear model that is 2 |gap| / |g|^2, and d is
    |gap| / |g| long: the search begins at `constant` times the one, and Adam's step is `rate` times the root
    mean square of the other, where the authors have 0.001 and 0.01 for all models. It begins at
    that d, and every constant goes on from the best before. `monitor.attacks.boundary.tighten` ends it.

    Attributes
    ----------
    steps : of each constant.
    searches : constants.
    rate : first step of Adam. Over 8 photographs of 112 x 112 the mean L2 was 0.088, 0.076, 0.074, 0.071 and
        0.070 with rates of 0.1, 0.2, 0.5, 1 and 2; the median 0.0278, 0.0278, 0.0263, 0.0259 and 0.0269.
    constant : the first.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.L2})

    steps: int = 40
    searches: int = 5
    rate: float = 1.0
    constant: float = 2.0

    def nearest(
        self, objective: Objective, x: Pixels, norm: Norm, rng: np.random.Generator
    ) -> Gradient | None:
        """The offset of the nearest place found that meets the goal; None: none was found.

        At most `searches` * `steps` + 1 forwards and backwards, and some forwards to tighten.
        """
        del rng
        box, found = Box.around(x), Nearest(norm)
        first = objective.slope(x, Criterion.GAP)
        steep = float(np.linalg.norm(first.gradient))
        if steep == 0:
            return None
        far = abs(first.value) / steep
        rate = self.rate * 2 * far / math.sqrt(x.size)  # tanh halves a step
        low, constant, high = 0.0, self.constant * 2 * far / steep, math.inf
        begin = leap(per_level(first), box, norm, abs(first.value) * BEYOND)
        for _ in range(self.searches):
            met, last = self._descend(objective, box, found, begin, constant, rate)
            if time_is_up(objective, found):
                break
            low, high = (low, constant) if met else (constant, high)
            constant = (low + high) / 2 if math.isfinite(high) else 10 * constant
            begin = last if found.offset is None else found.offset
        return tighten(objective, box, found)

    def _descend(
        self,
        objective: Objective,
        box: Box,
        found: Nearest,
        begin: Gradient,
        constant: float,
        rate: float,
    ) -> tuple[bool, Gradient]:
        """Adam under one constant, from an offset; (the goal was met, the last offset).

        All steps are taken: given up after a quarter of them without progress, 5 x 10 met none of two
        photographs' hardest of five targets, and 5 x 40 ended at 0.88 and 0.89 instead of 0.75 and 0.60.
        """
        w = np.arctanh(np.clip((begin - box.low) / np.float32(127.5) - 1, -INSIDE, INSIDE))
        adam, met, offset = _Adam(w), False, begin
        for i in range(self.steps):
            squashed = np.tanh(w)
            offset = box.clip((squashed + 1) * np.float32(127.5) + box.low)
            here = objective.slope(box.place(offset), Criterion.GAP)
            fell = here.answer.fell
            found.see(offset, None, fell=fell)
            met |= fell
            move = offset / np.float32(255)
            if time_is_up(objective, found):
                break
            slope = 2 * move
            if not fell:
                slope -= np.float32(constant) * here.gradient
            slope *= (1 - squashed * squashed) / 2
            cosine = (1 + math.cos(math.pi * i / self.steps)) / 2
            adam.step(slope, rate * (LAST + (1 - LAST) * cosine))
        return met, offset


class _Adam:
    """Adam (Kingma, Ba 2015) on one array, which it writes."""

    def __init__(self, place: Gradient) -> None:
        self._place = place
        self._mean, self._square = np.zeros_like(place), np.zeros_like(place)
        self._taken = 0

    def step(self, slope: Gradient, rate: float) -> None:
        self._taken += 1
        keep, keep_square = MEANS
        self._mean += np.float32(1 - keep) * (slope - self._mean)
        self._square += np.float32(1 - keep_square) * (slope * slope - self._square)
        size = np.sqrt(self._square / np.float32(1 - keep_square**self._taken))
        share = np.float32(rate / (1 - keep**self._taken))
        self._place -= share * self._mean / (size + np.float32(1e-12))
