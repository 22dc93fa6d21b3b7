"""The classifier as the other libraries want it: a bare torch module that gives logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from models.classifier import _LAST, _MEAN, SIDE, WholeFrame, load_classifier
from models.log_odds import of_softmax

Attack = Callable[..., torch.Tensor]
"""(pictures float (N, 3, 224, 224) BGR in [0, 1], labels (N,), **budget) -> adversarial pictures."""


@dataclass
class Passes:
    """Pictures that went through the network, forwards and backwards."""

    forwards: int = 0
    backwards: int = 0


class Bare(nn.Module):
    """EfficientNet-Lite0 with our mean and scale inside: (N, 3, 224, 224) in [0, 1] -> (N, 1000) logits.

    The network is the classifier's own, so both sides run the very same weights, folded the same way
    and in the same memory order. Its passes are counted at the network, whichever side asks.

    Attributes
    ----------
    classifier : the same network as our side's detector.
    passes : counted since it was last replaced.
    """

    def __init__(self, classifier: WholeFrame) -> None:
        super().__init__()
        self.classifier = classifier
        self.network = classifier._network
        self.passes = Passes()
        self.network.register_forward_pre_hook(self._count)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Plain softmax logits, no log-odds."""
        logits: torch.Tensor = self.network((pictures - _MEAN).contiguous(memory_format=_LAST))
        return logits

    def _count(self, network: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        self.passes.forwards += len(inputs[0])
        if inputs[0].requires_grad:
            inputs[0].register_hook(self._count_backward)  # type: ignore[no-untyped-call]

    def _count_backward(self, gradient: torch.Tensor) -> None:
        self.passes.backwards += len(gradient)


def load_bare() -> Bare:
    """The module, after a look that it answers as the classifier does, bit for bit.

    Raises
    ------
    RuntimeError : it does not; a benchmark of two different models would say nothing.
    """
    bare = Bare(load_classifier()).eval()
    # Values that a uint8 picture has: at 224 x 224 the classifier's resize leaves them as they are.
    levels = torch.arange(3 * SIDE * SIDE).remainder(256).view(1, 3, SIDE, SIDE) / 255
    with torch.inference_mode():
        ours = bare.classifier.forward(levels).logits[:, 0]
        if not torch.equal(of_softmax(bare(levels)), ours):
            raise RuntimeError(
                "the bare module and the classifier answer the same picture differently"
            )
    bare.passes = Passes()
    return bare
