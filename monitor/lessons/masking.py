"""Gradient masking: a defence that hides the slope and not the weakness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import supervision as sv
import torch

from models.detector import Candidates, Classifier, Pixels, WhiteBoxDetector, to_tensor
from monitor.lessons.desk import Desk, Made

STEPS, QUERIES = 10, 60


class Rounded:
    """A model behind a step: it sees a frame of few grey levels, and its gradient is 0 nearly everywhere.

    Parameters
    ----------
    inner : the model.
    levels : grey levels that are left, at least 2.
    through : let gradients pass the step as if it were not there: the attacker's answer, straight-through or
        BPDA (Athalye, Carlini, Wagner 2018, section 4.1.1).
    """

    def __init__(self, inner: WhiteBoxDetector, levels: int, *, through: bool) -> None:
        self._inner, self._levels, self._through = inner, levels, through
        self.name = f"{inner.name} behind {levels} grey levels"
        self.class_names = inner.class_names

    def forward(self, frames: torch.Tensor) -> Candidates:
        """The inner model's candidates of the frame in few levels."""
        few = torch.round(frames * (self._levels - 1)) / (self._levels - 1)
        return self._inner.forward(frames + (few - frames).detach() if self._through else few)

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """The inner model's."""
        return self._inner.decode(candidates, threshold)

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """The inner model's answer to the frame in few levels."""
        with torch.inference_mode():
            return self.decode(self.forward(to_tensor(pixels)), threshold)[0]


class RoundedClassifier(Rounded):
    """The same of a classifier, so that it is asked like one."""

    def __init__(self, inner: WhiteBoxDetector, levels: int, *, through: bool) -> None:
        super().__init__(inner, levels, through=through)
        assert isinstance(inner, Classifier)
        self.shown = inner.shown


def rounded(inner: WhiteBoxDetector, levels: int, *, through: bool = False) -> Rounded:
    """The model behind the step, of its own kind."""
    kind = RoundedClassifier if isinstance(inner, Classifier) else Rounded
    return kind(inner, levels, through=through)


@dataclass(frozen=True, slots=True, eq=False)
class Masking:
    """How the model behind the step fares; PGD from the frame itself, as long as not said otherwise.

    Attributes
    ----------
    levels : grey levels that the step leaves.
    bare_slope, masked_slope : share of the frame's values with a gradient that is not 0, without and with it.
    bare : on the model without the step.
    masked : on the model with it: no slope, no attack.
    through : past the step, as if it were not there; judged by the model with the step.
    square : an attack that asks for scores and needs no slope, on the model with the step.
    """

    levels: int
    bare_slope: float
    masked_slope: float
    bare: Made
    masked: Made
    through: Made
    square: Made

    @property
    def made(self) -> Made:
        """What is to be seen."""
        return self.square if self.square.fell and not self.through.fell else self.through


def masking(desk: Desk) -> Iterator[Masking]:
    """PGD finds no slope; the way past the step and the questions find the weakness that is still there."""
    bare, bare_slope = _pgd(desk, desk.detector)
    masked, masked_slope = _pgd(desk, rounded(desk.detector, desk.amount))
    around, _ = _pgd(desk, rounded(desk.detector, desk.amount, through=True))
    wall = desk.ask(rounded(desk.detector, desk.amount))
    asked = desk.driven("square", wall, queries=QUERIES)
    yield Masking(desk.amount, bare_slope, masked_slope, bare, masked, around, asked)


def _pgd(desk: Desk, model: WhiteBoxDetector) -> tuple[Made, float]:
    """(what PGD makes of the frame on that model, share of its gradient there that is not 0)."""
    _, gradient = desk.ask(model).gradient(desk.pixels)
    words = {"steps": STEPS, "random_start": False, "restarts": 1}
    return desk.driven("pgd", desk.ask(model), **words), float((gradient != 0).mean())
