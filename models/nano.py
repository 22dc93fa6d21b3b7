"""Our own small detector: anchor-free, fully convolutional, made for gradients at camera speed.

A stem of stride 4, residual stages at strides 8, 16 and 32, a top-down path back to stride 8, and there one
heat map a class and one box a cell. Plain convolutions throughout: depthwise ones are slow on a CPU, and
their backward is slower. The idea of peaks on a heat map is CenterNet's (Zhou, Wang, Kraehenbuehl 2019),
the box as four distances FCOS' (Tian, Shen, Chen, He 2019).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import supervision as sv
import torch
import torch.nn.functional as F
from torch import nn

from models.decoding import Decoder
from models.detector import Candidates, Pixels, checked, to_tensor
from models.vicinity import Vicinity

STRIDE = 8
"""Pixels a cell of the answer."""

SIDE = 32
"""Both sides of the network's input are multiples of it."""

NMS_IOU = 0.5
"""Overlap from which the weaker of two boxes goes, whatever its class: one thing has one name."""

PADDING = 114 / 255
"""Grey beside the picture, as in training."""

STEM, WIDTHS = 24, (48, 96, 128)
"""Channels of the stem and of the stages at strides 8, 16 and 32.

With one residual block a stage, 0.8 M parameters: forward 2.9 ms and forward + backward 6.4 ms at 320x320 on
two cores, 0.29 of CenterFace's. A second block at strides 16 and 32 each: 0.36; a stem of two 3x3
convolutions of stride 2 instead of one 6x6 of stride 4: 0.41.
"""

LOGIT_AT_REST = -4.6
"""Bias of the heat map before training: every cell at p = 0.01 (Lin et al. 2017, section 3.3)."""


class NanoNet(nn.Module):
    """The network; (N, 3, H, W) BGR in [0, 1], sides multiples of 32 -> (N, C + 4, H / 8, W / 8).

    The first C maps are logits, the last four the logarithms of the distances from a cell's centre to the
    left, upper, right and lower side of its box, in cells.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        fine, middle, coarse = WIDTHS
        self.stem = Convolution(3, STEM, kernel=6, stride=4, padding=1)
        self.fine = nn.Sequential(Convolution(STEM, fine, stride=2), Residual(fine))
        self.middle = nn.Sequential(Convolution(fine, middle, stride=2), Residual(middle))
        # Dilated: a cell sees 230 pixels to each side instead of 165, at no cost. Without it signs of
        # 300 pixels and more were found with boxes that were too small.
        self.coarse = nn.Sequential(
            Convolution(middle, coarse, stride=2), Residual(coarse, dilation=2)
        )
        self.to_middle = nn.Conv2d(coarse, middle, 1)
        self.mix = Convolution(middle, middle)
        self.to_fine = nn.Conv2d(middle, fine, 1)
        self.head = Convolution(fine, fine)
        self.answer = nn.Conv2d(fine, classes + 4, 1)
        with torch.no_grad():
            assert self.answer.bias is not None
            self.answer.bias.zero_()
            self.answer.bias[:classes] = LOGIT_AT_REST

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        fine = self.fine(self.stem(frames))
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        middle = self.mix(middle + doubled(self.to_middle(coarse)))
        fine = F.relu(fine + doubled(self.to_fine(middle)), inplace=True)
        answer: torch.Tensor = self.answer(self.head(fine))
        return answer


class Convolution(nn.Module):
    """Convolution, batch norm, rectifier; the norm is gone after `fold`."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        padding: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(
            inputs, outputs, kernel, stride, padding, dilation=dilation, bias=False
        )
        self.norm: nn.Module = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.linear(x), inplace=True)

    def linear(self, x: torch.Tensor) -> torch.Tensor:
        """All but the rectifier."""
        normed: torch.Tensor = self.norm(self.convolution(x))
        return normed


