"""name -> attack: the only registry of perturbations."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from monitor.attack_settings import AttackSettings
from monitor.attacks.driver import Attack
from monitor.attacks.fgsm import FGSM
from monitor.attacks.noise import Noise
from monitor.attacks.pgd import PGD
from monitor.errors import ConfigError
from monitor.perturbers import Lift, per_frame

NONE = "none"
"""The word for no attack at all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the catalogue.

    Attributes
    ----------
    build : settings -> attack.
    summary : what it does, in a line.
    controls : the words of config.toml that it heeds besides goal, norm, eps and deadline_ms.
    lift : how it is brought to a stream: every frame for itself, or carried over time.
    cost : forwards and backwards a frame, the clean and the attacked answer included.
    source : paper and year.
    """

    build: Callable[[AttackSettings], Attack]
    summary: str
    controls: tuple[str, ...]
    cost: str
    source: str
    lift: Lift = per_frame


def _pgd(settings: AttackSettings) -> Attack:
    return PGD(
        steps=settings.steps,
        step_size=settings.step_size,
        restarts=settings.restarts,
        random_start=settings.random_start,
        early_stop=settings.early_stop,
    )


CATALOG: dict[str, Entry] = {
    "fgsm": Entry(
        build=lambda _: FGSM(),
        summary="one step of the whole budget along the gradient",
        controls=(),
        cost="2 forwards, 1 backward",
        source="Goodfellow et al. 2015",
    ),
    "pgd": Entry(
        build=_pgd,
        summary="many small steps, projected back onto the budget after each",
        controls=("steps", "step_size", "restarts", "random_start", "early_stop"),
        cost="at most restarts x steps (forwards + backwards) + 2 forwards",
        source="Madry et al. 2018",
    ),
    "noise": Entry(
        build=lambda _: Noise(),
        summary="a random step of the whole budget: the baseline that an attack must beat",
        controls=(),
        cost="2 forwards",
        source="Goodfellow et al. 2015, section 4",
    ),
}


def build_attack(settings: AttackSettings) -> Attack | None:
    """The attack that the settings name; None for "none".

    Raises
    ------
    ConfigError : no such name (the message names the nearest), or a norm that the attack cannot keep.
    """
    name = settings.attack
    if name == NONE:
        return None
    if name not in CATALOG:
        nearest = difflib.get_close_matches(name, [*CATALOG, NONE], n=1, cutoff=0)[0]
        raise ConfigError(
            f"attack = {name!r}: no such attack; the nearest is {nearest} (`camdrift attacks` lists them)"
        )
    attack = CATALOG[name].build(settings)
    if settings.norm not in attack.norms:
        known = ", ".join(sorted(attack.norms))
        raise ConfigError(
            f"norm = {settings.norm}: {name} keeps budgets in {known}; choose one of these"
        )
    return attack


def queries_of(settings: AttackSettings) -> int | None:
    """The query budget of the attack that the settings name; None where it asks no queries."""
    entry = CATALOG.get(settings.attack)
    return settings.queries if entry and "queries" in entry.controls else None
