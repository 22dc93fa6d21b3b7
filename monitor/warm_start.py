"""Attacks carried over time: every frame begins where the last one ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from monitor.answers import Look
from monitor.arrays import Gradient, Pixels
from monitor.attacks.driver import Attack, drive
from monitor.attacks.iterate import Iterate
from monitor.distances import Budget, Norm
from monitor.excerpts import Rect, excerpts
from monitor.flow import Motion, carried
from monitor.goals import Criterion
from monitor.knowledge import Knowledge
from monitor.objective import Objective
from monitor.perturbers import Perturbed, Perturber
from streams.frame import Frame

BACKWARD: Final = 1.5
"""Forwards that a backward costs, for the account of what was spent: 1.4 to 2.1 on the bundled nets."""

FGSM: Final = 2 + BACKWARD
"""Forwards that a frame with FGSM costs: the clean answer, a backward through it, the attacked answer."""

PASS: Final = 0.25
"""Of a whole frame's forward, what a pass costs however small its excerpt: on signs half of a frame took 0.69
of the time, a quarter 0.49."""

SAVED: Final = 4.0
"""Forwards that may be saved up for a frame that needs more."""

LEAD: Final = 1.0
"""Logits by which an excerpt has to fall at first: seen whole, the frame gives an object back a little."""

MORE, LESS, MOST = 1.0, 0.2, 8.0
"""Logits that are added to the lead where the excerpts fell and the frame did not; taken off it where the
frame fell, for then less may do; and the most that it comes to."""


LEARNING = 10
"""Frames of a new scene that may fail as they were carried before the search goes to excerpts. Carrying alone
fells nearly all frames of a face before a camera, and half of those of scene:road, where objects pass
by and grow; what is carried takes some frames to learn."""

TRIES = 4
"""Frames in a row that may fail after that, carried or in excerpts, before the other way is tried."""

TURN = 16
"""Frames in excerpts before what is carried is tried again: where it holds by then, it is the surer way."""


@dataclass(frozen=True, slots=True)
class WarmStep:
    """How a frame's attack goes on from the last one's.

    Attributes
    ----------
    step : length of a step as a share of eps.
    decay : of the momentum of gradients, each divided by the mean of its absolute values.
    steps : in one frame at most, each excerpt.
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
    lead : logits by which an excerpt has to fall, so that the frame does.
    patience : frames in a row that may still fail before the other way is tried.
    turn : frames that are left in excerpts; 0: frames are taken as they were carried.
    """

    offset: Gradient
    momentum: Gradient
    credit: float = 0.0
    lead: float = LEAD
    patience: int = LEARNING
    turn: int = 0

    @classmethod
    def fresh(cls, x: Pixels) -> Warmth:
        """Nothing yet."""
        return cls(np.zeros(x.shape, np.float32), np.zeros(x.shape, np.float32))

    def tell(self, *, held: bool) -> None:
        """Whether the way that was gone did for this frame; goes over to the other one where it does not."""
        self.patience = max(self.patience, TRIES) if held else self.patience - 1
        if self.turn:
            self.turn = self.turn - 1 if self.patience else 0
            self.patience = self.patience if self.turn else TRIES
        elif not self.patience:
            self.turn, self.patience = TURN, TRIES


@dataclass(frozen=True, slots=True)
class _Worn:
    """One frame's attack: from the place carried to it, steps round the objects until all have fallen.

    What is far from the objects has next to no gradient, so the search looks at excerpts: a step costs little
    more than the excerpt's share of a frame. The frame itself is judged once, at the end.
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
        warmth = self.warmth
        warmth.credit = min(warmth.credit + self.step.cost * FGSM - 2, SAVED)
        rects = self._where(objective, x)
        if not rects:
            return self._whole(objective, x, budget)
        fell = [self._within(objective, x, budget, rect) for rect in rects]
        frame = Iterate(x, budget).put(warmth.offset)
        met = objective.answer(frame).fell
        if met:
            warmth.lead = max(warmth.lead - LESS, 0.0)
        elif all(fell):
            warmth.lead = min(warmth.lead + MORE, MOST)
        warmth.tell(held=met)
        return frame

    def _where(self, objective: Objective, x: Pixels) -> list[Rect]:
        """The excerpts to search; none: the whole frame, while what is carried holds or nothing is saved."""
        if not self.warmth.turn:
            return []
        height, width = x.shape[:2]
        rects = excerpts(objective.clean.xyxy, width, height)
        return [] if rects == [(0, 0, width, height)] else rects

    def _whole(self, objective: Objective, x: Pixels, budget: Budget) -> Pixels:
        warmth = self.warmth
        point = Iterate(x, budget)
        shown = point.put(warmth.offset)
        look = objective.look(shown)
        warmth.tell(held=look.answer.fell)
        if look.answer.fell:
            if warmth.credit >= BACKWARD:  # a step for the next frame, which moves on from this one
                self._step(look, point, warmth.momentum, 1.0)
        else:
            self._climb(objective, objective, point, warmth.momentum, 1.0, 0.0, look)
            shown = point.pixels
        warmth.offset = point.offset
        return shown

    def _within(self, objective: Objective, x: Pixels, budget: Budget, rect: Rect) -> bool:
        """Search one excerpt; True where it fell."""
        x0, y0, x1, y1 = rect
        here = slice(y0, y1), slice(x0, x1)
        area = (x1 - x0) * (y1 - y0) / (x.shape[0] * x.shape[1])
        share = area + PASS * (1 - area)
        part = objective.excerpt(rect)
        self.warmth.credit -= share
        if not part.applies:
            return True
        point = Iterate(part.pixels, budget)
        point.put(self.warmth.offset[here])
        lead, momentum = self.warmth.lead, self.warmth.momentum[here].copy()
        look = part.look(point.pixels)
        self.warmth.credit -= share
        self._climb(objective, part, point, momentum, share, lead, look)
        self.warmth.momentum[here], self.warmth.offset[here] = momentum, point.offset
        return part.best is not None and part.best.fell

    def _climb(
        self,
        objective: Objective,
        part: Objective,
        point: Iterate,
        momentum: Gradient,
        share: float,
        lead: float,
        look: Look,
    ) -> None:
        """Step until the part has fallen by `lead` logits, or time or credit are spent."""
        for done in range(self.step.steps):
            if look.answer.fell and look.value(Criterion.GAP) >= lead:
                break
            if self.warmth.credit < (share * (1 + BACKWARD) if done else 0):
                break
            if done and not objective.time_for(share):
                objective.counts.stopped = True
                break
            self._step(look, point, momentum, share)
            look = part.look(point.pixels)
            self.warmth.credit -= share

    def _step(self, look: Look, point: Iterate, momentum: Gradient, share: float) -> None:
        """One step along the momentum, which takes the gradient in."""
        gradient = look.slope(Criterion.GOAL).gradient
        self.warmth.credit -= share * BACKWARD
        size = float(np.abs(gradient).mean())
        if size > 0 and np.isfinite(size):
            momentum *= np.float32(self.step.decay)
            momentum += gradient / np.float32(size)
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
        """Never of the clean frame: gradients are taken where the perturbation is worn."""
        return False

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