class Residual(nn.Module):
    """x + two convolutions of x, rectified (He et al. 2015)."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first, self.second = (
            Convolution(channels, channels, padding=dilation, dilation=dilation) for _ in range(2)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.second.linear(self.first(x)), inplace=True)


def doubled(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def fold(network: NanoNet) -> NanoNet:
    """Fold every batch norm into its convolution, in place: for inference only."""
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    network.eval()
    for module in network.modules():
        if isinstance(module, Convolution) and isinstance(module.norm, nn.BatchNorm2d):
            module.convolution = fuse_conv_bn_eval(module.convolution, module.norm)
            module.norm = nn.Identity()
    return network.requires_grad_(False)


def boxes_of(distances: torch.Tensor) -> torch.Tensor:
    """(N, 4, h, w) logarithms of distances in cells -> (N, h * w, 4) xyxy in pixels."""
    distances = distances.exp() * STRIDE
    rows, columns = (
        (torch.arange(n, dtype=distances.dtype, device=distances.device) + 0.5) * STRIDE
        for n in distances.shape[2:]
    )
    left, up, right, down = distances.unbind(1)
    y, x = rows[:, None], columns[None, :]
    return torch.stack([x - left, y - up, x + right, y + down], dim=-1).flatten(1, 2)


class CellMap(Candidates):
    """The cells of the heat maps, row by row, as candidates.

    Parameters
    ----------
    answer : float (N, C + 4, h, w), the network's.
    """

    def __init__(self, answer: torch.Tensor) -> None:
        logits, distances = answer[:, :-4], answer[:, -4:]
        super().__init__(logits.flatten(2).transpose(1, 2), lambda: boxes_of(distances))
        self._distances = distances.detach()

    def boxes_at(self, i: int, cells: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """The boxes of some cells of frame `i`, float32 (len(cells), 4), without a graph."""
        chosen = self._distances[i].flatten(1)[:, torch.from_numpy(cells)].cpu().numpy()
        left, up, right, down = np.exp(chosen.astype(np.float32)) * np.float32(STRIDE)
        rows, columns = np.divmod(cells, self._distances.shape[3])
        y, x = (rows + 0.5) * STRIDE, (columns + 0.5) * STRIDE
        return np.stack([x - left, y - up, x + right, y + down], 1).astype(np.float32)


class Nano:
    """A white-box detector around a folded `NanoNet`.

    Parameters
    ----------
    name, class_names : as the zoo knows them.
    network : folded, one heat map a class.
    """

    def __init__(self, name: str, class_names: tuple[str, ...], network: NanoNet) -> None:
        self.name = name
        self.class_names = class_names
        self.network = network
        self._decoder = Decoder(name, class_names, NMS_IOU, agnostic=True, single=True)

    def forward(self, frames: torch.Tensor) -> CellMap:
        """Candidates of a float (N, 3, H, W) BGR batch in [0, 1]; H and W are padded to multiples of 32.

        Raises
        ------
        ModelInputError : the batch is empty or of another shape.
        """
        height, width = checked(frames).shape[2:]
        right, below = -width % SIDE, -height % SIDE
        if right or below:
            frames = F.pad(frames, (0, right, 0, below), value=PADDING)
        return CellMap(self.network(frames))

    def vicinity(self, pixels: Pixels) -> Vicinity:
        """All frames that are one uint8 BGR (H, W, 3) picture but for a few pixels; see `LocalDetector`.

        Raises
        ------
        ModelInputError : the picture has no pixels.
        """
        from models.nano_vicinity import NanoVicinity  # which is made of this module's parts

        return NanoVicinity(self.network, pixels)

    def decode(self, candidates: Candidates, threshold: float) -> list[sv.Detections]:
        """Objects of score >= threshold after non-maximum suppression, best first."""
        assert isinstance(candidates, CellMap)
        return [self._decode_one(candidates, i, threshold) for i in range(len(candidates.logits))]

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        """Objects in one uint8 BGR (H, W, 3) picture."""
        with torch.inference_mode():
            return self.decode(self.forward(to_tensor(pixels)), threshold)[0]

    def _decode_one(self, candidates: CellMap, i: int, threshold: float) -> sv.Detections:
        return self._decoder(
            candidates.logits[i], lambda cells, _: candidates.boxes_at(i, cells), threshold
        )
