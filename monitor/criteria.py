"""What an attack may climb besides the goal's own loss: cross-entropy, DLR, and the gap to the goal.

The gap is the signed lead in logits by which a frame misses its goal (below 0) or has met it: minimal
perturbations are measured to where it is 0. A goal that can be met in several ways has several gaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
import torch.nn.functional as F

from monitor.goals import Aim, Criterion, Goal
from monitor.losses import (
    Loss,
    Owned,
    best_class,
    flat,
    goal_loss,
    known,
    label_loss,
    without,
)


def label_ways(
    aim: Aim, logits: torch.Tensor, owned: Owned, bar: float, most: int = 1
) -> list[torch.Tensor]:
    """The gaps of a classifier's log-odds (1, C), at most `most`, the nearest first.

    ANY: the lead of each of the best other labels over the clean one, in logits of the softmax.
    MISLABEL: the target's lead over the best other label.
    """
    del bar
    logits = _log_softmax(logits)[0]
    if aim.goal is Goal.MISLABEL:
        target = known(aim.target)
        return [logits[target] - without(logits[None], target)[0]]
    label = owned.labels[0]
    order = logits.detach().topk(min(most + 1, len(logits))).indices.tolist()
    return [logits[other] - logits[label] for other in order if other != label][:most]


def goal_ways(
    aim: Aim, logits: torch.Tensor, owned: Owned, bar: float, most: int = 1
) -> list[torch.Tensor]:
    """The gaps of a detector's logits (A, C), at most `most`, the nearest first.

    VANISH: by how much the strongest candidate of any object is over the bar. FABRICATE: by how much the
    strongest free candidate is under it. MISLABEL: the target's lead where it is least. ANY: every object's
    own way out, lost or relabelled, and a new box.
    """
    best = best_class(logits)
    if aim.goal is Goal.FABRICATE:
        return [_new_gap(logits[owned.wanted], aim.target, bar, logits)]
    if aim.goal is Goal.MISLABEL:
        target = known(aim.target)
        leads = [
            logits[mine, target].amax() - without(logits[mine], target).amax().clamp(min=bar)
            for mine, label in zip(owned.by_object, owned.labels, strict=True)
            if label != target
        ]
        return [torch.stack(leads).amin() if leads else flat(logits)]
    lost = [bar - best[mine].amax() for mine in owned.by_object]
    if aim.goal is Goal.VANISH:
        return [torch.stack(lost).amin() if lost else flat(logits)]
    ways = [*lost, _new_gap(logits[owned.free], None, bar, logits)]
    if logits.shape[-1] > 1:
        for mine, label in zip(owned.by_object, owned.labels, strict=True):
            ways.append(without(logits[mine], label).amax() - logits[mine, label].amax())
    return sorted(ways, key=lambda way: -float(way.detach()))[:most]


def label_cross_entropy(
    aim: Aim, logits: torch.Tensor, owned: Owned, bar: float = 0.0
) -> torch.Tensor:
    """-log p of the clean label, or log p of the target, (...) of log-odds (..., 1, C)."""
    del bar
    if aim.goal is Goal.MISLABEL:
        return F.logsigmoid(logits[..., 0, known(aim.target)])
    return -F.logsigmoid(logits[..., 0, owned.labels[0]])


def goal_cross_entropy(
    aim: Aim, logits: torch.Tensor, owned: Owned, bar: float = 0.0
) -> torch.Tensor:
    """Binary cross-entropy towards the goal, summed over the candidates that it speaks of.

    VANISH: log(1 - p) of all candidates of clean objects. FABRICATE: log p of the best wanted one. MISLABEL:
    log p of the best of the target and log(1 - p) of the best others, an object. ANY: the first two.
    """
    del bar
    best = best_class(logits)
    if aim.goal is Goal.MISLABEL:
        target, total = known(aim.target), flat(logits)
        for mine, label in zip(owned.by_object, owned.labels, strict=True):
            if label != target:
                own = logits[..., mine, :]
                total = total + F.logsigmoid(own[..., target].amax(dim=-1))
                total = total + F.logsigmoid(-without(own, target).amax(dim=-1))
        return total
    total = flat(logits)
    if aim.goal is not Goal.FABRICATE:
        for mine in owned.by_object:
            total = total + F.logsigmoid(-best[..., mine]).sum(dim=-1)
    if aim.goal is not Goal.VANISH:
        there = logits[..., owned.wanted, :]
        if there.shape[-2]:
            chosen = best_class(there) if aim.target is None else there[..., aim.target]
            total = total + F.logsigmoid(chosen.amax(dim=-1))
    return total


def label_dlr(aim: Aim, logits: torch.Tensor, owned: Owned, bar: float = 0.0) -> torch.Tensor:
    """The difference of logits ratio of log-odds (1, C), scalar (Croce, Hein 2020, eq. 6; targeted eq. 7)."""
    (gap,) = label_ways(aim, logits, owned, bar)
    top = _log_softmax(logits)[0].topk(min(4, logits.shape[-1])).values
    if aim.goal is Goal.MISLABEL and len(top) == 4:
        # Towards a target the gap is to the clean label there; here to whichever label leads.
        return gap / (top[0] - (top[2] + top[3]) / 2 + _TINY)
    return gap / (top[0] - top[min(2, len(top) - 1)] + _TINY)


def goal_dlr(aim: Aim, logits: torch.Tensor, owned: Owned, bar: float = 0.0) -> torch.Tensor:
    """The gap over the spread of the logits (A, C), scalar.

    The best candidate's lead over their mean stands for the lead over the third label there: a detector's
    second and third candidates are the first one's neighbours.
    """
    (gap,) = goal_ways(aim, logits, owned, bar)
    best = best_class(logits)
    return gap / (best.amax() - best.mean() + _TINY)


def _label_gap(aim: Aim, logits: torch.Tensor, owned: Owned, bar: float = 0.0) -> torch.Tensor:
    return label_ways(aim, logits, owned, bar)[0]


def _goal_gap(aim: Aim, logits: torch.Tensor, owned: Owned, bar: float = 0.0) -> torch.Tensor:
    return goal_ways(aim, logits, owned, bar)[0]


LABEL: Final[Mapping[Criterion, Loss]] = {
    Criterion.GOAL: label_loss,
    Criterion.CE: label_cross_entropy,
    Criterion.DLR: label_dlr,
    Criterion.GAP: _label_gap,
}
"""For classifiers."""

BOXES: Final[Mapping[Criterion, Loss]] = {
    Criterion.GOAL: goal_loss,
    Criterion.CE: goal_cross_entropy,
    Criterion.DLR: goal_dlr,
    Criterion.GAP: _goal_gap,
}
"""For detectors."""

_TINY: Final = 1e-12  # the ratio is finite where all logits are one


def _log_softmax(log_odds: torch.Tensor) -> torch.Tensor:
    """Log p of a class from log(p / (1 - p)); differences of it are those of the softmax's logits."""
    return F.logsigmoid(log_odds)


def _new_gap(
    there: torch.Tensor, target: int | None, bar: float, logits: torch.Tensor
) -> torch.Tensor:
    if not len(there):
        return flat(logits) - 100.0  # out of reach
    if target is None:
        return best_class(there).amax() - bar
    lead = there[:, target] - bar
    if there.shape[1] > 1:
        lead = torch.minimum(lead, there[:, target] - without(there, target))
    return lead.amax()
