"""What an attacker may know: a type, not a promise.

An attack is handed a view by its declared knowledge, and cannot ask for more than it has: `ScoreView` has no
gradient, `LabelView` neither gradient nor score, `BlindView` nothing. Every answer of a view is a query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from models.edits import Edits
from monitor.arrays import Pixels
from monitor.limits import Stopped
from monitor.objective import Objective, no_gradient

Losses = npt.NDArray[np.float64]


class Knowledge(StrEnum):
    """What an attack knows of the model (the threat model)."""

    WHITE_BOX = "white-box"
    SCORE = "score"
    LABEL = "label"
    NONE = "none"


class LabelView:
    """Decision-based knowledge: has the frame fallen, yes or no; nothing else."""

    __slots__ = ("__ask", "__left")

    def __init__(self, ask: Callable[[Pixels], bool], left: Callable[[], float]) -> None:
        self.__ask, self.__left = ask, left

    def fell(self, pixels: Pixels) -> bool:
        """True where the goal is met on that frame; one query."""
        return self.__ask(pixels)

    @property
    def queries_left(self) -> float:
        """How many more will be answered; infinity without a limit."""
        return self.__left()


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
    AttackContractError : white-box knowledge of a black-box model.
    """
    if knowledge is Knowledge.WHITE_BOX:
        if not objective.white_box:
            raise no_gradient(objective.model_name)
        return objective
    if knowledge is Knowledge.NONE:
        return BlindView()

    # The views hold closures and no reference to the objective or the model.
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

    if knowledge is Knowledge.SCORE:
        return ScoreView(_Scores(score, scores, scores_of, left))
    return LabelView(fell, left)
