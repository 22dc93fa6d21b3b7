"""What an attacker may know: a type, not a promise.

An attack is handed a view by its declared knowledge, and cannot ask for more than it has: `ScoreView` has no
gradient, `LabelView` neither gradient nor score, `BlindView` nothing. A transfer attack is handed all of
another model. Every answer of a view is a query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from models.edits import Edits
from monitor.arrays import Pixels
from monitor.errors import AttackContractError
from monitor.limits import Stopped
from monitor.objective import Objective, no_gradient

Losses = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]


class Knowledge(StrEnum):
    """What an attack knows of the model (the threat model)."""

    WHITE_BOX = "white-box"
    SCORE = "score"
    LABEL = "label"
    SURROGATE = "surrogate"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class _Labels:
    """The questions that a label view hands on."""

    one: Callable[[Pixels], bool]
    many: Callable[[Pixels], Labels]
    left: Callable[[], float]


class LabelView:
    """Decision-based knowledge: has the frame fallen, yes or no; nothing else."""

    __slots__ = ("__ask",)

    def __init__(self, ask: _Labels) -> None:
        self.__ask = ask

    def fell(self, pixels: Pixels) -> bool:
        """True where the goal is met on that frame; one query."""
        return self.__ask.one(pixels)

    def fell_many(self, frames: Pixels) -> Labels:
        """Which of the frames uint8 (N, H, W, 3) have fallen, bool (N,); N queries, asked in batches."""
        return self.__ask.many(frames)

    @property
    def queries_left(self) -> float:
        """How many more will be answered; infinity without a limit."""
        return self.__ask.left()


class BlindView:
    """No knowledge: nothing can be asked."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Scores:
    """The questions that a score view hands on."""

    one: Callable[[Pixels], tuple[float, bool]]
    many: Callable[[Pixels], Losses]
    edited: Callable[[Edits], Losses]
    left: Callable[[], float]


class ScoreView:
    """Score-based knowledge: the loss of a frame and whether it has fallen; no gradient.

    Losses are plain floats without a graph.
    """

    __slots__ = ("__ask",)

    def __init__(self, ask: _Scores) -> None:
        self.__ask = ask

    def score(self, pixels: Pixels) -> tuple[float, bool]:
        """(loss, fallen) of that frame; one query."""
        return self.__ask.one(pixels)

    def scores(self, frames: Pixels) -> Losses:
        """The loss of each of the frames uint8 (N, H, W, 3), float64 (N,); N queries, asked in batches."""
        return self.__ask.many(frames)

    def scores_of(self, edits: Edits) -> Losses:
        """The loss of the clean frame with each of the edits, float64 (N,); N queries, which cost less."""
        return self.__ask.edited(edits)

    @property
    def queries_left(self) -> float:
        """How many more will be answered; infinity without a limit."""
        return self.__ask.left()


View = Objective | ScoreView | LabelView | BlindView


def view_for(knowledge: Knowledge, objective: Objective) -> View:
    """The view that an attack of that knowledge is handed.

    Its questions raise `Stopped` where the query budget or the deadline is reached.

    Raises
    ------
    AttackContractError : white-box knowledge of a black-box model, or no surrogate where one is needed.
    """
    if knowledge is Knowledge.WHITE_BOX:
        if not objective.white_box:
            raise no_gradient(objective.model_name)
        return objective
    if knowledge is Knowledge.NONE:
        return BlindView()
    if knowledge is Knowledge.SURROGATE:
        if objective.surrogate is None:
            raise AttackContractError(
                "there is no surrogate to take gradients of; name one with `surrogate`"
            )
        return objective.surrogate  # all of another model, and nothing of the victim

    # The views hold sealed functions and no reference to the objective or the model.
    def pay(queries: int) -> None:
        if queries > objective.queries_left:
            raise Stopped
        objective.stop_if_due()
        objective.counts.queries += queries

    def score(pixels: Pixels) -> tuple[float, bool]:
        pay(1)
        answer = objective.answer(pixels)
        return answer.loss, answer.fell

    def scores(frames: Pixels) -> Losses:
        pay(len(frames))
        return objective.losses(frames)

    def scores_of(edits: Edits) -> Losses:
        pay(len(edits))
        return objective.losses_of(edits)

    def left() -> float:
        return objective.queries_left

    def fell(pixels: Pixels) -> bool:
        pay(1)
        return objective.answer(pixels).fell

    def fell_many(frames: Pixels) -> Labels:
        pay(len(frames))
        return objective.fallen(frames)

    if knowledge is Knowledge.SCORE:
        return ScoreView(
            _Scores(_sealed(score), _sealed(scores), _sealed(scores_of), _sealed(left))
        )
    return LabelView(_Labels(_sealed(fell), _sealed(fell_many), _sealed(left)))


def _sealed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but nobody can look through it at what it holds on to.

    A function of Python shows its `__closure__`. The wrapper of `lru_cache` is compiled, and shows nothing
    once its dict is empty; with a size of 0 it keeps nothing and hands every call on.
    """
    sealed = lru_cache(maxsize=0)(function)
    sealed.__dict__.clear()  # of __wrapped__
    return sealed
