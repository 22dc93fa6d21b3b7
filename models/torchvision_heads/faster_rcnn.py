"""Faster R-CNN (Ren et al. 2015): proposals of this very frame, one softmax and a box a class for each."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from models.log_odds import of_softmax
from models.torchvision_heads.head import Features, Limits, Looked, clipped

ABSENT = -30.0
"""Log-odds of a place in the batch that holds no proposal, for frames have more or fewer of them."""


class FasterRcnnHead:
    """See `Head`.

    The proposals are the frame's own and move with it, so `fixed` is False. As in torchvision their corners
    carry no gradient: it flows through what is seen inside them.
    """

    def columns(self, model: nn.Module, names: int) -> range:
        """See `Head`; the background comes first."""
        del model
        return range(1, 1 + names)

    def limits(self, model: Any) -> Limits:
        """See `Head`."""
        heads = model.roi_heads
        return Limits(heads.nms_thresh, heads.detections_per_img, None)

    def look(self, model: Any, images: Any, features: Features) -> Looked:
        """See `Head`."""
        proposals, _ = model.rpn(images, features)
        return self.look_at(model, images, features, proposals)

    def look_at(
        self, model: Any, images: Any, features: Features, proposals: list[torch.Tensor]
    ) -> Looked:
        """The answer for given proposals, (P_i, 4) a frame, in pixels of the resized frame."""
        heads = model.roi_heads
        inside = heads.box_roi_pool(features, proposals, images.image_sizes)
        scores, regression = heads.box_predictor(heads.box_head(inside))
        counts = [len(of_one) for of_one in proposals]
        logits = _padded(torch.split(of_softmax(scores), counts), ABSENT)

        def class_boxes() -> torch.Tensor:
            every = heads.box_coder.decode(regression, proposals)
            return clipped(_padded(torch.split(every, counts), 0.0), images)

        def boxes() -> torch.Tensor:
            # For who owns what: the box of the class that a proposal is most likely of.
            best = 1 + logits[..., 1:].detach().argmax(-1)
            every = class_boxes()
            return every.gather(2, best[..., None, None].expand(*best.shape, 1, 4))[:, :, 0]

        return Looked(logits, boxes, fixed=False, class_boxes=class_boxes)


def _padded(parts: tuple[torch.Tensor, ...], value: float) -> torch.Tensor:
    """(N, longest, ...), at least one long, for an object has to own something."""
    whole = pad_sequence(list(parts), batch_first=True, padding_value=value)
    if whole.shape[1]:
        return whole
    return whole.new_full((len(parts), 1, *whole.shape[2:]), value)
