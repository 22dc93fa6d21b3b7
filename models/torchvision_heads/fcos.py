"""FCOS (Tian et al. 2019): a candidate a cell, score = sqrt(class x centre-ness)."""

from __future__ import annotations

from typing import Any

import torch

from models.log_odds import of_product
from models.torchvision_heads.head import Features, Looked, by_level, clipped
from models.torchvision_heads.retinanet import RetinaNetHead


class FcosHead(RetinaNetHead):
    """See `Head`; columns and limits are RetinaNet's."""

    def look(self, model: Any, images: Any, features: Features) -> Looked:
        """See `Head`; crowds are bounded level by level."""
        maps = list(features.values())
        answer = model.head(maps)
        logits = of_product(answer["cls_logits"], answer["bbox_ctrness"], root=2)
        regression = answer["bbox_regression"]

        def boxes() -> torch.Tensor:
            anchors = torch.stack(model.anchor_generator(images, maps))
            return clipped(model.box_coder.decode(regression, anchors), images)

        return Looked(logits, boxes, group_of=by_level(logits.shape[1], features))
