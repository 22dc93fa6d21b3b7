"""SSD-like: boxes (N, A, 4) xyxy and scores (N, A, C), or (N, A, 1 + C) with the background first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from models.layouts.layout import (
    Form,
    Outputs,
    Raw,
    Reader,
    exclusive,
    form_of,
    independent,
)

UNIT = 2.0
"""Box values of a frame of noise that stay below this are shares of the input, not pixels."""


@dataclass(frozen=True, slots=True)
class SsdReader:
    """See the module.

    Attributes
    ----------
    boxes_first : the order of the two outputs.
    background : the scores are one softmax over the background and the classes.
    relative : boxes are shares of the input's width and height.
    """

    classes: int
    form: Form
    boxes_first: bool
    background: bool
    relative: bool

    def with_logits(self) -> Reader:
        """See `Reader`."""
        return replace(self, form=Form.LOGIT)

    def read(self, outputs: Outputs, size: tuple[int, int]) -> Raw:
        """See `Reader`."""
        boxes, scores = outputs if self.boxes_first else outputs[::-1]
        odds = exclusive if self.background else independent
        logits = odds(scores, self.form)[..., int(self.background) :]
        scale = boxes.new_tensor(size * 2) if self.relative else boxes.new_ones(4)
        return Raw(logits, lambda: boxes.reshape(*boxes.shape[:2], 4) * scale)


class Ssd:
    """The layout."""

    shape = "two outputs (N, candidates, 4) and (N, candidates, classes or 1 + classes)"

    def recognise(self, outputs: Outputs, classes: int | None) -> Reader | None:
        """See `Layout`.

        Background: told by the number of names; without names, by scores that sum to 1.
        """
        if len(outputs) != 2 or any(output.ndim not in (3, 4) for output in outputs):
            return None
        boxes_first = outputs[0].shape[-1] == 4 and outputs[1].ndim == 3
        boxes, scores = outputs if boxes_first else outputs[::-1]
        if boxes.shape[-1] != 4 or scores.ndim != 3 or boxes.shape[1] != scores.shape[1]:
            return None
        columns = scores.shape[2]
        if classes is None:
            sums = scores.sum(-1)
            background = columns > 1 and torch.allclose(sums, torch.ones_like(sums), atol=1e-3)
        elif columns - classes in (0, 1):
            background = columns == classes + 1
        else:
            return None
        relative = bool(boxes.abs().max() < UNIT)
        return SsdReader(columns - background, form_of(scores), boxes_first, background, relative)
