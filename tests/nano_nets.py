"""Our own network with random, seeded weights that is sure of some tens of things in a textured frame."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.detector import to_tensor
from models.nano import Nano, NanoNet, fold

Pixels = npt.NDArray[np.uint8]

NAMES = ("round", "square", "long")

SURE = 0.02
"""Share of the cells that a network from `network` gives p > 0.5 for some class."""


def textured(seed: int, width: int, height: int) -> Pixels:
    """A frame with something at every scale, uint8 BGR (height, width, 3)."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128.0)
    for side in (4, 8, 16, 32, 64):
        size = max(height // side, 1), max(width // side, 1), 3
        coarse = rng.normal(0, 28, size).astype(np.float32)
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return picture.clip(0, 255).astype(np.uint8)


def network(seed: int = 0, classes: int = len(NAMES)) -> NanoNet:
    """In eval mode, not folded; batch norms with statistics of textured frames and scales of their own."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = NanoNet(classes)
        norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
        with torch.no_grad():
            for norm in norms:
                norm.weight.uniform_(0.7, 1.3)
                norm.bias.normal_(0, 0.2)
                norm.momentum = None
            assert net.answer.bias is not None
            net.answer.weight.normal_(0, 0.15)
            net.answer.weight[classes:] *= 0.2
            net.answer.bias[:classes] = 0.0
            net.answer.bias[classes:].uniform_(0.3, 1.2)
            frames = torch.cat([to_tensor(textured(100 + i, 320, 256)) for i in range(4)])
            net(frames)
            net.eval()
            best = net(frames)[:, :classes].amax(1)
            net.answer.bias[:classes] -= best.flatten().quantile(1 - SURE)
    return net


def nano(seed: int = 0, names: tuple[str, ...] = NAMES) -> Nano:
    """The detector around such a network, as it is loaded: folded, channels last."""
    folded = fold(network(seed, len(names)))
    return Nano("nano", names, folded.to(memory_format=torch.channels_last))
