"""The loss of each goal on a detector's candidates; attackers climb it.

All are on logits, so that none saturates: log(1 - p) of a face at p = 0.9999 has next to no gradient
left in float32, its logit has all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import supervision as sv
import torch
import torch.nn.functional as F
from torchvision.ops import box_iou

from models.detector import Candidates
from monitor.goals import Goal

OWNERSHIP_IOU = 0.3
"""Overlap with a clean object from which a candidate is that object's own."""

OWNED_TEMPERATURE = 0.7
"""Sharpness of the smooth maximum over the candidates of one object."""

FREE_TEMPERATURE = 0.25
"""Sharpness over the thousands of candidates of plain background; blunter, the step is spread over all."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Which candidates belong to which clean object.

    Attributes
    ----------
    by_object : one tensor of candidate indexes (int64) an object; none is empty.
    free : bool (A,), candidates that no clean object owns.
    """

    by_object: tuple[torch.Tensor, ...]
    free: torch.Tensor


def owned_candidates(candidates: Candidates, clean: sv.Detections) -> Owned:
    """Candidates of the clean answer whose boxes overlap a clean object; every object owns at least one."""
    with torch.no_grad():
        if not len(clean):
            return Owned((), torch.ones(candidates.logits.shape[1], dtype=torch.bool))
        boxes = candidates.boxes[0].detach()
        overlap = box_iou(torch.from_numpy(clean.xyxy).to(boxes), boxes)
        mine = overlap >= OWNERSHIP_IOU
        mine[torch.arange(len(clean)), overlap.argmax(dim=1)] = True
        return Owned(tuple(row.nonzero()[:, 0] for row in mine), ~mine.any(dim=0))


def goal_loss(goal: Goal, logits: torch.Tensor, owned: Owned) -> torch.Tensor:
    """The scalar that an attacker climbs, from the logits (A, C) of one frame's candidates.

    VANISH: minus the sum over objects of the smooth maximum (log-sum-exp) of the logits that the object
        owns, and log(1 - p) of every free candidate with p > 0.5, so that no new box is left beside it.
        Shares of faces that FGSM hides at 4/255 on every tenth frame of five clips (turning head,
        class room, walkers, walkers who pause, car): with log(1 - p) summed over p > 0.05
        0.45, 0.50, 0.33, 0.21, 0.00; with this 0.64, 0.90, 0.58, 0.33, 0.00. PGD-10 hides all under both.
    FABRICATE: the smooth maximum of the free logits.
    ANY: both together. The smooth maximum over the ways out looks better on paper, and drifted 0.64
        instead of 1.00 of the frames of walkers who pause: one step follows the gradient of its start.
    """
    # A match is of any class, so the best class counts.
    logits = logits[:, 0] if logits.shape[1] == 1 else logits.amax(dim=1)
    if goal is Goal.FABRICATE:
        return _new_box(logits, owned)
    held = logits.new_zeros(())
    for mine in owned.by_object:
        held = held + _smooth_max(logits[mine], OWNED_TEMPERATURE)
    if goal is Goal.ANY:
        return _new_box(logits, owned) - held
    beside = ((logits.detach() > 0) & owned.free).nonzero()[:, 0]  # as a rule there are none
    return -held - F.softplus(logits[beside]).sum() if len(beside) else -held


def _new_box(logits: torch.Tensor, owned: Owned) -> torch.Tensor:
    free = logits[owned.free]
    # Where the clean objects own all there is, no new box can come; keep the graph, at slope 0.
    return _smooth_max(free, FREE_TEMPERATURE) if len(free) else 0.0 * logits.sum()


def _smooth_max(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    return temperature * torch.logsumexp(logits / temperature, dim=0)
