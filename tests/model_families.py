"""Every family of models, with random, seeded weights where the real ones would have to be fetched."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from own_nets import NAMES, NETS, net
from torch import nn
from torchvision.models import get_model, get_model_weights

from models.detector import Candidates, WhiteBoxDetector, to_tensor
from models.options import ModelOptions
from models.own_model import own_model
from models.torchvision_model import TorchvisionModel
from models.zoo import ZOO

Pixels = npt.NDArray[np.uint8]

TORCHVISION = {
    "ssdlite320_mobilenet_v3_large": {},
    "fasterrcnn_mobilenet_v3_large_320_fpn": {},
    "retinanet_resnet50_fpn": {"min_size": 96, "max_size": 128},
    "fcos_resnet50_fpn": {"min_size": 96, "max_size": 128},
}
"""Name -> what is said to its builder; the two with a ResNet look at small frames, for the tests' time."""


def categories(name: str) -> list[str]:
    """What torchvision calls the labels of a model."""
    return list(get_model_weights(name).DEFAULT.meta["categories"])


def lively(name: str, frames: torch.Tensor) -> nn.Module:
    """One of torchvision's detectors, its random weights such that it is sure of some boxes in the frames.

    Batch norms take the frames' own statistics, for with none a random network passes next to nothing on;
    the layer that names classes is made loud.
    """
    torch.manual_seed(3)
    model: Any = get_model(name, weights=None, weights_backbone=None, **TORCHVISION[name])
    model.eval()
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.train()
        norm.momentum = None
    with torch.no_grad():
        # Turned over as well: one value a channel has no variance.
        model([*frames.flip(1), *frames.flip(1, 2), *frames.flip(1, 3)])
    for norm in norms:
        norm.eval()
    with torch.no_grad():
        for part, layer in model.named_modules():
            if isinstance(layer, nn.Conv2d | nn.Linear) and _names_classes(part, layer):
                layer.weight.normal_(0, 0.15)
    return model.requires_grad_(False)


def _names_classes(part: str, layer: nn.Conv2d | nn.Linear) -> bool:
    outputs = layer.out_channels if isinstance(layer, nn.Conv2d) else layer.out_features
    return "cls_" in part or ("classification_head" in part and outputs % 91 == 0)


def torchvision_model(name: str, frames: torch.Tensor) -> TorchvisionModel:
    """The detector around `lively`."""
    return TorchvisionModel(f"torchvision:{name}", lively(name, frames), categories(name))


def builders(photograph: Pixels) -> dict[str, Callable[[], WhiteBoxDetector]]:
    """Name -> builder of every white-box model: the zoo's rows, torchvision's families, every layout."""
    frames = to_tensor(photograph)
    made: dict[str, Callable[[], WhiteBoxDetector]] = {n: row.load for n, row in ZOO.items()}
    for name in TORCHVISION:
        made[f"torchvision:{name}"] = lambda name=name: torchvision_model(name, frames)  # type: ignore[misc]
    for layout in NETS:
        made[f"layout:{layout}"] = lambda layout=layout: own_model(  # type: ignore[misc]
            f"layout:{layout}", net(layout), ModelOptions(names=NAMES)
        )
    return made


FAMILIES = [
    *ZOO,
    *(f"torchvision:{name}" for name in TORCHVISION),
    *(f"layout:{layout}" for layout in NETS),
]
"""The keys of `builders`."""


def in_double(detector: Any) -> Any:
    """A copy of a detector whose networks and tensors are float64, so that slopes can be measured."""
    copied = copy.copy(detector)
    for name, value in vars(detector).items():
        if isinstance(value, nn.Module):
            twin = copy.deepcopy(value).double()
            setattr(copied, name, twin.to(memory_format=torch.contiguous_format))
        elif isinstance(value, torch.Tensor) and value.is_floating_point():
            setattr(copied, name, value.double())
    return copied


def with_standing_proposals(detector: Any, frames: torch.Tensor) -> Any:
    """A Faster R-CNN that looks at the proposals of these frames for ever; others as they are.

    Its proposals' corners carry no gradient, so its gradient is the slope only where they stand still.
    """
    network = getattr(detector, "network", None)
    if not hasattr(network, "rpn"):
        return detector
    with torch.no_grad():
        images, _ = network.transform(list(frames.flip(1)))
        proposals, _ = network.rpn(images, network.backbone(images.tensors))

    class Standing(nn.Module):
        def forward(self, *_: object) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
            return proposals, {}

    network.rpn = Standing()
    return detector


def telling_threshold(candidates: Candidates, most: int = 20) -> float:
    """0.5, or a score that some candidates reach where none reaches 0.5; between two scores, not on one."""
    scores = candidates.logits.detach()[0].flatten().sigmoid().unique()
    best = scores[-most - 1 :]
    return min(0.5, max(float(best[:2].mean()), 1e-6))
