"""What an attacker may ask, and what each question costs.

`Objective` is the white-box answer: loss, gradient, detections, all counted. The views hand out less:
`ScoreView` has no gradient, `LabelView` neither gradient nor score. An attack is handed one of them, by
its declared knowledge, and cannot ask for more than it has.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import supervision as sv
import torch

from models.detector import Candidates, WhiteBoxDetector, to_tensor
from monitor.arrays import Gradient, Pixels
from monitor.goals import Goal, progress
from monitor.losses import goal_loss, owned_candidates


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
    """One frame, one goal, one detector: the questions of a white-box attacker, counted.

    The clean forward is made at construction, and its graph serves the first gradient: FGSM on a
    frame costs forward + backward + forward and nothing else that shows.

    Parameters
    ----------
    detector : the model under attack.
    pixels : the clean frame, uint8 BGR (H, W, 3).
    goal : what counts as success.
    threshold : score from which a detection counts.
    iou : overlap from which two boxes are one object.
    with_gradient : False spares the graph where no gradient will be asked for.
    """

    def __init__(
        self,
        detector: WhiteBoxDetector,
        pixels: Pixels,
        goal: Goal,
        *,
        threshold: float,
        iou: float = 0.5,
        with_gradient: bool = True,
    ) -> None:
        self._detector = detector
        self._threshold = threshold
        self._iou = iou
        self.goal = goal
        self.pixels = pixels
        self.counts = Counts()
        self.answer_ms = 0.0
        """Milliseconds spent in `answer`: the attacked answer, as against the search for the frame."""
        self.best: Answer | None = None
        """The best attempt so far; the clean frame is none."""
        self._last: Answer | None = None
        self._clean_graph: tuple[torch.Tensor, Candidates] | None = None
        frames, candidates = self._forward(pixels, with_gradient)
        self.clean = detector.decode(candidates, threshold)[0]
        self._clean_logits = candidates.logits[0].detach()
        self._owned = owned_candidates(candidates, self.clean)
        if with_gradient:
            self._clean_graph = frames, candidates

    @property
    def applies(self) -> bool:
        """False where the goal has nothing to work on."""
        return self.goal.applies(self.clean)

    def gradient(self, pixels: Pixels) -> tuple[Answer, Gradient]:
        """The answer to a frame and the gradient of the goal's loss with respect to it.

        One forward and one backward; on the clean frame itself (the same array) the forward was
        already made. The gradient is float32 (H, W, 3), per unit of [0, 1], pointing uphill.
        """
        if pixels is self.pixels and self._clean_graph is not None:
            (frames, candidates), self._clean_graph = self._clean_graph, None
            detections = self.clean
        else:
            frames, candidates = self._forward(pixels, with_gradient=True)
            detections = self._detector.decode(candidates, self._threshold)[0]
        loss = goal_loss(self.goal, candidates.logits[0], self._owned)
        (gradient,) = torch.autograd.grad(loss, frames)
        self.counts.backwards += 1
        value = float(loss.detach())
        answer = self._judged(pixels, detections, lambda: value)
        return answer, gradient[0].permute(1, 2, 0).contiguous().numpy()

    def answer(self, pixels: Pixels) -> Answer:
        """The answer to a frame: one forward; none for the clean frame or the one judged last."""
        if self._last is not None and self._last.pixels is pixels:
            return self._last
        if pixels is self.pixels:
            # The model is a function: the same array has the answer that it had.
            return self._judged(pixels, self.clean, lambda: self._loss(self._clean_logits))
        start = time.perf_counter()
        _, candidates = self._forward(pixels, with_gradient=False)
        detections = self._detector.decode(candidates, self._threshold)[0]
        logits = candidates.logits[0]
        answer = self._judged(pixels, detections, lambda: self._loss(logits))
        self.answer_ms += (time.perf_counter() - start) * 1e3
        return answer

    def release(self) -> None:
        """Let go of the clean graph, which nobody will ask for any more."""
        self._clean_graph = None

    def _forward(self, pixels: Pixels, with_gradient: bool) -> tuple[torch.Tensor, Candidates]:
        frames = to_tensor(pixels)
        self.counts.forwards += 1
        if with_gradient:
            frames.requires_grad_()
            return frames, self._detector.forward(frames)
        with torch.inference_mode():
            return frames, self._detector.forward(frames)

    def _loss(self, logits: torch.Tensor) -> float:
        with torch.inference_mode():
            return float(goal_loss(self.goal, logits, self._owned))

    def _judged(
        self, pixels: Pixels, detections: sv.Detections, score: Callable[[], float]
    ) -> Answer:
        if pixels is self.pixels:  # an answer does not drift from itself
            return Answer(pixels, detections, fell=False, progress=0, score=score)
        fell, drifted = progress(self.goal, self.clean, detections, self._iou)
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
    """The view that an attack of that knowledge is handed."""
    if knowledge is Knowledge.WHITE_BOX:
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
