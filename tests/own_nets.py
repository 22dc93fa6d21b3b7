"""Small networks with random, seeded weights that stand for models of a user's own, one a layout.

All share a body of stride 8 and say the same of a frame: class logits, and a box around each cell. What
differs is how they lay it out, so their detections must be the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

STRIDE = 8
CLASSES = 3
NAMES = ("round", "square", "long")


class Body(nn.Module):
    """(N, 3, H, W) -> logits (N, C, h, w), centres and sizes (N, 2, h, w) in cells."""

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.first = nn.Conv2d(3, 8, 5, stride=4, padding=2)
        self.second = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.head = nn.Conv2d(12, classes + 4, 3, padding=1)
        with torch.no_grad():
            for layer, gain in ((self.first, 0.4), (self.second, 0.4), (self.head, 0.7)):
                layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) * gain)
                layer.bias.zero_()
            self.head.bias[:classes] = -3.0

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = self.head(torch.tanh(self.second(torch.tanh(self.first(x)))))
        logits, offset, size = x[:, :-4], x[:, -4:-2], x[:, -2:]
        return logits, torch.sigmoid(offset), 2 + 2 * torch.sigmoid(size)


def grid(like: torch.Tensor) -> torch.Tensor:
    """(2, h, w): x and y of each cell."""
    rows = torch.arange(like.shape[2], dtype=like.dtype)[:, None].expand(like.shape[2:])
    columns = torch.arange(like.shape[3], dtype=like.dtype)[None].expand(like.shape[2:])
    return torch.stack([columns, rows])


class CenterNetLike(Body):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:  # type: ignore[override]
        logits, offset, size = super().forward(x)
        return logits.sigmoid(), size, offset


class YoloV8Like(Body):
    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        logits, offset, size = super().forward(x)
        boxes = torch.cat([(grid(size) + offset) * STRIDE, size * STRIDE], 1)
        return torch.cat([boxes.flatten(2), logits.flatten(2).sigmoid()], 1)


class YoloV5Like(Body):
    """Objectness is nearly sure everywhere, so that scores are those of the others."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        logits, offset, size = super().forward(x)
        sure = torch.full_like(logits[:, :1], 20.0)
        scores = torch.cat([sure, logits], 1).sigmoid()
        boxes = torch.cat([(grid(size) + offset) * STRIDE, size * STRIDE], 1)
        return torch.cat([boxes, scores], 1).flatten(2).transpose(1, 2)


class SsdLike(Body):
    """One softmax over a background of logit 0 and the classes; boxes as shares of the input."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
        logits, offset, size = super().forward(x)
        whole = torch.cat([torch.zeros_like(logits[:, :1]), logits], 1)
        centre = (grid(size) + offset) * STRIDE
        boxes = torch.cat([centre - size * STRIDE / 2, centre + size * STRIDE / 2], 1)
        shares = torch.tensor([x.shape[3], x.shape[2]] * 2, dtype=x.dtype)
        boxes = boxes.flatten(2).transpose(1, 2) / shares
        return boxes, whole.flatten(2).transpose(1, 2).softmax(-1)


NETS: dict[str, Callable[[], Body]] = {
    "yolov8": YoloV8Like,
    "yolov5": YoloV5Like,
    "ssd": SsdLike,
    "centernet": CenterNetLike,
}


def net(layout: str) -> Body:
    """The network of a layout, ready to be asked."""
    return NETS[layout]().eval().requires_grad_(False)


def exported(
    network: nn.Module, path: Path, size: tuple[int, int] = (160, 128), *, dynamic: bool = False
) -> Path:
    """The network as ONNX, its input (1, 3, height, width) or of any size and batch."""
    axes = {"images": {0: "batch", 2: "height", 3: "width"}} if dynamic else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter is an old one, and says so
        torch.onnx.export(
            network,
            (torch.zeros(1, 3, size[1], size[0]),),
            str(path),
            input_names=["images"],
            dynamic_axes=axes,
            dynamo=False,
        )
    return path


def scripted(network: nn.Module, path: Path) -> Path:
    """The network as TorchScript."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(network, torch.zeros(1, 3, 128, 160)).save(str(path))  # type: ignore[no-untyped-call]
    return path
