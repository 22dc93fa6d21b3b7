"""RetinaNet (Lin et al. 2017): anchors on a pyramid, a sigmoid a class."""

from __future__ import annotations

from typing import Any

from models.torchvision_heads.head import (
    Features,
    Limits,
    Looked,
    by_level,
    clipped,
    decoded,
    dense_limits,
)


class RetinaNetHead:
    """See `Head`."""

    def columns(self, model: Any, names: int) -> range:
        """See `Head`; trained with a background column in front or without."""
        spare = model.head.classification_head.num_classes - names
        return range(max(spare, 0), max(spare, 0) + names)

    def limits(self, model: Any) -> Limits:
        """See `Head`."""
        return dense_limits(model)

    def look(self, model: Any, images: Any, features: Features) -> Looked:
        """See `Head`; crowds are bounded level by level."""
        maps = list(features.values())
        answer = model.head(maps)
        logits, regression = answer["cls_logits"], answer["bbox_regression"]
        return Looked(
            logits,
            lambda: clipped(
                decoded(model.box_coder, regression, model.anchor_generator(images, maps)), images
            ),
            group_of=by_level(logits.shape[1], features),
        )
