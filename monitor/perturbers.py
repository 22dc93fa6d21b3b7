"""What a stream sees of an attack: a perturber takes a frame and gives one back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from monitor.arrays import Pixels
from monitor.attacks.driver import Attack, drive
from monitor.distances import Budget
from monitor.knowledge import Knowledge
from monitor.objective import Objective
from streams.frame import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Perturbed:
    """A perturbed frame.

    Attributes
    ----------
    pixels : uint8 BGR (H, W, 3); the frame's own array where nothing was done.
    attacked : False where there was no budget or nothing to attack.
    severity : the highest of the camera's faults on it; None where the stream has none.
    """

    pixels: Pixels
    attacked: bool
    severity: float | None = None


class Perturber(Protocol):
    """Frame in, perturbed frame out; may carry state from frame to frame."""

    @property
    def needs_gradient(self) -> bool:
        """True where the clean frame's graph will be asked for."""
        ...

    def perturb(self, frame: Frame, view: Objective) -> Perturbed:
        """The perturbed frame; `frame` is left as it is."""
        ...


@dataclass(frozen=True, slots=True)
class Untouched:
    """No attack: the frame as it came."""

    @property
    def needs_gradient(self) -> bool:
        """Never."""
        return False

    def perturb(self, frame: Frame, view: Objective) -> Perturbed:
        """The frame's own pixels."""
        del view
        return Perturbed(frame.pixels, attacked=False)


@dataclass(frozen=True, slots=True)
class PerFrame:
    """Lifts an attack on a picture to a stream: every frame is attacked for itself.

    The generator of frame i is seeded with (seed, stream, i), so that live, batch and cluster agree.
    """

    attack: Attack
    budget: Budget
    seed: int = 0
    stream: int = 0

    @property
    def needs_gradient(self) -> bool:
        """True for a white-box attack with a budget."""
        return self.budget.eps > 0 and self.attack.knowledge is Knowledge.WHITE_BOX

    def perturb(self, frame: Frame, view: Objective) -> Perturbed:
        """The attacked frame."""
        if self.budget.eps == 0 or not view.applies:
            return Perturbed(frame.pixels, attacked=False)
        rng = np.random.default_rng((self.seed, self.stream, frame.index))
        return Perturbed(drive(self.attack, view, self.budget, rng), attacked=True)


Lift = Callable[[Attack, Budget, int, int], Perturber]
"""(attack, budget, run's seed, stream) -> the perturber that brings the attack to a stream."""


def per_frame(attack: Attack, budget: Budget, seed: int, stream: int) -> Perturber:
    """Every frame for itself."""
    return PerFrame(attack, budget, seed, stream)
