"""The contract of a torchvision family, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn
from torchvision.ops import clip_boxes_to_image

from models.decoding import Indexes

Features = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a head says of a batch.

    Attributes
    ----------
    logits : (N, A, columns), log-odds; a column is a category of the weights.
    boxes : gives (N, A, 4) xyxy in pixels of the resized frame, clipped to it.
    fixed : see `Candidates`.
    class_boxes : gives (N, A, columns, 4) where every class has a box of its own, else None.
    group_of : the group in which the model's limit on crowds counts, else None: one for all.
    """

    logits: torch.Tensor
    boxes: Callable[[], torch.Tensor]
    fixed: bool = True
    class_boxes: Callable[[], torch.Tensor] | None = None
    group_of: Callable[[Indexes, Indexes], Indexes] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Overlap of the suppression, detections a frame, candidates a group that may enter it."""

    nms: float
    most: int
    crowd: int | None


class Head(Protocol):
    """A family; stateless."""

    def columns(self, model: nn.Module, names: int) -> range:
        """Which columns are the classes, for a model that was trained on so many names."""
        ...

    def limits(self, model: Any) -> Limits:
        """The model's own limits."""
        ...

    def look(self, model: Any, images: Any, features: Features) -> Looked:
        """The raw outputs.

        `model` is one of torchvision's, `images` its ImageList, `features` its backbone's maps.
        """
        ...


def dense_limits(model: Any) -> Limits:
    """The limits of the single-stage models, which name them alike."""
    return Limits(model.nms_thresh, model.detections_per_img, model.topk_candidates)


def clipped(boxes: torch.Tensor, images: Any) -> torch.Tensor:
    """Boxes (N, ..., 4) clipped to the frames' resized sizes."""
    return torch.stack(
        [
            clip_boxes_to_image(of_one, size)
            for of_one, size in zip(boxes, images.image_sizes, strict=True)
        ]
    )


def decoded(coder: Any, regression: torch.Tensor, anchors: list[torch.Tensor]) -> torch.Tensor:
    """(N, A, 4) from a `BoxCoder`, frame by frame."""
    return torch.stack(
        [coder.decode_single(r, a) for r, a in zip(regression, anchors, strict=True)]
    )


def by_level(candidates: int, features: Features) -> Callable[[Indexes, Indexes], Indexes]:
    """The pyramid level of a candidate; torchvision bounds crowds level by level."""
    import numpy as np

    cells = [of_one.shape[2] * of_one.shape[3] for of_one in features.values()]
    ends = np.cumsum(cells) * (candidates // sum(cells))
    return lambda rows, _: np.searchsorted(ends, rows, side="right")
