"""Success against eps on one frame: what to try, and what a budget comes to."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from monitor.catalog import CATALOG
from monitor.config import Settings
from monitor.distances import Norm
from monitor.drift.matching import FrameDrift, Outcome
from monitor.perturbers import per_frame
from monitor.pipeline import Observation

POINTS: Final = 10
"""Budgets of a sweep, at most: a factor of about 1.5 from one to the next."""

_SPAN: Final = 32.0  # from the least budget to the largest


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """What an attack came to at one budget.

    Attributes
    ----------
    eps : in pixel units of [0, 1], under L0 in pixels.
    success : share of the tries that met the goal; None: there was nothing to attack.
    fooled : share of the clean objects that were missed or relabelled, mean over the tries; None: no objects.
    tries : with different seeds; one for an attack that draws nothing.
    forwards, backwards : of all tries.
    """

    eps: float
    success: float | None
    fooled: float | None
    tries: int
    forwards: int
    backwards: int


def eps_grid(norm: Norm, most: float, count: int = POINTS) -> tuple[float, ...]:
    """Budgets from a 32nd of `most` to `most`, evenly spaced in their logarithm; rising.

    Under Linf in whole grey levels and under L0 in whole pixels, for nothing else can be kept: there may be
    fewer than `count` then.
    """
    values = np.geomspace(most / _SPAN, most, count)
    if norm is Norm.LINF:
        values = np.unique(np.maximum(np.round(values * 255), 1)) / 255
    elif norm is Norm.L0:
        values = np.unique(np.maximum(np.round(values), 1))
    return tuple(float(value) for value in values)


def swept_attacks(settings: Settings) -> tuple[str, ...]:
    """The attacks that look at one frame for itself and keep a budget in the norm that holds."""
    norm = settings.attack.norm
    found = []
    for name, entry in CATALOG.items():
        if entry.lift is per_frame and norm in entry.build(settings.attack).norms:
            found.append(name)
    return tuple(found)


def tries_of(attack: str, repeats: int) -> int:
    """How often an attack is tried at each budget: more than once only where it draws."""
    return repeats if CATALOG[attack].chance else 1


def at_eps(
    observe: Callable[[Settings], Observation], settings: Settings, eps: float, tries: int
) -> SweepPoint:
    """One point of the curve; raises what the model or the attack raise.

    Parameters
    ----------
    observe : sends the frame through the monitor under these settings.
    settings : that name the attack; without a deadline, so that the answer does not hang on the machine.
    eps : see `SweepPoint`.
    tries : seeds, from the run's own on.
    """
    seed = settings.run.seed
    seen = [observe(settings.changed({"eps": eps, "seed": seed + i})) for i in range(tries)]
    met = [each.success for each in seen if each.success is not None]
    fooled = [share for each in seen if (share := fooled_share(each.drift)) is not None]
    return SweepPoint(
        eps=eps,
        success=statistics.fmean(met) if met else None,
        fooled=statistics.fmean(fooled) if fooled else None,
        tries=tries,
        forwards=sum(each.counts.forwards for each in seen),
        backwards=sum(each.counts.backwards for each in seen),
    )


def fooled_share(drift: FrameDrift) -> float | None:
    """Share of the clean objects that are missed or relabelled; None where there are none."""
    lost = drift.count(Outcome.MISSED) + drift.count(Outcome.RELABELLED)
    return lost / drift.clean_count if drift.clean_count else None


def least_eps(points: tuple[SweepPoint, ...]) -> float | None:
    """The least budget at which every try met the goal; None: at none."""
    return min((point.eps for point in points if point.success == 1), default=None)
