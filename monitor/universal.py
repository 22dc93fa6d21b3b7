"""Universal perturbations: one for a whole clip."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.attacks.driver import Attack, drive
from monitor.attacks.iterate import Iterate
from monitor.attacks.momentum import take_in
from monitor.distances import Budget, Norm
from monitor.knowledge import Knowledge
from monitor.objective import Objective
from monitor.perturbers import Perturbed, Perturber
from streams.frame import Frame

GREY = 128
"""The frame that the perturbation itself is stepped on: far from black and white, no step is clipped."""


@dataclass(frozen=True, slots=True)
class UniversalStep:
    """One gradient at a frame that wears the perturbation, one step of it.

    Attributes
    ----------
    learn : frames to learn on.
    step : of each, as a share of eps.
    decay : of the momentum of gradients, each divided by the mean of its absolute values.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.LINF, Norm.L2})

    learn: int = 50
    step: float = 0.2
    decay: float = 0.9

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """On a frame of its own: the first step from nothing."""
        return _Worn(self, Carried.fresh(x, budget)).run(objective, x, budget, rng)


@dataclass(slots=True)
class Carried:
    """What was learnt so far.

    Attributes
    ----------
    place : the perturbation, on a grey frame.
    momentum : of gradients.
    frames : learnt on.
    """

    place: Iterate
    momentum: Gradient
    frames: int = 0

    @classmethod
    def fresh(cls, x: Pixels, budget: Budget) -> Carried:
        """Nothing yet, for frames of this size."""
        return cls(Iterate(np.full_like(x, GREY), budget), np.zeros(x.shape, np.float32))


@dataclass(frozen=True, slots=True)
class _Worn:
    """The perturbation put on a frame; learns from it while there is something to learn."""

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = UniversalStep.norms

    step: UniversalStep
    carried: Carried

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """The frame with what is worn."""
        del rng
        worn, carried = Iterate(x, budget), self.carried
        worn.put(carried.place.offset)
        if carried.frames >= self.step.learn:
            return worn.pixels
        _, gradient = objective.gradient(worn.pixels)
        if take_in(carried.momentum, gradient, self.step.decay):
            carried.place.ascend(carried.momentum, self.step.step)
            carried.frames += 1
        return worn.put(carried.place.offset)


@dataclass(slots=True)
class Universal:
    """Learns one perturbation on the first frames of a stream, one gradient a frame, then keeps it as it is.

    The aim of Moosavi-Dezfooli et al. (2017), learnt by signed steps along the gradients of frames that wear
    it (Shafahi et al. 2020, algorithm 1). Once learnt, a frame costs its two answers, and no gradient.

    Attributes
    ----------
    attack : how it learns.
    budget : of every frame.
    """

    attack: UniversalStep
    budget: Budget
    _carried: Carried | None = field(default=None, repr=False)

    @property
    def needs_gradient(self) -> bool:
        """Never of the clean frame: gradients are taken where the perturbation is worn."""
        return False

    @property
    def frames_learnt(self) -> int:
        """Of `attack.learn`."""
        return self._carried.frames if self._carried else 0

    def perturb(self, frame: Frame, view: Objective) -> Perturbed:
        """The frame that wears it; without a budget the frame's own pixels."""
        if self.budget.eps == 0 or not view.applies:
            return Perturbed(frame.pixels, attacked=False)
        if self._carried is None or self._carried.momentum.shape != frame.pixels.shape:
            self._carried = Carried.fresh(frame.pixels, self.budget)
        worn = _Worn(self.attack, self._carried)
        pixels = drive(worn, view, self.budget, np.random.default_rng(frame.index))
        return Perturbed(pixels, attacked=True)


def universal(attack: Attack, budget: Budget, seed: int, stream: int) -> Perturber:
    """The catalogue's lift; nothing is drawn by chance."""
    del seed, stream
    assert isinstance(attack, UniversalStep)
    return Universal(attack, budget)
