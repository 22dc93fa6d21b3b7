"""How a model is asked about a frame: along its gradients, or through what it says and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol, cast

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch

from models.detector import Candidates, Classifier, Detector, WhiteBoxDetector, to_tensor
from models.edits import Edits
from models.errors import ModelOutputError
from models.vicinity import LocalDetector, Vicinity
from monitor import criteria
from monitor.arrays import Gradient, Pixels
from monitor.goals import Aim, Criterion, labels
from monitor.kernels.written import written
from monitor.losses import Loss, Owned, owned_candidates
from monitor.places import Region

LOW: Final = 0.05
"""Score down to which a black-box model is asked, so that its loss says more than yes and no."""

CHUNK_VALUES: Final = 610_000
"""Values of a batch that is asked at once: 4 frames of 224 x 224, whose activations stay near the processor.
800 questions of one-pixel took 12.6 s one by one, 7.9 by 4, 9.7 by 8 and 16.7 by 106."""

_NEVER: Final = 1e-6  # a score of exactly 0 or 1 has no logit

Ways = Callable[[Aim, torch.Tensor, Owned, float, int], list[torch.Tensor]]
"""(aim, logits (A, C), owners, bar, most) -> gaps, the nearest first; see `monitor.criteria`."""


@dataclass(eq=False)
class Asked:
    """What the model said of one frame, and what the goal's loss is taken from.

    Attributes
    ----------
    detections : its answer.
    candidates : what the loss is on; with a graph to `frames` where a gradient was wanted.
    frames : the leaf of the graph, float (1, 3, H, W); None without one.
    shared : others pull a gradient through the same graph, so it has to stay.
    """

    detections: sv.Detections
    candidates: Candidates
    frames: torch.Tensor | None
    clean: sv.Detections
    region: Region | None
    known: Owned | None = None
    shared: bool = False

    @property
    def logits(self) -> torch.Tensor:
        """Float (A, C)."""
        return self.candidates.logits[0]

    @cached_property
    def owned(self) -> Owned:
        """Who owns the candidates; looked up only if the loss is asked for."""
        return self.known or owned_candidates(self.candidates, self.clean, self.region)


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """The model's answer to a clean frame, for all who begin on that frame.

    Attributes
    ----------
    heard : of a black-box model all that it said, of a white-box one its answer.
    candidates, frames : of a white-box model; `frames` is the leaf of the graph, None without one.
    """

    heard: sv.Detections
    candidates: Candidates | None = None
    frames: torch.Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AskedMany:
    """What the model said of several frames, as far as losses need it.

    Attributes
    ----------
    logits : float (N, A, C), without a graph.
    owned : who owns the candidates of each.
    alike : all have the same owners, so that one call gives all losses.
    """

    logits: torch.Tensor
    owned: Sequence[Owned]
    alike: bool

    def losses(self, loss: Loss, aim: Aim, bar: float) -> npt.NDArray[np.float64]:
        """One a frame, float64 (N,)."""
        with torch.inference_mode():
            if self.alike:
                values = loss(aim, self.logits, self.owned[0], bar)
            else:
                each = [loss(aim, x, o, bar) for x, o in zip(self.logits, self.owned, strict=True)]
                values = torch.stack(each)
            return values.numpy().astype(np.float64)


class Asking(Protocol):
    """The questions to one model about one frame and its perturbed copies."""

    @property
    def white_box(self) -> bool:
        """True where gradients can be had."""
        ...

    @property
    def criteria(self) -> Mapping[Criterion, Loss]:
        """The losses that fit the model's kind."""
        ...

    @property
    def ways(self) -> Ways:
        """The gaps that fit the model's kind."""
        ...

    def open(self, pixels: Pixels, with_gradient: bool) -> Opening:
        """The clean frame's forward, which several may begin on."""
        ...

    def begin(self, opening: Opening, region: Region | None, *, shared: bool) -> Asked:
        """The clean frame; its objects are what all later losses speak of."""
        ...

    def ask(self, pixels: Pixels | Gradient, with_gradient: bool) -> Asked:
        """A perturbed frame."""
        ...

    def ask_each(self, frames: Pixels) -> Iterator[Asked]:
        """Perturbed frames (N, H, W, 3), one after the other with its answer; no gradient."""
        ...

    def ask_many(self, frames: Pixels) -> Iterator[AskedMany]:
        """Perturbed frames (N, H, W, 3), chunk by chunk; no gradient, no answers."""
        ...

    def ask_edits(self, pixels: Pixels, edits: Edits) -> Iterator[AskedMany]:
        """A frame with some pixels changed, N times otherwise, chunk by chunk; no gradient."""
        ...


def asking(detector: Detector, threshold: float) -> Asking:
    """The way that this model can be asked."""
    if isinstance(detector, WhiteBoxDetector):
        return WhiteBoxAsking(detector, threshold)
    return BlackBoxAsking(detector, threshold)


