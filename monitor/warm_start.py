"""Attacks carried over time: every frame begins where the last one ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from monitor.answers import Look
from monitor.arrays import Gradient, Pixels
from monitor.attacks.driver import Attack, drive
from monitor.attacks.iterate import Iterate
from monitor.attacks.momentum import take_in
from monitor.distances import Budget, Norm
from monitor.flow import Motion, carried
from monitor.goals import Criterion
from monitor.knowledge import Knowledge
from monitor.objective import Objective
from monitor.perturbers import Perturbed, Perturber
from streams.frame import Frame

BACKWARD: Final = 1.5
"""Forwards that a backward costs, for the account of what was spent: 1.2 to 2.1 on the bundled nets."""

FGSM: Final = 2 + BACKWARD
"""Forwards that a frame with FGSM costs: the clean answer, a backward through it, the attacked answer."""

SAVED: Final = 4.0
"""Forwards that may be saved up for a frame that needs more."""

LEARNING: Final = 10
"""Frames of a new scene that may fail before carrying is judged: what is carried takes some to learn."""

WEIGHT: Final = 0.1
"""Of the newest frame in what is known of how often a way holds."""

UNKNOWN: Final = 0.5
"""How often beginning afresh is taken to hold before it was tried."""

BETTER: Final = 0.05
"""By how much more often beginning afresh has to hold: every time it is tried, carrying falls behind."""

HOPE: Final = 0.002
"""By which the way not gone is thought better of, every frame, so that it is tried again some time."""


@dataclass(frozen=True, slots=True)
class WarmStep:
    """How a frame's attack goes on from the last one's.

    Attributes
    ----------
    step : length of a step as a share of eps.
    decay : of the momentum of gradients, each divided by the mean of its absolute values.
    steps : in one frame at most.
    cost : what a frame may cost on average, in frames of FGSM.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = frozenset({Norm.LINF, Norm.L2})

    step: float = 1.0
    decay: float = 0.5
    steps: int = 10
    cost: float = 1.2

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """A frame of its own, the first of a stream."""
        return _Worn(self, Warmth.fresh(x)).run(objective, x, budget, rng)


@dataclass(slots=True)
class Warmth:
    """What is carried from frame to frame.

    Attributes
    ----------
    offset : where the last frame's attack ended, in grey levels.
    momentum : of its gradients.
    credit : forwards that are left to spend.
    carrying, afresh : the share of frames that either way has felled lately.
    learning : frames that may still fail before carrying is judged.
    """

    offset: Gradient
    momentum: Gradient
    credit: float = 0.0
    carrying: float = 1.0
    afresh: float = UNKNOWN
    learning: int = LEARNING

    @classmethod
    def fresh(cls, x: Pixels) -> Warmth:
        """Nothing yet."""
        return cls(np.zeros(x.shape, np.float32), np.zeros(x.shape, np.float32))

    @property
    def carries(self) -> bool:
        """The next frame goes on from the last one; else it begins afresh."""
        return self.carrying + BETTER >= self.afresh

    def tell(self, *, carried: bool, fell: bool) -> None:
        """Whether the way that was gone did for this frame."""
        if carried:
            self.afresh = min(self.afresh + HOPE, 1.0)
            if fell or not self.learning:
                self.carrying += WEIGHT * (fell - self.carrying)
            self.learning = max(self.learning - 1, 0)
        else:
            self.carrying = min(self.carrying + HOPE, 1.0)
            self.afresh += WEIGHT * (fell - self.afresh)


