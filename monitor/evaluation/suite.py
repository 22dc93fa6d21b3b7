"""A suite: what an evaluation asks of a model, in one TOML file, checked before anything runs."""

from __future__ import annotations

import importlib.resources
import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, ValidationError, field_validator

from monitor.attack_settings import PATCH, AttackSettings
from monitor.catalog import CATALOG, NONE, build_attack, has_own_budget
from monitor.config import Settings, words
from monitor.distances import Budget, Norm, format_eps, parse_eps
from monitor.errors import ConfigError
from monitor.evaluation.criterion import parse_criterion
from monitor.faults import parse_faults
from monitor.perturbers import per_frame
from monitor.setting_kinds import Section

SUITES: Final = ("quick", "standard", "driving")
"""Those that come with camdrift."""

CARRYING_FAULTS: Final = frozenset({"frozen_frames", "packet_loss", "dropped_frames"})
"""Faults that show the past: their frames cannot be worked on apart."""

_OWN_WORDS: Final = frozenset({"attack", "norm", "eps", "faults", "seed", "model"})
_NOT_OF_A_SUITE: Final = frozenset(
    {"source", "also", "loop", "record", "video", "codec", "runs", "deadline_ms", "ramp"}
)
"""A deadline makes numbers depend on the machine's load; a ramp is one long condition of its own."""


def _eps_list(value: object) -> object:
    return list(value) if isinstance(value, list | tuple) else [value]


def _exact_eps(value: object) -> object:
    if not isinstance(value, list | tuple):
        return value
    try:
        return [parse_eps(each) for each in value]
    except (ConfigError, TypeError):
        raise ValueError("write fractions like 4/255 or numbers like 0.0157") from None


class AttackLine(Section):
    """One [[attacks]] of a suite: an attack, its words, and the budgets that it is run under."""

    attack: str = Field(min_length=1, description="a name that `camdrift attacks` lists, or none")
    norm: Norm = Field(default=Norm.LINF, description="of the budgets")
    eps: Annotated[tuple[float, ...], BeforeValidator(_exact_eps), BeforeValidator(_eps_list)] = (
        Field(default=(4 / 255,), min_length=1, description="the budgets, in pixel units of [0, 1]")
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="more words of section [attack], for this attack alone"
    )


class Suite(Section):
    """What is asked: the product of models, attacks, budgets, faults and seeds, over all clips.

    Make one with `load_suite` or `suite_of`.
    """

    name: str = Field(min_length=1, max_length=60, description="of the run folder and the report")
    about: str = Field(default="", description="what it is for, in a sentence")
    paths: tuple[str, ...] = Field(
        default=(), description="what is evaluated where the command names no path"
    )
    models: tuple[str, ...] = Field(default=(), description="empty: the one of the settings")
    faults: tuple[str, ...] = Field(
        default=("",), min_length=1, description='as the setting faults, each a row; "" is none'
    )
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**63)], ...] = Field(
        default=(0,), min_length=1, description="of the attacks' and the faults' draws"
    )
    scene_seeds: tuple[Annotated[int, Field(ge=0, lt=2**63)], ...] = Field(
        default=(0,), min_length=1, description="a scene or photo is a clip for each"
    )
    attacks: tuple[AttackLine, ...] = Field(min_length=1)
    settings: dict[str, Any] = Field(
        default_factory=dict, description="words of config.toml that hold for all"
    )
    aliases: dict[str, str] = Field(
        default_factory=dict,
        description='classes of the ground truth -> the model\'s; "*" is anything: "speed limit *"',
    )
    hold_frames: int = Field(
        default=5, ge=1, le=1000, description="frames in a row from which an object counts as held"
    )
    criteria: tuple[str, ...] = Field(default=(), description="see docs/evaluation.md")

    @field_validator("models", "faults", "seeds", "scene_seeds", "paths")
    @classmethod
    def _once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        twice = {str(value) for value in values if values.count(value) > 1}
        if twice:
            raise ValueError(f"{sorted(twice)[0]!r} stands there twice")
        return values


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the suite's cells: a model under one attack, budget, fault and seed.

    Attributes
    ----------
    number : from 0, in the suite's order; the column `condition` of all tables.
    name : told from all others of the suite, for people: "signs, pgd linf 4/255, rain:3".
    settings : everything that it is run under.
    """

    number: int
    name: str
    settings: Settings

    @property
    def model(self) -> str:
        """As `--model` takes it."""
        return self.settings.detector.model

    @property
    def carried(self) -> bool:
        """Something goes from frame to frame, so that a clip has to be worked on from its beginning."""
        attack = self.settings.attack.attack
        lifted = attack != NONE and CATALOG[attack].lift is not per_frame
        faults = {name for name, _ in parse_faults(self.settings.faults.faults)}
        return lifted or bool(faults & CARRYING_FAULTS)

    def row(self) -> dict[str, Any]:
        """As the table `conditions` has it."""
        words = self.settings.attack
        attack = build_attack(words)
        own = attack is not None and has_own_budget(words)
        budgeted = attack is not None and not own
        return {
            "condition": self.number,
            "name": self.name,
            "model": self.model,
            "attack": words.attack,
            "knowledge": None if attack is None else str(attack.knowledge),
            "goal": str(words.goal),
            "target": words.target or None,
            "norm": str(words.norm) if budgeted else ("l0" if own else None),
            "eps": words.eps if budgeted else (words.patch_share if own else None),
            "eps_text": format_eps(words.eps, words.norm)
            if budgeted
            else (f"{words.patch_share:g} of the frame" if own else ""),
            "faults": self.settings.faults.faults,
            "seed": self.settings.run.seed,
        }


def load_suite(spec: str) -> Suite:
    """A suite by the name of one that comes along, or from a TOML file.

    Raises
    ------
    ConfigError : no such file or name, not TOML, an unknown key, a value out of range, or an attack, fault,
        setting or criterion that does not exist; one line with the key and what is allowed.
    """
    if spec in SUITES:
        place = importlib.resources.files("monitor.evaluation") / "suites" / f"{spec}.toml"
        return suite_of(place.read_text(encoding="utf-8"), f"suite {spec}")
    path = Path(spec)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"{spec}: no such suite; give a TOML file, or one of {', '.join(SUITES)}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{spec}: cannot be read: {error}; give a TOML file") from None
    return suite_of(text, spec)


def suite_of(text: str, origin: str) -> Suite:
    """A suite from its TOML; see `load_suite`.

    Parameters
    ----------
    text : TOML.
    origin : what an error's line begins with.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin}: not valid TOML: {error}") from None
    for line in tree.get("attacks", []) if isinstance(tree.get("attacks"), list) else []:
        if isinstance(line, dict):
            options = {key: line.pop(key) for key in set(line) - set(AttackLine.model_fields)}
            line["options"] = {**options, **line.get("options", {})}
    try:
        suite = Suite.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{origin}: {_first_line(error)}") from None
    _check_words(suite, origin)
    return suite


