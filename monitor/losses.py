"""The loss of each goal on a model's candidates; attackers climb it.

All are on logits, so that none saturates: log(1 - p) of a face at p = 0.9999 has next to no gradient
left in float32, its logit has all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import supervision as sv
import torch
import torch.nn.functional as F
from torchvision.ops import box_iou

from models.detector import Candidates
from monitor.goals import Aim, Goal, labels
from monitor.places import Region, inside

OWNERSHIP_IOU = 0.3
"""Overlap with a clean object from which a candidate is that object's own."""

OWNED_TEMPERATURE = 0.7
"""Sharpness of the smooth maximum over the candidates of one object."""

SHARP_TEMPERATURE = 0.25
"""Sharpness where one candidate is to rise, of thousands as a rule; blunter, the step is spread over all."""

ENOUGH = 2.0
"""Lead in logits from which an object counts as won, and the steps go to those that are not."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Which candidates belong to which clean object.

    Attributes
    ----------
    by_object : one tensor of candidate indexes (int64) an object; none is empty.
    labels : the clean class id of each object.
    free : bool (A,), candidates that no clean object owns.
    wanted : bool (A,), those of the free ones that lie where something is to appear.
    """

    by_object: tuple[torch.Tensor, ...]
    labels: tuple[int, ...]
    free: torch.Tensor
    wanted: torch.Tensor


Loss = Callable[[Aim, torch.Tensor, Owned, float], torch.Tensor]
"""(aim, logits (..., A, C), who owns them, logit where a detection begins) -> (...), higher is closer."""


def owned_candidates(
    candidates: Candidates, clean: sv.Detections, region: Region | None = None
) -> Owned:
    """Candidates whose boxes overlap a clean object, which owns at least one; and those in the region."""
    with torch.no_grad():
        free = torch.ones(candidates.logits.shape[1], dtype=torch.bool)
        by_object: tuple[torch.Tensor, ...] = ()
        if len(clean):
            boxes = candidates.boxes[0].detach()
            overlap = box_iou(torch.from_numpy(clean.xyxy).to(boxes), boxes)
            mine = overlap >= OWNERSHIP_IOU
            mine[torch.arange(len(clean)), overlap.argmax(dim=1)] = True
            by_object, free = tuple(row.nonzero()[:, 0] for row in mine), ~mine.any(dim=0)
        wanted = free
        if region is not None:
            there = inside(candidates.boxes[0].detach().numpy(), region)
            wanted = free & torch.from_numpy(there)
        return Owned(by_object, tuple(labels(clean).tolist()), free, wanted)


def goal_loss(aim: Aim, logits: torch.Tensor, owned: Owned, bar: float = 0.0) -> torch.Tensor:
    """What an attacker climbs, (...), from the logits (..., A, C) of the candidates of one frame or of many.

    VANISH: minus the sum over objects of the smooth maximum (log-sum-exp) of the logits that the object
        owns, and log(1 - p) of every free candidate with p > 0.5, so that no new box is left beside it.
        Shares of faces that FGSM hides at 4/255 on every tenth frame of five clips (turning head,
        class room, walkers, walkers who pause, car): with log(1 - p) summed over p > 0.05
        0.45, 0.50, 0.33, 0.21, 0.00; with this 0.64, 0.90, 0.58, 0.33, 0.00. PGD-10 hides all under both.
    FABRICATE: the smooth maximum of the free logits, of those in the region if there is one. With a target,
        a candidate counts by its logit of that class, less what another class has over it: decoding
        takes a candidate's best class.
    ANY: both together. The smooth maximum over the ways out looks better on paper, and drifted 0.64
        instead of 1.00 of the frames of walkers who pause: one step follows the gradient of its start.
    MISLABEL: for every object of another class, the lead of the target's logit over the other classes and
        over `bar`, softly cut off where it is won. One candidate of the target suffices, so its maximum is
        sharp; all of the others have to go, so theirs is blunt. Stop signs of 30 photographs turned into
        speed limits at 4/255 by PGD-10 and FGSM: 25 and 10, with both maxima blunt 24 and 8.
    """
    if aim.goal is Goal.MISLABEL:
        return _mislabelled(known(aim.target), logits, owned, bar)
    if aim.goal is Goal.FABRICATE:
        return _new_box(logits, owned.wanted, aim.target)
    # A match is of any class, so the best class counts.
    best = best_class(logits)
    held = best.new_zeros(best.shape[:-1])
    for mine in owned.by_object:
        held = held + _smooth_max(best[..., mine], OWNED_TEMPERATURE)
    if aim.goal is Goal.ANY:
        return _new_box(best[..., None], owned.free, None) - held
    beside = (best.detach() > 0) & owned.free
    if not beside.any():  # as a rule
        return -held
    return -held - (F.softplus(best) * beside).sum(dim=-1)


def label_loss(aim: Aim, logits: torch.Tensor, owned: Owned, bar: float = 0.0) -> torch.Tensor:
    """What an attacker of a classifier climbs, (...), from its log-odds (..., 1, C).

    ANY: the lead of the best other label over the clean one (Carlini and Wagner 2017, eq. f6).
    MISLABEL: the target's own log-odds, its logit less the log-sum-exp of all others.
    Frames of 32 photographs that fall at 4/255 to this and to the other form: ANY under FGSM 29 and 27;
    MISLABEL to "tabby" under PGD-10 31 and 21 of 31, for whichever other label leads changes on the way.
    """
    del bar  # a classifier always answers
    if aim.goal is Goal.MISLABEL:
        return logits[..., 0, known(aim.target)]
    label = owned.labels[0]
    return without(logits, label)[..., 0] - logits[..., 0, label]


def _mislabelled(target: int, logits: torch.Tensor, owned: Owned, bar: float) -> torch.Tensor:
    total = flat(logits)  # where no object is of another class
    for mine, label in zip(owned.by_object, owned.labels, strict=True):
        if label == target:
            continue
        own = logits[..., mine, :]
        wanted = _smooth_max(own[..., target], SHARP_TEMPERATURE)
        others = _smooth_max(without(own, target), OWNED_TEMPERATURE)
        lead = wanted - others.clamp(min=bar)
        total = total - F.softplus(ENOUGH - lead)
    return total


def _new_box(logits: torch.Tensor, where: torch.Tensor, target: int | None) -> torch.Tensor:
    there = logits[..., where, :]
    if not there.shape[-2]:  # the clean objects own all there is: no new box can come
        return flat(logits)
    if target is None:
        best = best_class(there)
    else:
        best = there[..., target]
        if there.shape[-1] > 1:
            best = best - F.relu(without(there, target) - best)
    return _smooth_max(best, SHARP_TEMPERATURE)


def best_class(logits: torch.Tensor) -> torch.Tensor:
    """The best logit of each candidate, (..., A) of (..., A, C)."""
    return logits[..., 0] if logits.shape[-1] == 1 else logits.amax(dim=-1)


def without(logits: torch.Tensor, label: int) -> torch.Tensor:
    """The best logit of all classes but one, (..., A) of (..., A, C)."""
    return torch.cat([logits[..., :label], logits[..., label + 1 :]], dim=-1).amax(dim=-1)


def flat(logits: torch.Tensor) -> torch.Tensor:
    """0 for every frame, (...) of (..., A, C), with a graph at slope 0: nothing can be climbed."""
    return 0.0 * logits.sum(dim=(-2, -1))


def known(target: int | None) -> int:
    """The target of a goal that has one."""
    assert target is not None  # Aim sees to it
    return target


def _smooth_max(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    return temperature * torch.logsumexp(logits / temperature, dim=-1)
