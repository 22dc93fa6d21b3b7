"""The contract of an output layout, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import torch

from models.log_odds import of_probability, of_softmax

Outputs = tuple[torch.Tensor, ...]
"""What a network returns, in its order; the first axis of each is the frame."""


class Form(StrEnum):
    """What the scores in an output are."""

    PROBABILITY = "probability"
    LOGIT = "logit"


@dataclass(frozen=True, slots=True)
class Raw:
    """An output read.

    Attributes
    ----------
    logits : (N, A, C), log-odds.
    boxes : gives (N, A, 4), xyxy in pixels of the model's input.
    """

    logits: torch.Tensor
    boxes: Callable[[], torch.Tensor]


class Reader(Protocol):
    """A layout that has been recognised in the outputs of one model; immutable."""

    @property
    def classes(self) -> int:
        """Number of classes, a background not counted."""
        ...

    @property
    def form(self) -> Form:
        """What the scores are."""
        ...

    def with_logits(self) -> Reader:
        """The reader of the same outputs before their last sigmoid or softmax."""
        ...

    def read(self, outputs: Outputs, size: tuple[int, int]) -> Raw:
        """Outputs of a batch -> logits and boxes; `size` is the input's (width, height)."""
        ...


class Layout(Protocol):
    """A way to lay out outputs."""

    @property
    def shape(self) -> str:
        """The shapes in words, for messages."""
        ...

    def recognise(self, outputs: Outputs, classes: int | None) -> Reader | None:
        """Its reader where these outputs, of one frame of noise, can be of this layout; else None.

        `classes` is the number of names that the user or the file gives, None where nobody does.
        """
        ...


def form_of(scores: torch.Tensor) -> Form:
    """PROBABILITY where all lie in [0, 1], which logits of thousands of candidates do not."""
    inside = bool(((scores >= 0) & (scores <= 1)).all())
    return Form.PROBABILITY if inside else Form.LOGIT


def independent(scores: torch.Tensor, form: Form) -> torch.Tensor:
    """Log-odds of scores that come from a sigmoid each."""
    return scores if form is Form.LOGIT else of_probability(scores)


def exclusive(scores: torch.Tensor, form: Form) -> torch.Tensor:
    """Log-odds of scores that come from one softmax over the last axis."""
    return of_softmax(scores) if form is Form.LOGIT else of_probability(scores)


def corners(boxes: torch.Tensor) -> torch.Tensor:
    """(..., 4) centre x, centre y, width, height -> x0, y0, x1, y1."""
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat([centre - half, centre + half], -1)