class WhiteBoxAsking:
    """Asks for the model's candidates, which carry the graph down to the frame."""

    white_box = True

    def __init__(self, detector: WhiteBoxDetector, threshold: float) -> None:
        self._detector = detector
        self._threshold = threshold
        self.criteria, self.ways = criteria_of(detector)
        self._vicinity: tuple[Pixels, Vicinity] | None = None

    def open(self, pixels: Pixels, with_gradient: bool) -> Opening:
        """One forward; its graph serves the first gradient."""
        frames, candidates = self._forward(pixels, with_gradient)
        found = self._detector.decode(candidates, self._threshold)[0]
        return Opening(found, candidates, frames if with_gradient else None)

    def begin(self, opening: Opening, region: Region | None, *, shared: bool) -> Asked:
        """No forward: that was the opening's."""
        candidates = opening.candidates
        assert candidates is not None
        self._clean, self._region = opening.heard, region
        self._owned = owned_candidates(candidates, self._clean, region)
        return Asked(
            *(self._clean, candidates, opening.frames, self._clean, region, self._owned), shared
        )

    def ask(self, pixels: Pixels | Gradient, with_gradient: bool) -> Asked:
        """One forward."""
        frames, candidates = self._forward(pixels, with_gradient)
        found = self._detector.decode(candidates, self._threshold)[0]
        # Candidates that stand for the same place in every frame keep their owners.
        known = self._owned if candidates.fixed else None
        leaf = frames if with_gradient else None
        return Asked(found, candidates, leaf, self._clean, self._region, known)

    def ask_each(self, frames: Pixels) -> Iterator[Asked]:
        """One forward a frame, in batches."""
        for candidates in self._batches(frames):
            known = self._owned if candidates.fixed else None
            for i, found in enumerate(self._detector.decode(candidates, self._threshold)):
                one = _one(candidates, i)
                yield Asked(found, one, None, self._clean, self._region, known)

    def ask_many(self, frames: Pixels) -> Iterator[AskedMany]:
        """One forward a frame, in batches."""
        for candidates in self._batches(frames):
            yield self._many(candidates)

    def ask_edits(self, pixels: Pixels, edits: Edits) -> Iterator[AskedMany]:
        """One forward a candidate; a model that can looks only where something changed."""
        if not isinstance(self._detector, LocalDetector):
            for part in chunks(len(edits), pixels.size):
                yield from self.ask_many(_candidate_frames(pixels, edits, part))
            return
        if self._vicinity is None or self._vicinity[0] is not pixels:
            self._vicinity = pixels, self._detector.vicinity(pixels)
        near = self._vicinity[1]
        for part in chunks(len(edits), pixels.size):
            with torch.inference_mode():
                some = Edits(edits.positions[part], edits.colours[part])
                yield self._many(near.forward(some))

    def _batches(self, frames: Pixels) -> Iterator[Candidates]:
        for part in chunks(len(frames), frames[0].size):
            batch = torch.from_numpy(frames[part]).permute(0, 3, 1, 2).float().mul_(1 / 255)
            with torch.inference_mode():
                candidates = self._detector.forward(batch)
            yield candidates  # outside, or the mode would hold for whoever asked

    def _many(self, candidates: Candidates) -> AskedMany:
        if candidates.fixed:
            return AskedMany(candidates.logits, (self._owned,) * len(candidates.logits), True)
        owners = [
            owned_candidates(_one(candidates, i), self._clean, self._region)
            for i in range(len(candidates.logits))
        ]
        return AskedMany(candidates.logits, owners, False)

    def _forward(
        self, pixels: Pixels | Gradient, with_gradient: bool
    ) -> tuple[torch.Tensor, Candidates]:
        frames = to_tensor(cast(Pixels, pixels))  # floats are levels too
        if with_gradient:
            frames.requires_grad_()
            return frames, self._detector.forward(frames)
        with torch.inference_mode():
            return frames, self._detector.forward(frames)


