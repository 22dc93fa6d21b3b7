"""Attacks carried over time: every frame begins where the last one ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from monitor.arrays import Gradient, Pixels
from monitor.attacks.driver import drive
from monitor.attacks.iterate import Iterate
from monitor.distances import Budget, Norm
from monitor.flow import Motion, carried
from monitor.knowledge import Knowledge
from monitor.objective import Objective
from monitor.perturbers import Perturbed
from streams.frame import Frame


@dataclass(slots=True)
class _Carried:
    """One frame's attack: from the place that was carried to it, one step along the momentum.

    The forward that gives the gradient also answers for the frame as it is before the step: where that has
    fallen already, no other is made, and a frame costs what FGSM costs.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.LINF, Norm.L2})

    step: float
    decay: float
    offset: Gradient | None
    momentum: Gradient | None

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """The frame as it was carried, if that has fallen; else the frame after the step."""
        del rng
        point = Iterate(x, budget)
        if self.offset is not None:
            point.put(self.offset)
        answer, gradient = objective.gradient(point.pixels)
        size = float(np.abs(gradient).mean())
        if size > 0 and np.isfinite(size):
            gradient = gradient / np.float32(size)
            if self.momentum is not None:
                gradient += np.float32(self.decay) * self.momentum
            self.momentum = gradient
        if self.momentum is not None:
            point.ascend(self.momentum, self.step)
        self.offset = point.offset
        return answer.pixels if answer.fell else point.pixels


@dataclass(slots=True)
class WarmStart:
    """Carries the perturbation and a momentum from frame to frame, along the optical flow.

    Attributes
    ----------
    budget : of every frame.
    step : length of a step as a share of eps.
    decay : of the momentum of gradients, each divided by the mean of its absolute values.
    flow : carry along the optical flow; else in place.
    """

    budget: Budget
    step: float = 0.5
    decay: float = 0.7
    flow: bool = True
    restarts: int = 0
    _motion: Motion = field(default_factory=Motion)
    _offset: Gradient | None = None
    _momentum: Gradient | None = None
    _index: int | None = None

    @property
    def needs_gradient(self) -> bool:
        """Only of the first frame of a scene, which is asked for anew then: the clean graph is not needed."""
        return False

    def perturb(self, frame: Frame, view: Objective) -> Perturbed:
        """The attacked frame; without a budget the frame's own pixels."""
        if self.budget.eps == 0:
            return Perturbed(frame.pixels, attacked=False)
        self._carry(frame)
        if not view.applies:
            return Perturbed(frame.pixels, attacked=False)
        attack = _Carried(self.step, self.decay, self._offset, self._momentum)
        rng = np.random.default_rng(frame.index)
        pixels = drive(attack, view, self.budget, rng)
        self._offset, self._momentum = attack.offset, attack.momentum
        return Perturbed(pixels, attacked=True)

    def _carry(self, frame: Frame) -> None:
        """Bring what is carried to where it belongs in this frame; forget it at a cut or a jump."""
        # A live source drops frames, which the flow bridges; going back is another matter.
        jumped = self._index is not None and frame.index <= self._index
        self._index = frame.index
        if jumped:
            self._motion.reset()
        new_scene, where = self._motion.step(frame.pixels)
        if new_scene:
            self.restarts += self._offset is not None
            self._offset = self._momentum = None
        elif where is not None and self.flow:
            if self._offset is not None:
                self._offset = carried(self._offset, where)
            if self._momentum is not None:
                self._momentum = carried(self._momentum, where)
