"""The contracts of a model: `Detector`, `WhiteBoxDetector` with gradients, `Classifier` for whole frames."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch

from models.errors import ModelInputError

Pixels = npt.NDArray[np.uint8]


class Candidates:
    """A detector's dense answer before thresholding, with its graph to the input.

    Every detector family fits it: heat-map cells, anchors, queries are all *candidates*.

    Parameters
    ----------
    logits : float (N, A, C), the score of candidate a for class c before the sigmoid, so that a
        loss on it does not saturate.
    regress : gives the boxes, float (N, A, 4), xyxy in pixels of the frame that was given. It is asked
        once, and only when boxes are wanted: where nothing is found, none are.
    fixed : candidate a stands for the same place in every frame (cells, anchors). False where they move
        (the proposals of a two-stage detector, queries): who owns which is then to be asked anew.
    """

    def __init__(
        self, logits: torch.Tensor, regress: Callable[[], torch.Tensor], *, fixed: bool = True
    ) -> None:
        self.logits = logits
        self.fixed = fixed
        self._regress = regress

    @cached_property
    def boxes(self) -> torch.Tensor:
        """Float (N, A, 4), xyxy in pixels of the given frame; with a graph if the logits have one."""
        with torch.set_grad_enabled(self.logits.requires_grad):  # whoever asks first, and how
            return self._regress()


@runtime_checkable
class Detector(Protocol):
    """Anything that finds boxes in a picture; enough for black-box attacks and for drift."""

    @property
    def name(self) -> str:
        """The name under which the zoo knows it."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class id -> name."""
        ...

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """Boxes in a uint8 BGR (H, W, 3) picture whose score is at least `threshold`.

        Returns xyxy in pixels of that picture, confidence, class_id and data["class_name"].

        Raises
        ------
        ModelInputError : the picture has no pixels.
        ModelOutputError : the model answered with NaN or infinity.
        """
        ...


@runtime_checkable
class Classifier(Detector, Protocol):
    """A model with one label for the whole frame: its classes exclude each other, and it always answers.

    An answer is one detection whose box is the frame and whose score is the best label's probability.
    data["top5_names"] and data["top5_scores"], both (1, `shown`), hold the best labels, best first.
    """

    @property
    def shown(self) -> int:
        """How many of its best labels an answer hands over."""
        ...


@runtime_checkable
class WhiteBoxDetector(Detector, Protocol):
    """A detector that gradients flow through, down to the camera's frame."""

    def forward(self, frames: torch.Tensor) -> Candidates:
        """Candidates for a float (N, 3, H, W) BGR batch in [0, 1].

        Resizing, padding and normalisation happen inside, so that the gradient with respect to
        `frames` is the gradient with respect to what the camera saw.

        Raises
        ------
        ModelInputError : the batch is empty or of another shape; see `checked`.
        """
        ...

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """Candidates -> detections, one per frame of the batch; takes no gradient along.

        Raises
        ------
        ModelOutputError : logits or boxes hold NaN or infinity.
        """
        ...


def note_of(detector: Detector) -> str:
    """What its user should know of how it was loaded, one line; "" where there is nothing to say.

    A detector says so in an attribute `note`: why a file runs black-box, for example.
    """
    return str(getattr(detector, "note", ""))


def checked(frames: torch.Tensor) -> torch.Tensor:
    """The batch itself, if a model can look at it.

    Raises
    ------
    ModelInputError : not (N, 3, H, W), or N, H or W is 0.
    """
    if frames.ndim != 4 or frames.shape[1] != 3 or 0 in frames.shape:
        raise ModelInputError(
            f"a frame batch of shape {tuple(frames.shape)} cannot be looked at: expected (N, 3, H, W) "
            "with at least one frame and one pixel; check the source's size"
        )
    return frames


def to_tensor(pixels: Pixels) -> torch.Tensor:
    """A uint8 BGR (H, W, 3) picture as a float32 (1, 3, H, W) tensor in [0, 1].

    The memory stays in the picture's own order (channels last): the convolutions like it, and the
    gradient comes back in the order of the picture, so that the update kernel needs no transposition.
    """
    height, width, _ = pixels.shape
    values = torch.empty(1, height, width, 3)
    np.copyto(values.numpy()[0], pixels)
    return values.mul_(1 / 255).permute(0, 3, 1, 2)
