"""Scores as log-odds, log(p / (1 - p)), so that a sigmoid gives the score back and losses do not saturate."""

from __future__ import annotations

import torch
import torch.nn.functional as F

LARGEST = 16.0
"""Log-odds that a float32 probability can still tell from certainty; beyond, its gradient is gone."""


def of_probability(p: torch.Tensor) -> torch.Tensor:
    """Log-odds of a probability, within +-LARGEST.

    Where a model hands out nothing else. At p = 0.9999999 a float32 has one step left to 1, so the slope is
    coarse there, and 0 outside: whoever can should hand out what stands before the sigmoid.
    """
    edge = 1 / (1 + torch.tensor(LARGEST, dtype=torch.float64).exp().item())
    return torch.logit(p.clamp(edge, 1 - edge))


def of_softmax(logits: torch.Tensor) -> torch.Tensor:
    """Log-odds of every class against all others: z_c - logsumexp of the rest, over the last axis.

    sigmoid of it is the softmax probability. The straight way, log p - log(1 - p), has no digits left where
    p is near 1; there the rest is summed without the best class.
    """
    whole = torch.logsumexp(logits, -1, keepdim=True)
    best = torch.zeros_like(logits, dtype=torch.bool)
    best.scatter_(-1, logits.argmax(-1, keepdim=True), True)
    others = logits.masked_fill(best, -torch.inf)
    # Every class but the best has p <= 1/2, where log(1 - p) is exact; at the best this reads p = 0.
    below = whole + torch.log1p(-(others - whole).exp())
    rest = torch.where(best, torch.logsumexp(others, -1, keepdim=True), below)
    return logits - rest


def of_product(*logits: torch.Tensor, root: float = 1.0) -> torch.Tensor:
    """Log-odds of (product of the sigmoids) ** (1 / root), all in logarithms.

    Objectness times class (YOLOv5) has root 1; class times centre-ness under a square root (FCOS) has 2.
    """
    log_p = sum((F.logsigmoid(z) for z in logits), torch.zeros((), dtype=logits[0].dtype)) / root
    tiny = torch.finfo(log_p.dtype).tiny
    return log_p - torch.log((-torch.expm1(log_p)).clamp_min(tiny))