class BlackBoxAsking:
    """Asks for detections alone, down to a low score, and makes candidates of them.

    One question a frame: what scores at least the threshold is the answer, for a detector's
    suppression lets a weaker box take nothing from a stronger one. All of it, each box with the logit
    of its score, is what the loss is on; where the model is silent about a clean object or a place,
    the loss takes the logit of the lowest score asked for. So the loss is that of `monitor.losses`, blind
    to all that the model does not say.
    """

    white_box = False

    def __init__(self, detector: Detector, threshold: float) -> None:
        self._detector = detector
        self._threshold = threshold
        self._low = min(LOW, threshold)
        self.criteria, self.ways = criteria_of(detector)

    def open(self, pixels: Pixels, with_gradient: bool) -> Opening:
        """One question; there is no graph, whatever is wished for."""
        del with_gradient
        return Opening(self._heard(pixels))

    def begin(self, opening: Opening, region: Region | None, *, shared: bool) -> Asked:
        """No question: that was the opening's."""
        del shared
        self._clean, self._region = self._answer(opening.heard), region
        return self._asked(self._clean, opening.heard)

    def ask(self, pixels: Pixels | Gradient, with_gradient: bool) -> Asked:
        """One question."""
        del with_gradient
        heard = self._heard(pixels)
        return self._asked(self._answer(heard), heard)

    def ask_each(self, frames: Pixels) -> Iterator[Asked]:
        """One question a frame."""
        for frame in frames:
            yield self.ask(frame, with_gradient=False)

    def ask_many(self, frames: Pixels) -> Iterator[AskedMany]:
        """One question a frame."""
        for frame in frames:
            asked = self.ask(frame, with_gradient=False)
            yield AskedMany(asked.logits[None], (asked.owned,), False)

    def ask_edits(self, pixels: Pixels, edits: Edits) -> Iterator[AskedMany]:
        """One question a candidate."""
        for part in chunks(len(edits), pixels.size):
            yield from self.ask_many(_candidate_frames(pixels, edits, part))

    def _heard(self, pixels: Pixels | Gradient) -> sv.Detections:
        heard = self._detector.detect(np.asarray(pixels, np.uint8), self._low)
        if len(heard) and (heard.confidence is None or heard.class_id is None):
            raise ModelOutputError(
                f"model {self._detector.name}: its detections hold no confidence or no class_id; "
                "give both"
            )
        if heard.confidence is not None and not np.isfinite(heard.confidence).all():
            raise ModelOutputError(
                f"model {self._detector.name}: its scores hold NaN or infinity; check the model"
            )
        return heard

    def _answer(self, heard: sv.Detections) -> sv.Detections:
        if isinstance(self._detector, Classifier) or not len(heard):
            return heard  # a classifier answers whatever the score
        assert heard.confidence is not None
        answer = heard[heard.confidence >= self._threshold]
        assert isinstance(answer, sv.Detections)
        return answer

    def _asked(self, answer: sv.Detections, heard: sv.Detections) -> Asked:
        candidates = self._candidates(heard)
        return Asked(answer, candidates, None, self._clean, self._region)

    def _candidates(self, heard: sv.Detections) -> Candidates:
        """Every box heard of; then, silent, every clean object's own and one where something may appear."""
        silent = _logit(np.array([self._low], np.float32))[0]
        classes = len(self._detector.class_names)
        if isinstance(self._detector, Classifier):
            named = _scores(heard)
            row = np.full((1, classes), min(silent, *named) - 1, np.float32)
            row[0, labels(heard)] = named
            return _candidates(row, heard.xyxy)
        spot = self._region[0] if self._region else (-2.0, -2.0, -1.0, -1.0)
        middle = [(spot[0] + spot[2]) / 2, (spot[1] + spot[3]) / 2]
        boxes = np.concatenate([heard.xyxy, self._clean.xyxy, [middle * 2]])
        logits = np.full((len(boxes), max(classes, 1)), silent, np.float32)
        logits[np.arange(len(heard)), labels(heard)] = _scores(heard)
        return _candidates(logits, boxes)


def criteria_of(detector: Detector) -> tuple[Mapping[Criterion, Loss], Ways]:
    """What can be climbed on a model of this kind: for boxes, or for a label of the whole frame."""
    if isinstance(detector, Classifier):
        return criteria.LABEL, criteria.label_ways
    return criteria.BOXES, criteria.goal_ways


def _candidate_frames(pixels: Pixels, edits: Edits, part: slice) -> Pixels:
    positions, colours = edits.positions[part], edits.colours[part]
    frames = np.empty((len(positions), *pixels.shape), np.uint8)
    written(pixels, positions.astype(np.int64), colours, frames)
    return frames


def chunks(count: int, values: int) -> Iterator[slice]:
    """Slices of `count` frames of `values` values each, as many at once as memory is meant for."""
    most = max(CHUNK_VALUES // values, 1)
    for first in range(0, count, most):
        yield slice(first, min(first + most, count))


def _candidates(logits: npt.NDArray[np.float32], boxes: npt.NDArray[Any]) -> Candidates:
    values = torch.from_numpy(logits)[None]
    places = torch.from_numpy(boxes.astype(np.float32))[None]
    return Candidates(values, lambda: places, fixed=False)


def _one(candidates: Candidates, i: int) -> Candidates:
    return Candidates(
        candidates.logits[i : i + 1], lambda: candidates.boxes[i : i + 1], fixed=False
    )


def _scores(heard: sv.Detections) -> npt.NDArray[np.float32]:
    if heard.confidence is None:
        return np.zeros(0, np.float32)
    return _logit(heard.confidence)


def _logit(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    held = np.clip(scores.astype(np.float64), _NEVER, 1 - _NEVER)
    return np.log(held / (1 - held)).astype(np.float32)
