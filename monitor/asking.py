"""How a model is asked about a frame: along its gradients, or through what it says and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch

from models.detector import Candidates, Classifier, Detector, WhiteBoxDetector, to_tensor
from models.errors import ModelOutputError
from monitor.arrays import Pixels
from monitor.goals import labels
from monitor.losses import Loss, Owned, goal_loss, label_loss, owned_candidates
from monitor.places import Region

LOW: Final = 0.05
"""Score down to which a black-box model is asked, so that its loss says more than yes and no."""

_NEVER: Final = 1e-6  # a score of exactly 0 or 1 has no logit


@dataclass(eq=False)
class Asked:
    """What the model said of one frame, and what the goal's loss is taken from.

    Attributes
    ----------
    detections : its answer.
    candidates : what the loss is on; with a graph to `frames` where a gradient was wanted.
    frames : the leaf of the graph, float (1, 3, H, W); None without one.
    """

    detections: sv.Detections
    candidates: Candidates
    frames: torch.Tensor | None
    clean: sv.Detections
    region: Region | None
    known: Owned | None = None

    @property
    def logits(self) -> torch.Tensor:
        """Float (A, C)."""
        return self.candidates.logits[0]

    @cached_property
    def owned(self) -> Owned:
        """Who owns the candidates; looked up only if the loss is asked for."""
        return self.known or owned_candidates(self.candidates, self.clean, self.region)


class Asking(Protocol):
    """The questions to one model about one frame and its perturbed copies."""

    @property
    def white_box(self) -> bool:
        """True where gradients can be had."""
        ...

    @property
    def loss(self) -> Loss:
        """The loss that fits the model's kind."""
        ...

    def begin(self, pixels: Pixels, region: Region | None, with_gradient: bool) -> Asked:
        """The clean frame; its objects are what all later losses speak of."""
        ...

    def ask(self, pixels: Pixels, with_gradient: bool) -> Asked:
        """A perturbed frame."""
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
        self.loss: Loss = loss_of(detector)

    def begin(self, pixels: Pixels, region: Region | None, with_gradient: bool) -> Asked:
        """One forward; its graph serves the first gradient."""
        frames, candidates = self._forward(pixels, with_gradient)
        self._clean = self._detector.decode(candidates, self._threshold)[0]
        self._region = region
        self._owned = owned_candidates(candidates, self._clean, region)
        leaf = frames if with_gradient else None
        return Asked(self._clean, candidates, leaf, self._clean, region, self._owned)

    def ask(self, pixels: Pixels, with_gradient: bool) -> Asked:
        """One forward."""
        frames, candidates = self._forward(pixels, with_gradient)
        found = self._detector.decode(candidates, self._threshold)[0]
        # Candidates that stand for the same place in every frame keep their owners.
        known = self._owned if candidates.fixed else None
        leaf = frames if with_gradient else None
        return Asked(found, candidates, leaf, self._clean, self._region, known)

    def _forward(self, pixels: Pixels, with_gradient: bool) -> tuple[torch.Tensor, Candidates]:
        frames = to_tensor(pixels)
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
        self.loss: Loss = loss_of(detector)

    def begin(self, pixels: Pixels, region: Region | None, with_gradient: bool) -> Asked:
        """One question; there is no graph, whatever is wished for."""
        del with_gradient
        heard = self._heard(pixels)
        self._clean, self._region = self._answer(heard), region
        return self._asked(self._clean, heard)

    def ask(self, pixels: Pixels, with_gradient: bool) -> Asked:
        """One question."""
        del with_gradient
        heard = self._heard(pixels)
        return self._asked(self._answer(heard), heard)

    def _heard(self, pixels: Pixels) -> sv.Detections:
        heard = self._detector.detect(pixels, self._low)
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


def loss_of(detector: Detector) -> Loss:
    """The loss of the model's kind: for boxes, or for a label of the whole frame."""
    return label_loss if isinstance(detector, Classifier) else goal_loss


def _candidates(logits: npt.NDArray[np.float32], boxes: npt.NDArray[Any]) -> Candidates:
    values = torch.from_numpy(logits)[None]
    places = torch.from_numpy(boxes.astype(np.float32))[None]
    return Candidates(values, lambda: places, fixed=False)


def _scores(heard: sv.Detections) -> npt.NDArray[np.float32]:
    if heard.confidence is None:
        return np.zeros(0, np.float32)
    return _logit(heard.confidence)


def _logit(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    held = np.clip(scores.astype(np.float64), _NEVER, 1 - _NEVER)
    return np.log(held / (1 - held)).astype(np.float32)