@dataclass(frozen=True, slots=True)
class _Worn:
    """One frame's attack, as far as its account allows.

    Carried: from the place carried to it; where that holds, a step for the next frame. Afresh, where objects
    pass by and grow so that nothing carries: FGSM on the clean answer's own graph. Steps follow both.
    """

    knowledge: ClassVar[Knowledge] = Knowledge.WHITE_BOX
    norms: ClassVar[frozenset[Norm]] = WarmStep.norms

    step: WarmStep
    warmth: Warmth

    def run(
        self, objective: Objective, x: Pixels, budget: Budget, rng: np.random.Generator
    ) -> Pixels:
        """The frame after the steps that its account allows."""
        del rng
        warmth, carried = self.warmth, self.warmth.carries
        warmth.credit = min(warmth.credit + self.step.cost * FGSM - 2, SAVED)
        point = Iterate(x, budget)
        momentum = warmth.momentum if carried else np.zeros_like(warmth.momentum)
        if carried:
            point.put(warmth.offset)
        else:
            self._step(objective.slope(x).gradient, point, momentum)
        shown = point.pixels
        look = objective.look(shown)
        if not (carried and look.answer.fell):
            look = self._climb(objective, point, momentum, look)
            shown = point.pixels
        elif warmth.credit >= BACKWARD:  # for the next frame, which moves on from this one
            self._step(look.slope(Criterion.GOAL).gradient, point, momentum)
        warmth.tell(carried=carried, fell=look.answer.fell)
        if carried:
            warmth.offset = point.offset
        return shown

    def _climb(self, objective: Objective, point: Iterate, momentum: Gradient, look: Look) -> Look:
        """Step until the frame has fallen, or time or credit are spent; the last look."""
        for done in range(self.step.steps):
            if look.answer.fell or self.warmth.credit < (1 + BACKWARD if done else 0):
                break
            if done and not objective.time_for(1):
                objective.counts.stopped = True
                break
            self._step(look.slope(Criterion.GOAL).gradient, point, momentum)
            look = objective.look(point.pixels)
            self.warmth.credit -= 1
        return look

    def _step(self, gradient: Gradient, point: Iterate, momentum: Gradient) -> None:
        """One step along the momentum, which takes the gradient in."""
        self.warmth.credit -= BACKWARD
        if take_in(momentum, gradient, self.step.decay):
            point.ascend(momentum, self.step.step)


@dataclass(slots=True)
class WarmStart:
    """Carries the perturbation and a momentum from frame to frame, along the optical flow.

    Frames that have fallen as they were carried cost two answers and no gradient; what they leave is spent
    on frames that have not, so that a stream costs at most `attack.cost` times what FGSM costs.

    Attributes
    ----------
    attack : how it steps.
    budget : of every frame.
    flow : carry along the optical flow where the picture moves; else in place.
    restarts : scenes that were begun anew, after the first.
    """

    attack: WarmStep
    budget: Budget
    flow: bool = True
    restarts: int = 0
    _motion: Motion = field(default_factory=Motion, repr=False)
    _warmth: Warmth | None = field(default=None, repr=False)
    _index: int | None = None

    @property
    def needs_gradient(self) -> bool:
        """Where a frame begins afresh; else gradients are taken where the perturbation is worn."""
        return self._warmth is not None and not self._warmth.carries

    def perturb(self, frame: Frame, view: Objective) -> Perturbed:
        """The attacked frame; without a budget, or with nothing to attack, the frame's own pixels."""
        if self.budget.eps == 0:
            return Perturbed(frame.pixels, attacked=False)
        self._carry(frame)
        if not view.applies:
            return Perturbed(frame.pixels, attacked=False)
        if self._warmth is None:
            self._warmth = Warmth.fresh(frame.pixels)
        worn = _Worn(self.attack, self._warmth)
        pixels = drive(worn, view, self.budget, np.random.default_rng(frame.index))
        return Perturbed(pixels, attacked=True)

    def _carry(self, frame: Frame) -> None:
        """Bring what is carried to where it belongs in this frame; forget it at a cut or a jump."""
        # A live source drops frames, which the flow bridges; going back is another matter.
        jumped = self._index is not None and frame.index <= self._index
        self._index = frame.index
        if jumped:
            self._motion.reset()
        new_scene, where = self._motion.step(frame.pixels)
        held = self._warmth
        if held is None:
            return
        if new_scene:
            self.restarts += 1
            self._warmth = None
        elif where is not None and self.flow:
            held.offset = carried(held.offset, where)
            held.momentum = carried(held.momentum, where)


def warm_start(attack: Attack, budget: Budget, seed: int, stream: int) -> Perturber:
    """The catalogue's lift; nothing is drawn by chance."""
    del seed, stream
    assert isinstance(attack, WarmStep)
    return WarmStart(attack, budget)
