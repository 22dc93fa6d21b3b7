"""What training makes smaller."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torchvision.ops import generalized_box_iou_loss

from models.nano import boxes_of

BOX_WEIGHT = 5.0
"""Of the boxes against the heat map, as in TTFNet."""


def heat_loss(logits: torch.Tensor, heat: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Penalty-reduced focal loss (Law, Deng 2018, equation 1), on logits; a scalar per object.

    Parameters
    ----------
    logits, heat, counted : (N, C, h, w); see `Targets`.
    """
    found = torch.sigmoid(logits)
    centre = heat == 1
    missed = -((1 - found) ** 2) * F.logsigmoid(logits)
    made_up = -((1 - heat) ** 4) * found**2 * F.logsigmoid(-logits)
    loss = torch.where(centre, missed, made_up) * counted
    return loss.sum() / centre.sum().clamp(min=1)


def box_loss(distances: torch.Tensor, boxes: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Generalised IoU loss (Rezatofighi et al. 2019) of the cells that answer for an object.

    Parameters
    ----------
    distances : (N, 4, h, w), the network's; boxes : (N, 4, h, w) xyxy in pixels; weight : (N, h, w).
    """
    mine = weight.flatten() > 0
    if not mine.any():
        return distances.sum() * 0.0
    answered = boxes_of(distances).flatten(0, 1)[mine]
    asked = boxes.flatten(2).transpose(1, 2).flatten(0, 1)[mine]
    losses = generalized_box_iou_loss(answered, asked)
    weights = weight.flatten()[mine]
    mean: torch.Tensor = (losses * weights).sum() / weights.sum()
    return mean
