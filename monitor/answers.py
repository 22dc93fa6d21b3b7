"""What an attacker hears of a frame: an answer, a slope, a look; and what was spent on hearing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import supervision as sv

from monitor.arrays import Gradient, Pixels
from monitor.goals import Criterion


@dataclass(slots=True)
class Counts:
    """What was spent on a frame.

    Attributes
    ----------
    forwards, backwards : passes through the model, the clean answer included.
    queries : answers that a black-box view gave.
    stopped : the limits ended the search before the attack was done.
    surrogate : passes through another model, whose gradients a transfer attack took.
    """

    forwards: int = 0
    backwards: int = 0
    queries: int = 0
    stopped: bool = False
    surrogate: int = 0

    def add(self, other: Counts) -> None:
        """What was spent on a frame beside it that the same attack asked about."""
        self.forwards += other.forwards
        self.backwards += other.backwards
        self.queries += other.queries
        self.surrogate += other.surrogate
        self.stopped |= other.stopped


@dataclass(frozen=True, eq=False)
class Answer:
    """The model's answer to one frame, as the attacker's goal sees it.

    Attributes
    ----------
    pixels : the frame that was judged, uint8; float32 where it was a place between the levels.
    detections : what the model found in it.
    fell : True where the goal is met.
    progress : number of objects that drifted the goal's way.
    score : gives the loss; asked once, and only where attempts have to be told apart by it.
    distance : from the clean frame under the budget's norm, in grey levels (L0: pixels); 0 without a budget.
    kept : True for what a camera could deliver, within the budget.
    """

    pixels: Pixels
    detections: sv.Detections
    fell: bool
    progress: int
    score: Callable[[], float]
    distance: float = 0.0
    kept: bool = True

    @cached_property
    def loss(self) -> float:
        """The goal's loss; higher is closer to the goal. Comparable within one frame only."""
        return self.score()

    def beats(self, other: Answer | None, *, nearest: bool) -> bool:
        """True where this is the better attempt; of two that fell, with `nearest`, the one that is nearer."""
        if other is None:
            return True
        if nearest and self.fell and other.fell:
            return self.distance < other.distance
        return (self.fell, self.progress, self.loss) > (other.fell, other.progress, other.loss)


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """A criterion at one place.

    Attributes
    ----------
    answer : the model's answer there.
    value : of the criterion; higher is closer to the goal.
    gradient : float32 (H, W, 3), per unit of [0, 1], pointing uphill.
    """

    answer: Answer
    value: float
    gradient: Gradient


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A forward whose graph is kept.

    Attributes
    ----------
    answer : the model's answer.
    value : criterion -> its value.
    slope : criterion -> its value and gradient, one backward; asked once.
    """

    answer: Answer
    value: Callable[[Criterion], float]
    slope: Callable[[Criterion], Slope]
