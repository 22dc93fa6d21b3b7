"""What a patch is trained to do, and what keeps it printable."""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F

from models.detector import Candidates
from monitor.goals import Aim, Goal
from monitor.losses import OWNED_TEMPERATURE, Owned, best_class, goal_loss

DEEP: Final = 2.0
"""Logits under the threshold from which an object counts as gone, and the steps go to those that are not."""

INKS: Final = (0.08, 0.36, 0.64, 0.92)
"""Levels of each channel of the colours that a printer is taken to print: no deep black, no pure white."""

_SATURATION: Final = 0.85  # of the colours between: a print is duller than a screen


def patch_loss(aim: Aim, candidates: Candidates, owned: Owned, bar: float) -> torch.Tensor:
    """What training descends for one frame.

    VANISH: the sum over victims of softplus(m + DEEP), m the smooth maximum of the logits that the victim
        owns, over the threshold's: a victim that is gone takes no more of the gradient. Thys et al. (2019)
        minimise the maximum objectness in the same place.
    FABRICATE, MISLABEL, ANY: minus the goal's loss (`monitor.losses`).

    Parameters
    ----------
    owned : with the victims alone in `by_object`.
    bar : the logit from which a detection counts.
    """
    logits = candidates.logits[0]
    if aim.goal is not Goal.VANISH:
        return -goal_loss(aim, logits, owned, bar)
    best = best_class(logits)
    total = 0.0 * best.sum()
    for mine in owned.by_object:
        most = OWNED_TEMPERATURE * torch.logsumexp(best[mine] / OWNED_TEMPERATURE, dim=0)
        total = total + F.softplus(most - bar + DEEP)
    return total


def total_variation(colours: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of neighbours of (3, h, w) in [0, 1] (Mahendran, Vedaldi 2015)."""
    down = (colours[:, 1:] - colours[:, :-1]).abs().mean()
    across = (colours[:, :, 1:] - colours[:, :, :-1]).abs().mean()
    return down + across


def unprintable(colours: torch.Tensor) -> torch.Tensor:
    """Mean distance of the colours (3, h, w) from the nearest that can be printed.

    The non-printability score of Sharif et al. (2016) in the form of Thys et al. (2019): the nearest colour
    instead of a product over all.
    """
    inks = printable().to(colours)
    apart = (colours[None] - inks[:, :, None, None]).square().sum(dim=1)
    return (apart.amin(dim=0) + 1e-8).sqrt().mean() - math.sqrt(1e-8)


def printable() -> torch.Tensor:
    """The colours (64, 3) in [0, 1] that a printer is taken to print; not of any one machine."""
    levels = torch.tensor(INKS)
    colours = torch.cartesian_prod(levels, levels, levels)
    grey = colours.mean(dim=1, keepdim=True)
    return grey + _SATURATION * (colours - grey)
