"""SSD (Liu et al. 2016) and SSDlite: default boxes, one softmax over background and classes."""

from __future__ import annotations

from typing import Any

from torch import nn

from models.log_odds import of_softmax
from models.torchvision_heads.head import Features, Limits, Looked, clipped, decoded, dense_limits


class SsdHead:
    """See `Head`."""

    def columns(self, model: nn.Module, names: int) -> range:
        """See `Head`; the background comes first."""
        del model
        return range(1, 1 + names)

    def limits(self, model: Any) -> Limits:
        """See `Head`."""
        return dense_limits(model)

    def look(self, model: Any, images: Any, features: Features) -> Looked:
        """See `Head`; crowds are bounded class by class."""
        maps = list(features.values())
        answer = model.head(maps)
        regression = answer["bbox_regression"]
        return Looked(
            of_softmax(answer["cls_logits"]),
            lambda: clipped(
                decoded(model.box_coder, regression, model.anchor_generator(images, maps)), images
            ),
            group_of=lambda _, columns: columns,
        )
