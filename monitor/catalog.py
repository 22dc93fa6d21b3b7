"""name -> attack: the only registry of perturbations."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from monitor.attack_settings import PATCH, AttackSettings
from monitor.attacks.apgd import APGD
from monitor.attacks.auto import Auto
from monitor.attacks.bim import BIM
from monitor.attacks.carlini_wagner import CarliniWagner
from monitor.attacks.deepfool import DeepFool
from monitor.attacks.driver import Attack
from monitor.attacks.fgsm import FGSM
from monitor.attacks.fmn import FMN
from monitor.attacks.hop_skip_jump import HopSkipJump
from monitor.attacks.lbfgs import LBFGS
from monitor.attacks.momentum import MomentumFGSM
from monitor.attacks.noise import Noise
from monitor.attacks.one_pixel import OnePixel
from monitor.attacks.pgd import PGD
from monitor.attacks.rays import RayS
from monitor.attacks.shortest import Shortest
from monitor.attacks.square import Square
from monitor.attacks.transfer import Transfer
from monitor.distances import Norm, format_eps
from monitor.errors import ConfigError
from monitor.goals import Criterion, Goal
from monitor.patches.wearing import WearPatch, wearing
from monitor.perturbers import Lift, per_frame
from monitor.universal import UniversalStep, universal
from monitor.warm_start import WarmStep, warm_start

NONE = "none"
"""The word for no attack at all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the catalogue.

    Attributes
    ----------
    build : settings -> attack.
    summary : what it does, in a line.
    controls : the words of config.toml that it heeds besides goal, norm, eps, deadline_ms and
        margin_every.
    lift : how it is brought to a stream: every frame for itself, or carried over time.
    goals : those that it can be given; all, where its loss is the goal's.
    cost : forwards and backwards a frame, the clean and the attacked answer included.
    source : paper and year.
    chance : it draws; another seed gives another frame.
    """

    build: Callable[[AttackSettings], Attack]
    summary: str
    controls: tuple[str, ...]
    cost: str
    source: str
    goals: frozenset[Goal] = frozenset(Goal)
    lift: Lift = per_frame
    chance: bool = False


def _pgd(settings: AttackSettings) -> PGD:
    return PGD(
        steps=settings.steps,
        step_size=settings.step_size,
        anneal=settings.anneal,
        restarts=settings.restarts,
        random_start=settings.random_start,
        early_stop=settings.early_stop,
    )


def _apgd(settings: AttackSettings) -> Attack:
    return APGD(settings.steps, settings.random_start, settings.early_stop, settings.loss)


def _auto(settings: AttackSettings) -> Attack:
    steps = settings.steps
    losses = (Criterion.GOAL, Criterion.CE, Criterion.DLR)
    return Auto((*(APGD(steps, loss=loss) for loss in losses), Square(queries=settings.queries)))


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
        summary="many steps that get shorter, projected back onto the budget after each",
        controls=("steps", "step_size", "anneal", "restarts", "random_start", "early_stop"),
        cost="at most restarts x steps (forwards + backwards) + 2 forwards",
        source="Madry et al. 2018",
        chance=True,
    ),
    "bim": Entry(
        build=lambda settings: BIM(settings.steps, settings.early_stop),
        summary="small steps from the frame itself: the basic iterative method",
        controls=("steps", "early_stop"),
        cost="at most steps x (forward + backward) + 2 forwards",
        source="Kurakin et al. 2017",
    ),
    "momentum": Entry(
        build=lambda settings: MomentumFGSM(settings.steps, settings.decay, settings.early_stop),
        summary="signed steps along a momentum of gradients (MI-FGSM)",
        controls=("steps", "decay", "early_stop"),
        cost="at most steps x (forward + backward) + 2 forwards",
        source="Dong et al. 2018",
    ),
    "apgd": Entry(
        build=_apgd,
        summary="PGD with momentum whose step size sets itself",
        controls=("steps", "loss", "random_start", "early_stop"),
        cost="at most steps x (forward + backward) + 3 forwards",
        source="Croce, Hein 2020",
        chance=True,
    ),
    "auto": Entry(
        build=_auto,
        summary="APGD on three losses, then square, until a frame falls: what one misses another finds",
        controls=("steps", "queries"),
        cost="at most 3 x steps x (forward + backward) + queries + 5 forwards",
        source="Croce, Hein 2020, section 5",
        chance=True,
    ),
    "fmn": Entry(
        build=lambda settings: Shortest(FMN(max(settings.steps, 10))),
        summary="the nearest frame that falls, in any norm; nearer with 100 steps (at least 10)",
        controls=("steps",),
        cost="at most steps x (forward + backward) + 1 backward + 19 forwards",
        source="Pintor et al. 2021",
    ),
    "deepfool": Entry(
        build=lambda _: Shortest(DeepFool()),
        summary="the nearest frame that falls, in few steps to the nearest boundary of a linear model",
        controls=(),
        cost="2 to 10 steps, at most 50, of a forward and up to 10 backwards, + 19 forwards",
        source="Moosavi-Dezfooli et al. 2016",
    ),
    "cw": Entry(
        build=lambda settings: Shortest(CarliniWagner(max(settings.steps, 10))),
        summary="the nearest frame that falls, by Adam under 5 constants of steps each (at least 10)",
        controls=("steps",),
        cost="at most 5 x steps x (forward + backward) + 2 backwards + 19 forwards",
        source="Carlini, Wagner 2017",
    ),
    "lbfgs": Entry(
        build=lambda settings: Shortest(LBFGS(max(settings.steps, 10))),
        summary="the nearest frame that falls, by L-BFGS under 5 constants of steps each (at least 10)",
        controls=("steps",),
        cost="about 5 x steps x (forward + backward) + 3 backwards + 20 forwards",
        source="Szegedy et al. 2014",
    ),
    "warm": Entry(
        build=lambda settings: WarmStep(steps=settings.steps),
        summary="carries the perturbation from frame to frame; afresh where nothing carries",
        controls=("steps",),
        cost="on average at most 1.2 frames of fgsm",
        source="camdrift",
        lift=warm_start,
    ),
    "universal": Entry(
        build=lambda settings: UniversalStep(settings.learn),
        summary="one perturbation for the whole stream, learnt on its first frames",
        controls=("learn",),
        cost="3 forwards, 1 backward while it learns; then 2 forwards",
        source="Moosavi-Dezfooli et al. 2017; Shafahi et al. 2020",
        lift=universal,
    ),
    PATCH: Entry(
        build=lambda words: WearPatch(words.patch, words.patch_at, words.patch_share),
        summary="something printed that hangs in the scene, trained beforehand by camdrift patch train",
        controls=("patch", "patch_at", "patch_share"),
        cost="2 forwards",
        source="Brown et al. 2017; Liu et al. 2019; Athalye et al. 2018",
        lift=wearing,
    ),
    "transfer": Entry(
        build=lambda settings: Transfer(settings.steps, settings.decay),
        summary="momentum on another model, the surrogate; the frame is shown to this one",
        controls=("surrogate", "steps", "decay"),
        cost="2 forwards; of the surrogate steps x (forward + backward)",
        source="Papernot et al. 2016; Dong et al. 2018",
    ),
    "square": Entry(
        build=lambda settings: Square(queries=settings.queries),
        summary="random squares of the whole budget, kept where the scores come nearer to the goal",
        controls=("queries",),
        cost="at most queries + 2 forwards",
        source="Andriushchenko et al. 2020",
        chance=True,
    ),
    "one-pixel": Entry(
        build=lambda settings: OnePixel(settings.queries, settings.population),
        summary="one pixel, or as many as eps says, moved about and repainted by its scores",
        controls=("queries", "population"),
        cost="at most queries + 2 forwards, less where a model looks again only round the pixels",
        source="Su et al. 2019; Croce et al. 2022",
        chance=True,
    ),
    "rays": Entry(
        build=lambda settings: RayS(settings.queries, settings.early_stop),
        summary="from far away nearer along a vector of signs, told only whether the frame fell",
        controls=("queries", "early_stop"),
        cost="at most queries + 2 forwards",
        source="Chen, Gu 2020",
        chance=True,
    ),
    "hsj": Entry(
        build=lambda settings: HopSkipJump(settings.queries, settings.early_stop),
        summary="from far away nearer along the boundary, told only whether the frame fell",
        controls=("queries", "early_stop"),
        cost="at most queries + 2 forwards",
        source="Chen et al. 2020",
        chance=True,
    ),
    "noise": Entry(
        build=lambda _: Noise(),
        summary="a random step of the whole budget: the baseline that an attack must beat",
        controls=(),
        cost="2 forwards",
        source="Goodfellow et al. 2015, section 4",
        chance=True,
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
    if attack.norms and settings.norm not in attack.norms:
        known = ", ".join(sorted(attack.norms))
        raise ConfigError(
            f"norm = {settings.norm}: {name} keeps budgets in {known}; choose one of these"
        )
    return attack


def has_own_budget(words: AttackSettings) -> bool:
    """True where the attack heeds neither norm nor eps: what it may do is said otherwise."""
    return words.attack in CATALOG and not CATALOG[words.attack].build(words).norms


def budget_of(words: AttackSettings) -> tuple[Norm, float, str]:
    """(norm, eps, eps as people write it) that the attack keeps.

    A patch's is under L0 and a share of the frame, for its pixels depend on the frame's size.
    """
    if has_own_budget(words):
        return Norm.L0, words.patch_share, f"{100 * words.patch_share:g} % of the frame"
    return words.norm, words.eps, format_eps(words.eps, words.norm)


def queries_of(settings: AttackSettings) -> int | None:
    """The query budget of the attack that the settings name; None where it asks no queries."""
    entry = CATALOG.get(settings.attack)
    return settings.queries if entry and "queries" in entry.controls else None
