"""What a lesson is worked out on: one frame, one goal, one white-box model, one budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import supervision as sv

from models.detector import WhiteBoxDetector
from monitor.answers import Counts
from monitor.arrays import Pixels
from monitor.attack_settings import AttackSettings
from monitor.attacks.driver import Attack, drive
from monitor.catalog import CATALOG
from monitor.distances import Budget, Distances, distances
from monitor.errors import MonitorError
from monitor.goals import Aim
from monitor.limits import Limits
from monitor.objective import Objective


class NothingToShow(MonitorError):
    """The lesson has nothing to work on: one line says what is missing and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """An attacked frame and what the model makes of it.

    Attributes
    ----------
    pixels : uint8 BGR (H, W, 3).
    clean, detections : the answers to the frame as it came and to this one.
    fell : the goal is met.
    apart : how far it is from the clean frame, under every norm.
    before, after : the goal's loss at the clean frame and here; higher is closer to the goal.
    counts : what was spent, the clean answer included.
    """

    pixels: Pixels
    clean: sv.Detections
    detections: sv.Detections
    fell: bool
    apart: Distances
    before: float
    after: float
    counts: Counts


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """One frame, and all that a lesson may ask about it.

    Attributes
    ----------
    detector : the model under attack.
    pixels : the clean frame, uint8 BGR (H, W, 3).
    aim, threshold, iou : as the session has them.
    words : the session's other attack settings.
    budget : norm and eps that the lesson's sliders hold.
    amount : the lesson's third slider: steps, pixels, questions; see `curriculum`.
    at : column and row of the pixel that was pointed at.
    seed : of what is drawn.
    clock : looked at before every question to the model; what it raises ends the lesson.
    """

    detector: WhiteBoxDetector
    pixels: Pixels
    aim: Aim
    threshold: float
    iou: float
    words: AttackSettings
    budget: Budget
    amount: int
    at: tuple[int, int]
    seed: int = 0
    clock: Callable[[], float] = perf_counter

    @property
    def rng(self) -> np.random.Generator:
        """A new generator, the same every time."""
        return np.random.default_rng(self.seed)

    def ask(
        self, detector: WhiteBoxDetector | None = None, queries: int | None = None
    ) -> Objective:
        """The questions to the model about the frame, or to another model that sees it in its place.

        Raises
        ------
        NothingToShow : the goal has nothing to work on in this frame.
        """
        self.clock()
        objective = Objective(
            detector or self.detector,
            self.pixels,
            self.aim,
            threshold=self.threshold,
            iou=self.iou,
            limits=Limits(queries, clock=self.clock),
        )
        if not objective.applies:
            raise NothingToShow(
                f"the goal {self.aim.goal} has nothing to work on in this frame: take another frame, or "
                "choose the goal any"
            )
        return objective

    def attack(self, name: str, **words: object) -> Attack:
        """An attack of the catalogue, under the session's settings but for these."""
        return CATALOG[name].build(self.words.model_copy(update=words))

    def driven(self, name: str, objective: Objective, **words: object) -> Made:
        """What an attack of the catalogue makes of the frame within the budget."""
        pixels = drive(self.attack(name, **words), objective, self.budget, self.rng)
        return made(objective, pixels)


def made(objective: Objective, pixels: Pixels) -> Made:
    """A frame with the answer to it; one forward where it has not been judged yet."""
    answer = objective.answer(pixels)
    before = objective.answer(objective.pixels).loss
    return Made(
        pixels=pixels,
        clean=objective.clean,
        detections=answer.detections,
        fell=answer.fell,
        apart=distances(objective.pixels, pixels),
        before=before,
        after=answer.loss,
        counts=objective.counts,
    )
