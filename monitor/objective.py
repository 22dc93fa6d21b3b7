"""What there is to know of one frame under one goal, and what each question costs.

`Objective` is the white-box answer: loss, gradient, detections, all counted. What an attack is handed of
it is `monitor.knowledge`'s to say. A model that is black-box itself has no gradient for anybody.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import cast

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch

from models.detector import Detector
from models.edits import Edits
from monitor.answers import Answer, Counts, Look, Slope
from monitor.arrays import Gradient, Pixels
from monitor.asking import Asked, AskedMany, Opening, asking
from monitor.distances import Budget
from monitor.errors import AttackContractError
from monitor.goals import Aim, Criterion, Goal
from monitor.limits import UNLIMITED, Limits, Stopped
from monitor.losses import Owned

Place = Pixels | Gradient
"""A frame that can be looked at: uint8, or float32 in grey levels between the levels of a camera."""


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
    limits : what a search may spend. A search that is out of time is stopped (`Stopped`) as soon as there
        is an attempt to fall back on; a clean answer, one attempt and its answer are always made.
    surrogate : makes the objective of another model on the same frame, for transfer attacks.
    opening : the clean forward, where several objectives on this frame share it; `with_gradient` is the
        opening's then.
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
        limits: Limits = UNLIMITED,
        surrogate: Callable[[], Objective] | None = None,
        opening: Opening | None = None,
    ) -> None:
        self._detector, self._threshold = detector, threshold
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
        """The best attempt so far, of those that a camera could deliver; the clean frame is none."""
        self._last: Answer | None = None
        self._promising: tuple[float, Pixels] | None = None
        self._budget: Budget | None = None
        self._nearest = False
        self._limits = limits
        self._make_surrogate = surrogate
        self._other: Objective | None = None
        start = limits.clock()
        shared = opening is not None
        opened = opening or self._model.open(pixels, with_gradient)
        first = self._model.begin(opened, self.aim.region, shared=shared)
        self._forward_s = self._slope_s = limits.clock() - start
        self.clean = first.detections
        # Without the graph, which is let go of after the attack.
        self._clean_logits, self._clean_owned = first.logits.detach(), first.owned
        self._clean_graph = first if first.frames is not None else None

    @property
    def surrogate(self) -> Objective | None:
        """The objective of the surrogate on this frame, made when it is first asked for; None without one."""
        if self._other is None and self._make_surrogate is not None:
            self._other = self._make_surrogate()
        return self._other

    def of(self, pixels: Pixels, *, with_gradient: bool) -> Objective:
        """The same questions about another frame, whose own clean answer is what the goal starts from.

        The surrogate, if there is one, goes on looking at the first frame.
        """
        return Objective(
            self._detector,
            pixels,
            self.aim,
            threshold=self._threshold,
            iou=self._iou,
            with_gradient=with_gradient,
            limits=self._limits,
            surrogate=self._make_surrogate,
        )

    @property
    def applies(self) -> bool:
        """False where the goal has nothing to work on."""
        return self.aim.applies(self.clean)

    @property
    def white_box(self) -> bool:
        """True where the model has gradients to ask for."""
        return self._model.white_box

    def hold(self, budget: Budget, *, nearest: bool = False) -> None:
        """Count only frames within the budget as attempts; with `nearest`, prefer the nearest that fell."""
        self._budget, self._nearest = budget, nearest

    def gradient(self, pixels: Place) -> tuple[Answer, Gradient]:
        """The answer to a frame and the gradient of the goal's loss with respect to it; see `slope`."""
        slope = self.slope(pixels)
        return slope.answer, slope.gradient

    def slope(self, pixels: Place, criterion: Criterion = Criterion.GOAL) -> Slope:
        """A criterion at a frame and its gradient with respect to it.

        One forward and one backward; on the clean frame itself (the same array) the forward was
        already made.

        Raises
        ------
        AttackContractError : the model is black-box.
        Stopped : the limits are reached.
        """
        return self.look(pixels).slope(criterion)

    def look(self, pixels: Place) -> Look:
        """The answer to a frame, its graph kept: a gradient costs a backward from here, or is not asked for.

        Raises
        ------
        AttackContractError : the model is black-box.
        Stopped : the limits are reached.
        """
        asked = self._with_graph(pixels)
        answer = self._judged(pixels, asked.detections, self._goal_of(asked))

        def value(criterion: Criterion) -> torch.Tensor:
            loss = self._model.criteria[criterion]
            return loss(self.aim, asked.logits, asked.owned, self._bar)

        def slope(criterion: Criterion) -> Slope:
            start = self._limits.clock()
            loss = value(criterion)
            gradient = self._pulled(loss, asked)
            self._slope_s = self._forward_s + self._limits.clock() - start
            return Slope(answer, float(loss.detach()), gradient)

        return Look(answer, lambda criterion: float(value(criterion).detach()), slope)

    def ways(self, pixels: Place, most: int) -> tuple[Answer, list[Slope]]:
        """The gaps of a frame, at most `most`, and their gradients: one forward, a backward each.

        Raises
        ------
        AttackContractError : the model is black-box.
        Stopped : the limits are reached.
        """
        asked = self._with_graph(pixels)
        answer = self._judged(pixels, asked.detections, self._goal_of(asked))
        gaps = self._model.ways(self.aim, asked.logits, asked.owned, self._bar, most)
        slopes = []
        for i, gap in enumerate(gaps):
            gradient = self._pulled(gap, asked, keep=i + 1 < len(gaps))
            slopes.append(Slope(answer, float(gap.detach()), gradient))
        return answer, slopes

    def answer(self, pixels: Place) -> Answer:
        """The answer to a frame: one forward; none for the clean frame, the best or the one judged last."""
        for known in (self._last, self.best):
            if known is not None and known.pixels is pixels:
                return known
        if pixels is self.pixels:
            # The model is a function: the same array has the answer that it had.
            logits, owned = self._clean_logits, self._clean_owned
            return self._judged(pixels, self.clean, lambda: self._loss(logits, owned))
        start = time.perf_counter()
        asked = self._ask(pixels, with_gradient=False)
        answer = self._judged(pixels, asked.detections, self._goal_of(asked))
        self.answer_ms += (time.perf_counter() - start) * 1e3
        return answer

    def losses(self, frames: Pixels) -> npt.NDArray[np.float64]:
        """The goal's loss of each of the frames uint8 (N, H, W, 3), float64 (N,); N forwards, in batches."""
        return self._losses(
            len(frames), lambda part: self._model.ask_many(frames[part]), lambda i: frames[i].copy()
        )

    def fallen(self, frames: Pixels) -> npt.NDArray[np.bool_]:
        """Which of the frames uint8 (N, H, W, 3) fell, bool (N,); N forwards, in batches; each is judged."""
        fell = np.zeros(len(frames), bool)
        for part in self._limits.portions(len(frames)):
            for i, asked in enumerate(self._model.ask_each(frames[part]), start=part.start):
                self.counts.forwards += 1
                frame = frames[i].copy()
                fell[i] = self._judged(frame, asked.detections, self._goal_of(asked)).fell
            self.stop_if_due()
        return fell

    def losses_of(self, edits: Edits) -> npt.NDArray[np.float64]:
        """The loss of the clean frame with each of the edits, float64 (N,); N forwards, or cheaper ones."""
        return self._losses(
            len(edits),
            lambda part: self._model.ask_edits(self.pixels, edits.part(part)),
            lambda i: edits.part(slice(i, i + 1)).written(self.pixels)[0],
        )

    def in_time(self) -> bool:
        """True where one more answer can be had before the deadline."""
        return self._limits.in_time(self._forward_s)

    def time_for(self, share: float) -> bool:
        """True where a step on a part of the frame and the attacked answer can be had before the deadline."""
        return self._limits.in_time(share * self._slope_s + self._forward_s)

    @property
    def queries_left(self) -> float:
        """What a black-box view may still ask for; infinity without a limit."""
        most = self._limits.queries
        return math.inf if most is None else most - self.counts.queries

    def stop_if_due(self, needed: float | None = None) -> None:
        """Raise `Stopped` where there is not time for one more answer, and something to fall back on.

        Parameters
        ----------
        needed : seconds, where it is not an answer that is to come.
        """
        nothing_yet = self.best is None and self._promising is None
        if nothing_yet or self._limits.in_time(self._forward_s if needed is None else needed):
            return
        raise Stopped

    def settle(self) -> Pixels:
        """The frame to fall back on when a search was stopped, judged."""
        if self.best is None:
            # Nothing was judged one by one: the most promising of a batch, or the frame as it is.
            found = self._promising[1] if self._promising else self.pixels.copy()
            if self._other is not None and self._other.best is not None:
                found = self._other.best.pixels
            self.answer(found)
        assert self.best is not None
        return self.best.pixels

    def release(self) -> None:
        """Let go of the clean graph, which nobody will ask for any more; close the account."""
        self._clean_graph = None
        if self._other is not None:
            self.counts.surrogate = self._other.counts.forwards + self._other.counts.backwards

    def _with_graph(self, pixels: Place) -> Asked:
        if pixels is self.pixels and self._clean_graph is not None:
            asked, self._clean_graph = self._clean_graph, None
            return asked
        if not self.white_box:
            raise no_gradient(self.model_name)
        if not self._limits.in_time(self._slope_s) and self.in_time() and self.best is not None:
            self.answer(pixels)  # no time for a step, but for a look at where the last one led
        self.stop_if_due(self._slope_s)
        asked = self._ask(pixels, with_gradient=True)
        if asked.frames is None:
            raise no_gradient(self.model_name)
        return asked

    def _pulled(self, value: torch.Tensor, asked: Asked, *, keep: bool = False) -> Gradient:
        assert asked.frames is not None
        (gradient,) = torch.autograd.grad(value, asked.frames, retain_graph=keep or asked.shared)
        self.counts.backwards += 1
        pulled: Gradient = gradient[0].permute(1, 2, 0).contiguous().numpy()
        return pulled

    def _ask(self, pixels: Place, with_gradient: bool) -> Asked:
        self.counts.forwards += 1
        start = self._limits.clock()
        asked = self._model.ask(pixels, with_gradient)
        self._forward_s = self._limits.clock() - start
        return asked

    def _losses(
        self,
        count: int,
        ask: Callable[[slice], Iterable[AskedMany]],
        frame: Callable[[int], Pixels],
    ) -> npt.NDArray[np.float64]:
        losses, loss = np.empty(count), self._model.criteria[Criterion.GOAL]
        for portion in self._limits.portions(count):
            done = portion.start
            for part in ask(portion):
                values = part.losses(loss, self.aim, self._bar)
                self.counts.forwards += len(values)
                losses[done : done + len(values)] = values
                top = int(values.argmax())
                if self._promising is None or values[top] > self._promising[0]:
                    self._promising = float(values[top]), frame(done + top)
                done += len(values)
                self.stop_if_due()
        return losses

    def _goal_of(self, asked: Asked) -> Callable[[], float]:
        logits = asked.logits.detach()
        return lambda: self._loss(logits, asked.owned)

    def _loss(self, logits: torch.Tensor, owned: Owned) -> float:
        with torch.inference_mode():
            loss = self._model.criteria[Criterion.GOAL]
            return float(loss(self.aim, logits, owned, self._bar))

    def _judged(
        self, place: Place, detections: sv.Detections, score: Callable[[], float]
    ) -> Answer:
        pixels = cast(Pixels, place)
        if pixels is self.pixels:  # an answer does not drift from itself
            return Answer(pixels, detections, fell=False, progress=0, score=score)
        fell, drifted = self.aim.progress(self.clean, detections, self._iou)
        if pixels.dtype != np.uint8:  # no camera delivers it
            return Answer(pixels, detections, fell, drifted, score, kept=False)
        far, kept = self._measured(pixels)
        answer = self._last = Answer(pixels, detections, fell, drifted, score, far, kept)
        if kept and answer.beats(self.best, nearest=self._nearest):
            self.best = answer
        return answer

    def _measured(self, pixels: Pixels) -> tuple[float, bool]:
        """(how far from the clean frame, within the budget)."""
        if self._budget is None:
            return 0.0, True
        far = self._budget.length(self.pixels, pixels)
        return far, self._budget.allows(far)


def no_gradient(model: str) -> AttackContractError:
    """The refusal of a model that is black-box itself."""
    return AttackContractError(
        f"model {model} is black-box: it has no gradient to give; "
        "use an attack that needs less knowledge (`camdrift attacks` lists it)"
    )