def single(settings: Settings, name: str) -> Suite:
    """The suite of one condition that the settings themselves describe."""
    words = settings.attack
    return Suite(
        name=name,
        attacks=(AttackLine(attack=words.attack, norm=words.norm, eps=(words.eps,)),),
        faults=(settings.faults.faults,),
        seeds=(settings.run.seed,),
        scene_seeds=(settings.run.seed,),
    )


def conditions(suite: Suite, base: Settings) -> tuple[Condition, ...]:
    """All cells of a suite, in order; a model that is not attacked and suffers no fault is left out.

    Parameters
    ----------
    suite : checked.
    base : config.toml and the command line; the suite's own words come first.

    Raises
    ------
    ConfigError : a combination that does not work, or a word of the suite that is out of range; the message
        names the cell.
    """
    common = base.changed(suite.settings)
    # One thread is what workers beside each other have, and a gradient's last digits depend on it.
    if not common.detector.threads:
        common = common.changed({"threads": 1})
    found: list[Condition] = []
    models = suite.models or (base.detector.model,)
    cells = itertools.product(models, suite.seeds, suite.faults, _budgets(suite))
    for model, seed, fault, (line, eps) in cells:
        if line.attack == NONE and not fault:
            continue
        changes = {"model": model, "seed": seed, "faults": fault, **line.options}
        changes |= {"attack": line.attack, "norm": line.norm, "eps": eps}
        name = _name(model, line, eps, fault, seed if len(suite.seeds) > 1 else None)
        if (alike := sum(one.name.partition(" (")[0] == name for one in found)) > 0:
            name = f"{name} ({alike + 1})"
        try:
            settings = common.changed(changes)
            build_attack(settings.attack)
            Budget(settings.attack.norm, settings.attack.eps)
        except ConfigError as error:
            raise ConfigError(f"suite {suite.name}: {name}: {error}") from None
        found.append(Condition(len(found), name, settings))
    if not found:
        raise ConfigError(
            f"suite {suite.name}: nothing is done to the frames: attack none, and no faults; name an attack"
        )
    return tuple(found)


def _budgets(suite: Suite) -> Iterator[tuple[AttackLine, float]]:
    for line in suite.attacks:
        own = line.attack == NONE or (
            line.attack in CATALOG and has_own_budget(AttackSettings(attack=line.attack))
        )
        for eps in line.eps[:1] if own else line.eps:
            yield line, eps


def _name(model: str, line: AttackLine, eps: float, fault: str, seed: int | None) -> str:
    goal = line.options.get("goal")
    parts = [model]
    if line.attack == PATCH:
        parts.append(f"patch:{line.options.get('patch', '')}".rstrip(":"))
    elif line.attack != NONE:
        parts.append(f"{line.attack} {line.norm} {format_eps(eps, line.norm)}")
    if goal:
        parts[-1] += f" {goal}"
    if fault:
        parts.append(fault)
    if seed is not None:
        parts.append(f"seed {seed}")
    return ", ".join(parts)


def _check_words(suite: Suite, origin: str) -> None:
    homes = {word: section for section, word in words()}
    for word in suite.settings:
        if word in _OWN_WORDS:
            raise ConfigError(
                f"{origin}: settings.{word}: a suite says it itself: models, seeds, faults, [[attacks]]"
            )
        if word in _NOT_OF_A_SUITE:
            raise ConfigError(f"{origin}: settings.{word}: means nothing in an evaluation")
    try:
        Settings().changed(suite.settings)
    except ConfigError as error:
        raise ConfigError(f"{origin}: settings: {error}") from None
    for line in suite.attacks:
        for word in line.options:
            if homes.get(word) != "attack" or word in _NOT_OF_A_SUITE:
                known = ", ".join(sorted(set(AttackSettings.model_fields) - _NOT_OF_A_SUITE))
                raise ConfigError(
                    f"{origin}: attacks.{word}: no word of an attack; there are {known}"
                )
    for fault in suite.faults:
        try:
            parse_faults(fault)
        except ConfigError as error:
            raise ConfigError(f"{origin}: {error}") from None
    for text in suite.criteria:
        try:
            parse_criterion(text)
        except ConfigError as error:
            raise ConfigError(f"{origin}: {error}") from None


def _first_line(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join(Suite.model_fields)
        return f"{key}: no such key; there are {known}"
    if first["type"] == "missing":
        return f"{key}: missing; see `camdrift evaluate --help` and docs/evaluation.md"
    reason = str(first["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{key} = {first['input']!r}: {reason}"
