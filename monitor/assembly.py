"""Settings -> the objects that do the work: detector, perturber, pipeline."""

from __future__ import annotations

import logging
from pathlib import Path

from models.detector import Detector, WhiteBoxDetector, note_of
from models.options import ModelOptions
from models.zoo import load_model
from monitor.aiming import build_aim
from monitor.attack_settings import AttackSettings
from monitor.attacks.driver import Minimal
from monitor.catalog import CATALOG, build_attack, has_own_budget, queries_of
from monitor.config import ModelSettings, Settings
from monitor.distances import Budget
from monitor.errors import ConfigError
from monitor.faults import with_faults
from monitor.faulty import Faulty
from monitor.goals import Aim
from monitor.kernels.warm import warm_up
from monitor.margin import Margin, MarginOfAttack, MarginSearch
from monitor.perturbers import Perturber, Untouched
from monitor.pipeline import Pipeline
from monitor.places import parse_place
from monitor.threads import work_on

log = logging.getLogger(__name__)

NAMES_FILE = (".txt", ".names")
"""How a file of class names ends, one name a line."""


def load_detector(settings: Settings) -> Detector:
    """The model that the settings name, read as section [model] says; a note of its is logged.

    Where the settings name a number of threads, this process's models work on so many from here on.

    Raises
    ------
    ConfigError : the file of class names cannot be read.
    models.errors.ModelError : no such model, weights missing, or not to be loaded.
    """
    work_on(settings.detector.threads)
    detector = load_model(settings.detector.model, model_options(settings.model))
    if note := note_of(detector):
        log.warning("model %s: %s", detector.name, note)
    return detector


def model_options(given: ModelSettings) -> ModelOptions:
    """Section [model] in the words of the package `models`.

    Raises
    ------
    ConfigError : the file of class names cannot be read.
    """
    words = given.model_dump()
    size = None
    if given.input_size != "auto":
        width, _, height = given.input_size.partition("x")
        size = int(width), int(height)
    return ModelOptions(**{**words, "input_size": size, "names": _names(given.names)})


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) != 1 or not names[0].endswith(NAMES_FILE):
        return names
    try:
        text = Path(names[0]).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"names = {names[0]}: cannot be read: {error}; check the file") from None
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def build_perturber(settings: Settings, stream: int = 0) -> Perturber:
    """The perturber that the settings describe, seeded for one stream.

    Raises
    ------
    ConfigError : no such attack or fault, or a norm, a budget or a severity that it cannot keep.
    """
    attack, seed = build_attack(settings.attack), settings.run.seed
    perturber: Perturber = Untouched()
    if attack is not None:
        budget = Budget(settings.attack.norm, settings.attack.eps)
        perturber = CATALOG[settings.attack.attack].lift(attack, budget, seed, stream)
    faults = settings.faults
    return with_faults(faults.faults, faults.ramp, perturber, seed, stream)


def build_pipeline(
    settings: Settings,
    detector: Detector | None = None,
    stream: int = 0,
    surrogate: Detector | None = None,
) -> Pipeline:
    """The step that a frame goes through, compiled.

    `detector` and `surrogate` spare loading what is there already; a surrogate of another name is not used.

    Raises
    ------
    ConfigError, models.errors.ModelError : a name or a value that does not exist, weights missing, or an
        attack, a goal or a target that the model cannot take.
    """
    perturber = build_perturber(settings, stream)
    model = detector or load_detector(settings)
    aim = build_aim(settings.attack, model)
    warm_up()
    if isinstance(perturber, Faulty):
        perturber.compile()
    return Pipeline(
        detector=model,
        perturber=perturber,
        aim=aim,
        place=parse_place(settings.attack.at) if "at" in aim.goal.heeds else None,
        threshold=settings.detector.threshold,
        iou=settings.drift.iou,
        width=settings.stream.width,
        surrogate=_surrogate(settings, surrogate),
        queries=queries_of(settings.attack),
        deadline_ms=settings.attack.deadline_ms or None,
        margin=_margin(settings.attack, model, faulty=isinstance(perturber, Faulty)),
    )


def _margin(words: AttackSettings, model: Detector, *, faulty: bool) -> Margin | None:
    """How the robustness margin is measured: by the attack, where that looks for it, else beside it."""
    attack = build_attack(words)
    if isinstance(attack, Minimal):
        # With faults its distance from the clean frame holds theirs as well: no margin of the attack's.
        return None if faulty else MarginOfAttack(words.norm)
    if attack is None or not words.margin_every:
        return None
    if faulty or has_own_budget(words):
        beside = "faults" if faulty else f"attack {words.attack}"
        raise ConfigError(
            f"margin_every = {words.margin_every}: the margin is of the frame as it came, under norm and "
            f"eps; with {beside} it would be of another; set margin_every = 0"
        )
    if not isinstance(model, WhiteBoxDetector):
        raise ConfigError(
            f"margin_every = {words.margin_every}: model {model.name} is black-box, and the search for the "
            "margin needs its gradients; set margin_every = 0"
        )
    return MarginSearch(words.norm, words.margin_every)


def _surrogate(settings: Settings, held: Detector | None) -> tuple[Detector, Aim] | None:
    """The model whose gradients a transfer attack takes, and the same goal for it."""
    words = settings.attack
    if words.attack not in CATALOG or "surrogate" not in CATALOG[words.attack].controls:
        return None
    if not words.surrogate:
        raise ConfigError(
            f"surrogate = '': attack {words.attack} takes its gradients from another model; name one that "
            "`camdrift models` lists"
        )
    model = held
    if model is None or model.name != words.surrogate:
        model = load_model(words.surrogate, model_options(settings.model))
    return model, build_aim(words.model_copy(update={"attack": "pgd"}), model)
