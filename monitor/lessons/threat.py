"""White box and black box: what each attacker is told of the same pixel, and how far it comes with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from monitor.arrays import Pixels
from monitor.knowledge import Knowledge, LabelView, ScoreView, view_for
from monitor.lessons.desk import Desk, Made
from monitor.lessons.fgsm import Values

ATTACKS = ("fgsm", "pgd", "square", "rays", "noise")
"""One or two for each knowledge, the best informed first."""

STEP = 2
"""Grey levels to either side of a value that an attacker without gradients measures its slope between."""


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """An attack, with what it knows and what it came to."""

    attack: str
    knowledge: Knowledge
    made: Made


@dataclass(frozen=True, slots=True, eq=False)
class Threat:
    """What there is to know, and who came how far with it.

    Attributes
    ----------
    loss, fell : what a score view and a label view say of the clean frame.
    gradient : of the loss at the pixel, float64 (3,), per unit of [0, 1]: one backward, as for all values.
    estimate : the same from differences of scores, two queries a value.
    queries : that the estimate took; `every` is what it would take for the frame.
    tried : the attacks so far.
    """

    loss: float
    fell: bool
    gradient: Values
    estimate: Values
    queries: int
    every: int
    tried: tuple[Tried, ...] = ()

    @property
    def made(self) -> Made | None:
        """What is to be seen: the first frame that fell, else the last; None before the first attack."""
        each = [tried.made for tried in self.tried]
        return next((made for made in each if made.fell), each[-1] if each else None)


def threat(desk: Desk) -> Iterator[Threat]:
    """Told after every attack.

    A query attack may ask `amount` questions. The estimate is that of Chen et al. 2017 (ZOO, eq. 6).
    """
    objective = desk.ask()
    _, slope = objective.gradient(objective.pixels)
    x, y = desk.at
    scores = view_for(Knowledge.SCORE, desk.ask())
    yes_no = view_for(Knowledge.LABEL, desk.ask())
    assert isinstance(scores, ScoreView)
    assert isinstance(yes_no, LabelView)
    loss, _ = scores.score(desk.pixels)
    guess, asked = differences(scores, desk.pixels, desk.at)
    told = Threat(
        loss=loss,
        fell=yes_no.fell(desk.pixels),
        gradient=slope[y, x].astype(float),
        estimate=guess,
        queries=asked,
        every=2 * desk.pixels.size,
    )
    yield told
    for name in ATTACKS:
        end = desk.driven(name, desk.ask(queries=desk.amount), queries=desk.amount, early_stop=True)
        told = replace(told, tried=(*told.tried, Tried(name, desk.attack(name).knowledge, end)))
        yield told


def differences(view: ScoreView, clean: Pixels, at: tuple[int, int]) -> tuple[Values, int]:
    """(slope at a pixel from differences of scores, float64 (3,) per unit of [0, 1]; queries)."""
    x, y = at
    slope, asked = np.zeros(3), 0
    for channel in range(3):
        value = int(clean[y, x, channel])
        ends = max(value - STEP, 0), min(value + STEP, 255)
        losses = []
        for end in ends:
            frame = clean.copy()
            frame[y, x, channel] = end
            losses.append(view.score(frame)[0])
            asked += 1
        slope[channel] = (losses[1] - losses[0]) / ((ends[1] - ends[0]) / 255)
    return slope, asked
