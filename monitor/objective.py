"""What an attacker may ask, and what each question costs.

`Objective` is the white-box answer: loss, gradient, detections, all counted. The views hand out less:
`ScoreView` has no gradient, `LabelView` neither gradient nor score. An attack is handed one of them, by
its declared knowledge, and cannot ask for more than it has. A model that is black-box itself has no
gradient for anybody.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import supervision as sv
import torch

from models.detector import Detector
from monitor.arrays import Gradient, Pixels
from monitor.asking import Asked, asking
from monitor.errors import AttackContractError
from monitor.goals import Aim, Goal
from monitor.losses import Owned


class Knowledge(StrEnum):
    """What an attack knows of the model (the threat model)."""

    WHITE_BOX = "white-box"
    SCORE = "score"
    LABEL = "label"
    NONE = "none"


@dataclass(slots=True)
class Counts:
    """Passes through the model, the clean answer included."""

    forwards: int = 0
    backwards: int = 0


@dataclass(frozen=True, eq=False)
class Answer:
    """The model's answer to one frame, as the attacker's goal sees it.

    Attributes
    ----------
    pixels : the uint8 frame that was judged.
    detections : what the model found in it.
    fell : True where the goal is met.
    progress : number of objects that drifted the goal's way.
    score : gives the loss; asked once, and only where attempts have to be told apart by it.
    """

    pixels: Pixels
    detections: sv.Detections
    fell: bool
    progress: int
    score: Callable[[], float]

    @cached_property
    def loss(self) -> float:
        """The goal's loss; higher is closer to the goal. Comparable within one frame only."""
        return self.score()

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Greater is the better attempt."""
        return self.fell, self.progress, self.loss


class Objective:
    """One frame, one goal, one model: the questions of a white-box attacker, counted.

    The clean forward is made at construction, and its graph serves the first gradient: FGSM on a
    frame costs forward + backward + forward and nothing else that shows.

    Parameters
    ----------
    detector : the model under attack; one that is no `WhiteBoxDetector` gives answers and losses
        (`monitor.asking`), and no gradient.
    pixels : the clean frame, uint8 BGR (H, W, 3).
    aim : what counts as success; a bare goal where nothing else belongs to it.
    threshold : score from which a detection counts.
    iou : overlap from which two boxes are one object.
    with_gradient : False spares the graph where no gradient will be asked for.
    """

    def __init__(
        self,
        detector: Detector,
        pixels: Pixels,
        aim: Aim | Goal,
        *,
        threshold: float,
        iou: float = 0.5,
        with_gradient: bool = True,
    ) -> None:
        self._model = asking(detector, threshold)
        self.model_name = detector.name
        # Where a detection begins to count, as a logit.
        self._bar = math.log(threshold / (1 - threshold))
        self._iou = iou
        self.aim = aim if isinstance(aim, Aim) else Aim(aim)
        self.pixels = pixels
        self.counts = Counts(forwards=1)
        self.answer_ms = 0.0
        """Milliseconds spent in `answer`: the attacked answer, as against the search for the frame."""
        self.best: Answer | None = None
        """The best attempt so far; the clean frame is none."""
        self._last: Answer | None = None
        first = self._model.begin(pixels, self.aim.region, with_gradient)
        self.clean = first.detections
        # Without the graph, which is let go of after the attack.
        self._clean_logits, self._clean_owned = first.logits.detach(), first.owned
        self._clean_graph = first if first.frames is not None else None

    @property
    def applies(self) -> bool:
        """False where the goal has nothing to work on."""
        return self.aim.applies(self.clean)

    @property
    def white_box(self) -> bool:
        """True where the model has gradients to ask for."""
        return self._model.white_box

    def gradient(self, pixels: Pixels) -> tuple[Answer, Gradient]:
        """The answer to a frame and the gradient of the goal's loss with respect to it.

        One forward and one backward; on the clean frame itself (the same array) the forward was
        already made. The gradient is float32 (H, W, 3), per unit of [0, 1], pointing uphill.

        Raises
        ------
        AttackContractError : the model is black-box.
        """
        if pixels is self.pixels and self._clean_graph is not None:
            asked, self._clean_graph = self._clean_graph, None
        else:
            asked = self._ask(pixels, with_gradient=True)
        if asked.frames is None:
            raise _no_gradient(self.model_name)
        loss = self._model.loss(self.aim, asked.logits, asked.owned, self._bar)
        (gradient,) = torch.autograd.grad(loss, asked.frames)
        self.counts.backwards += 1
        value = float(loss.detach())
        answer = self._judged(pixels, asked.detections, lambda: value)
        return answer, gradient[0].permute(1, 2, 0).contiguous().numpy()

    def answer(self, pixels: Pixels) -> Answer:
        """The answer to a frame: one forward; none for the clean frame or the one judged last."""
        if self._last is not None and self._last.pixels is pixels:
            return self._last
        if pixels is self.pixels:
            # The model is a function: the same array has the answer that it had.
            logits, owned = self._clean_logits, self._clean_owned
            return self._judged(pixels, self.clean, lambda: self._loss(logits, owned))
        start = time.perf_counter()
        asked = self._ask(pixels, with_gradient=False)
        answer = self._judged(
            pixels, asked.detections, lambda: self._loss(asked.logits, asked.owned)
        )
        self.answer_ms += (time.perf_counter() - start) * 1e3
        return answer

    def release(self) -> None:
        """Let go of the clean graph, which nobody will ask for any more."""
        self._clean_graph = None

    def _ask(self, pixels: Pixels, with_gradient: bool) -> Asked:
        self.counts.forwards += 1
        return self._model.ask(pixels, with_gradient)

    def _loss(self, logits: torch.Tensor, owned: Owned) -> float:
        with torch.inference_mode():
            return float(self._model.loss(self.aim, logits, owned, self._bar))

    def _judged(
        self, pixels: Pixels, detections: sv.Detections, score: Callable[[], float]
    ) -> Answer:
        if pixels is self.pixels:  # an answer does not drift from itself
            return Answer(pixels, detections, fell=False, progress=0, score=score)
        fell, drifted = self.aim.progress(self.clean, detections, self._iou)
        answer = Answer(pixels, detections, fell, drifted, score)
        self._last = answer
        if self.best is None or answer.rank > self.best.rank:
            self.best = answer
        return answer


class LabelView:
    """Decision-based knowledge: has the frame fallen, yes or no; nothing else."""

    __slots__ = ("__ask",)

    def __init__(self, ask: Callable[[Pixels], bool]) -> None:
        self.__ask = ask

    def fell(self, pixels: Pixels) -> bool:
        """True where the goal is met on that frame; one forward."""
        return self.__ask(pixels)


class BlindView:
    """No knowledge: nothing can be asked."""

    __slots__ = ()


class ScoreView:
    """Score-based knowledge: the loss of a frame and whether it has fallen; no gradient."""

    __slots__ = ("__ask",)

    def __init__(self, ask: Callable[[Pixels], tuple[float, bool]]) -> None:
        self.__ask = ask

    def score(self, pixels: Pixels) -> tuple[float, bool]:
        """(loss, fallen) of that frame; one forward. The loss is a plain float without a graph."""
        return self.__ask(pixels)


View = Objective | ScoreView | LabelView | BlindView


def view_for(knowledge: Knowledge, objective: Objective) -> View:
    """The view that an attack of that knowledge is handed.

    Raises
    ------
    AttackContractError : white-box knowledge of a black-box model.
    """
    if knowledge is Knowledge.WHITE_BOX:
        if not objective.white_box:
            raise _no_gradient(objective.model_name)
        return objective
    if knowledge is Knowledge.NONE:
        return BlindView()

    # The views hold a closure and no reference to the objective or the model.
    def score(pixels: Pixels) -> tuple[float, bool]:
        answer = objective.answer(pixels)
        return answer.loss, answer.fell

    def fell(pixels: Pixels) -> bool:
        return objective.answer(pixels).fell

    return ScoreView(score) if knowledge is Knowledge.SCORE else LabelView(fell)


def _no_gradient(model: str) -> AttackContractError:
    return AttackContractError(
        f"model {model} is black-box: it has no gradient to give; "
        "use an attack that needs less knowledge (`camdrift attacks` lists it)"
    )
