"""One of torchvision's detectors, white-box through its raw head outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import supervision as sv
import torch
from torch import nn

from models.decoding import Decoder, Indexes
from models.detector import Candidates, Pixels, checked, to_tensor
from models.errors import ModelInputError, ModelLoadError, ModelOutputError
from models.torchvision_heads.families import head_of
from models.torchvision_heads.head import Looked

NOTHING = ("__background__", "N/A")
"""Categories in the weights' metadata that are none."""

SMALLEST = 1e-2
"""Pixels; boxes with a shorter side are dropped before suppression, as torchvision does."""


class TorchvisionCandidates(Candidates):
    """The candidates with what decoding needs beside them.

    Attributes
    ----------
    looked : what the head said.
    ratio : (x, y), pixels of the frame a pixel of the resized frame.
    healthy : no feature map holds NaN or infinity; the proposals of one that does are silently none.
    """

    def __init__(
        self,
        looked: Looked,
        columns: torch.Tensor,
        ratio: torch.Tensor,
        healthy: bool,
    ) -> None:
        super().__init__(
            looked.logits[..., columns], lambda: looked.boxes() * ratio, fixed=looked.fixed
        )
        self.looked = looked
        self.columns = columns
        self.ratio = ratio
        self.healthy = healthy

    def boxes_at(self, i: int, rows: Indexes, columns: Indexes) -> Any:
        """The boxes of some candidates of frame `i` as members of some classes, (K, 4), without a graph."""
        if self.looked.class_boxes is None:
            return self.boxes[i].detach().numpy()[rows]
        every = self.looked.class_boxes()[i].detach() * self.ratio
        return every.numpy()[rows, self.columns.numpy()[columns]]


class TorchvisionModel:
    """A white-box detector around a `torchvision.models.detection` module.

    Its own transform resizes and normalises, its own backbone and head look; what it would threshold and
    suppress is handed out whole.

    Parameters
    ----------
    name : what the user calls it.
    model : SSD, RetinaNet, FCOS or FasterRCNN.
    categories : names of its labels; background and unused ones are left out.
    input_size : (width, height); the frame is scaled into it instead of the size that the model was
        trained with. SSDs have a fixed size.

    Raises
    ------
    ModelLoadError : another kind of module, or an SSD with another size than its own.
    """

    def __init__(
        self,
        name: str,
        model: nn.Module,
        categories: Sequence[str],
        input_size: tuple[int, int] | None = None,
    ) -> None:
        head = head_of(model)
        if head is None:
            raise ModelLoadError(
                f"model {name}: {type(model).__name__} is none of torchvision's detectors with boxes; "
                "see docs/models.md"
            )
        self.name = name
        model.eval().requires_grad_(False)
        self.network: Any = model.to(memory_format=torch.channels_last)
        self._head = head
        background = int(bool(categories) and categories[0] == NOTHING[0])
        columns = head.columns(model, len(categories) - background)
        wanted = [
            (column, category)
            for column, category in zip(columns, categories[background:], strict=True)
            if category not in NOTHING
        ]
        self._columns = torch.tensor([column for column, _ in wanted])
        self.class_names = tuple(category for _, category in wanted)
        if input_size is not None:
            self._resize_to(input_size)
        limits = head.limits(model)
        self._decoder = Decoder(
            name,
            self.class_names,
            limits.nms,
            most=limits.most,
            crowd=limits.crowd,
            least_side=SMALLEST if limits.crowd is None else 0.0,
        )

    def forward(self, frames: torch.Tensor) -> TorchvisionCandidates:
        """See `WhiteBoxDetector.forward`."""
        height, width = checked(frames).shape[2:]
        self._check_sliver(height, width)
        images, _ = self.network.transform(list(frames.flip(1)))
        features = self.network.backbone(images.tensors)
        healthy = all(bool(of_one.detach().sum().isfinite()) for of_one in features.values())
        looked = self._head.look(self.network, images, features)
        high, wide = images.image_sizes[0]
        ratio = frames.new_tensor([width / wide, height / high] * 2)
        return TorchvisionCandidates(looked, self._columns, ratio, healthy)

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """See `WhiteBoxDetector.decode`; thresholds, limits and suppression are the model's own."""
        assert isinstance(candidates, TorchvisionCandidates)
        if not candidates.healthy:
            raise ModelOutputError(
                f"model {self.name}: its features hold NaN or infinity; "
                "check the frame's values and the weights (`camdrift models`)"
            )
        return [self._decode_one(candidates, i, threshold) for i in range(len(candidates.logits))]

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """See `Detector.detect`."""
        with torch.inference_mode():
            return self.decode(self.forward(to_tensor(pixels)), threshold)[0]

    def _decode_one(
        self, candidates: TorchvisionCandidates, i: int, threshold: float
    ) -> sv.Detections:
        return self._decoder(
            candidates.logits[i],
            lambda rows, columns: np.asarray(candidates.boxes_at(i, rows, columns)),
            threshold,
            candidates.looked.group_of,
        )

    def _check_sliver(self, height: int, width: int) -> None:
        """Refuse what torchvision's own transform would shrink to nothing."""
        transform = self.network.transform
        short, long = min(height, width), max(height, width)
        gain = min(transform.min_size[-1] / short, transform.max_size / long)
        if transform.fixed_size is None and short * gain < 1:
            raise ModelInputError(
                f"model {self.name}: a frame of {width}x{height} is scaled to less than a pixel; "
                "give it another shape, or a larger [model] input_size"
            )

    def _resize_to(self, size: tuple[int, int]) -> None:
        transform = self.network.transform
        if transform.fixed_size is None:
            transform.min_size, transform.max_size = (min(size),), max(size)
        elif tuple(transform.fixed_size) != size:
            wide, high = transform.fixed_size
            raise ModelLoadError(
                f"model {self.name}: its input is fixed at {wide}x{high}, not {size[0]}x{size[1]}; "
                'set [model] input_size = "auto"'
            )
