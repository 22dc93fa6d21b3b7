"""What the panel's controls hold, as the widgets show it, and what a change of one of them means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from monitor.access import Access
from monitor.aiming import possible_goals, target_id
from monitor.attack_settings import PATCH
from monitor.catalog import CATALOG, NONE, has_own_budget
from monitor.config import Settings, sections
from monitor.distances import Norm
from monitor.errors import MonitorError
from monitor.goals import Goal
from monitor.live import Live
from monitor.patches.patch import patch_for
from monitor.status import SessionState
from streams.errors import StreamError
from streams.naming import without_credentials
from streams.opening import SCENE_PREFIX
from streams.producers.devices import listed_cameras
from streams.scenes import SCENES

KNOBS: Final = (
    "steps",
    "step_size",
    "anneal",
    "restarts",
    "decay",
    "loss",
    "queries",
    "population",
    "learn",
    "surrogate",
    "patch",
    "patch_at",
    "patch_share",
    "random_start",
    "early_stop",
    "deadline_ms",
    "margin_every",
    "faults",
    "ramp",
)
"""The words that are shown only where they are heeded, in the order in which their widgets stand."""

WORDS: Final = (
    "source",
    "attack",
    "goal",
    "target",
    "at",
    "norm",
    "eps",
    *KNOBS,
    "threshold",
    "amplify",
)
"""The settings that the panel changes, by their word in config.toml."""

AMPLIFY: Final = (1.0, 4.0, 8.0, 16.0, 32.0)


@dataclass(frozen=True, slots=True)
class Range:
    """What a slider of eps offers under one norm.

    Attributes
    ----------
    label : name and unit.
    most, step : in the slider's own unit.
    unit : of the slider, in pixel units of [0, 1].
    start : a value worth starting with, in the slider's unit.
    """

    label: str
    most: float
    step: float
    unit: float
    start: float


# L2 is the length over all values of the frame: at 320 x 240, 4/255 everywhere is 7.5, and PGD hides a face
# with about 1.
EPS: Final[Mapping[Norm, Range]] = {
    Norm.LINF: Range("eps [/255]", most=16, step=0.25, unit=1 / 255, start=4),
    Norm.L2: Range("eps [L2, pixel units]", most=8, step=0.05, unit=1, start=2),
    Norm.L1: Range("eps [L1, pixel units]", most=400, step=1, unit=1, start=60),
    Norm.L0: Range("eps [L0, pixels]", most=2000, step=1, unit=1, start=100),
}


def description(word: str) -> str:
    """What config.toml says of a word."""
    descriptions = {
        name: str(field.description)
        for model in sections().values()
        for name, field in model.model_fields.items()
    }
    return descriptions[word]


def attack_info(name: str) -> str:
    """What an attack does, what it costs, and where it is from."""
    if name not in CATALOG:
        return "the frame as it came"
    entry = CATALOG[name]
    return f"{entry.summary}; a frame costs {entry.cost} ({entry.source})"


def sources(settings: Settings) -> list[tuple[str, str]]:
    """(label, value) of the sources to choose from; others may be typed."""
    offered = [(name, name) for name in ("auto", *(SCENE_PREFIX + scene for scene in SCENES))]
    offered += [(f"camera {index}", str(index)) for index in listed_cameras() or ()]
    held = without_credentials(settings.stream.source)
    if held not in [value for _, value in offered]:
        offered.append((held, held))
    return offered


def heeds(settings: Settings, word: str) -> bool:
    """True where the attack at work looks at this setting."""
    name = settings.attack.attack
    if word in ("faults", "ramp"):
        return word == "faults" or bool(settings.faults.faults)
    if name == NONE:
        return word == "goal" and bool(settings.faults.faults)
    always = ("goal", "deadline_ms", *settings.attack.goal.heeds)
    if not has_own_budget(settings.attack):
        always += ("norm", "eps", "margin_every")
    return word in always or word in CATALOG[name].controls


def norms(settings: Settings) -> list[str]:
    """The norms to choose from: those that the attack at work can keep a budget in."""
    words = settings.attack
    kept = Norm if words.attack == NONE else CATALOG[words.attack].build(words).norms
    return [str(norm) for norm in Norm if norm in kept or not kept]


def goals(session: Live) -> list[str]:
    """The goals to choose from: those that the model at work can be attacked with."""
    return [str(goal) for goal in (possible_goals(session.model) if session.model else Goal)]


def targets(session: Live) -> list[tuple[str, str]]:
    """(label, value) of the classes to choose from; fabricate may take any."""
    offered = [(name, name) for name in session.class_names]
    any_class = [("any class", "")]
    return offered if session.settings.attack.goal is Goal.MISLABEL else any_class + offered


class Controls:
    """The controls of one session, the same for every page that is open."""

    def __init__(self, session: Live) -> None:
        self._session = session
        self._access = Access(session.settings)
        # A budget means nothing under another norm: each norm finds its own last one again.
        self._eps = {norm: bounds.start * bounds.unit for norm, bounds in EPS.items()}

    def values(self) -> dict[str, Any]:
        """Word -> value as its widget shows it."""
        settings = self._session.settings
        held = {word: settings.word(word) for word in WORDS}
        norm = settings.attack.norm
        for word in ("goal", "norm", "loss"):
            held[word] = str(held[word])
        # A page is for everybody who may look; a camera's login is not.
        held["source"] = without_credentials(held["source"])
        held["target"] = self._target()
        held["eps"] = round(held["eps"] / EPS[norm].unit, 4)
        return held

    def fingerprint(self) -> str:
        """A text that differs when any page's widgets have to change."""
        return json.dumps([self.values(), self.button()])

    def change(self, word: str, value: Any) -> str:
        """Change one setting from its widget's value; "" or, if it is refused, the reason on one line."""
        settings = self._session.settings
        self._eps[settings.attack.norm] = settings.attack.eps
        changes: dict[str, Any] = {word: value}
        if word == "eps":
            changes = {"eps": _number(value) * EPS[settings.attack.norm].unit}
        elif word == "norm" and value in self._eps:
            changes["eps"] = self._eps[Norm(value)]
        elif word == "source" and value == self.values()["source"]:
            changes = {}  # the one that is open, shown without its login
        elif word in ("source", "target", "at", "surrogate", "patch", "patch_at"):
            changes = {word: str(value or "").strip()}
        elif word in ("attack", "goal"):
            changes |= self._fitting(changes)
        try:
            self._access.check(changes)
            self._session.apply(changes)
        except (MonitorError, StreamError) as error:
            return str(error)
        return ""

    def nudge(self, steps: int) -> str:
        """Move eps by so many steps of its slider, within its ends; "" or the reason on one line."""
        settings = self._session.settings
        if not heeds(settings, "eps"):
            return ""
        bounds = EPS[settings.attack.norm]
        wanted = self.values()["eps"] + steps * bounds.step
        return self.change("eps", min(max(wanted, 0.0), bounds.most))

    def apply(self, changes: Mapping[str, object]) -> str:
        """Change settings by their words in config.toml, all or none; "" or the reason on one line.

        For programs: what may be opened is what `Access` allows.
        """
        others = sorted(set(changes) - set(WORDS))
        if others:
            return f"{others[0]}: not a setting of the panel; there are {', '.join(WORDS)}"
        try:
            self._access.check(changes)
            self._session.apply(changes)
        except (MonitorError, StreamError) as error:
            return str(error)
        return ""

    def _target(self) -> str:
        """The target as the model spells it; "" where it has no such class."""
        text, model = self._session.settings.attack.target, self._session.model
        if model is None or not text:
            return text
        try:
            return model.class_names[target_id(text, model)]
        except MonitorError:
            return ""

    def _fitting(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """What has to change along, so that no choice leads to a refusal that another control could spare."""
        held, target = self._session.settings.attack, self._target()
        goal = str(changes.get("goal", held.goal))
        along: dict[str, Any] = {}
        if changes.get("attack") in CATALOG:
            along |= self._keepable(str(changes["attack"]))
        if "goal" not in changes and goal not in goals(self._session):
            goal = along["goal"] = str(Goal.ANY)
        classes = self._session.class_names
        if goal == Goal.MISLABEL and not target and classes:
            along["target"] = classes[0]
        if goal == Goal.FABRICATE and not target:
            along["target"] = ""
        return along

    def _keepable(self, attack: str) -> dict[str, Any]:
        """A norm that the attack can keep, with that norm's last eps; a surrogate where one is needed."""
        settings = self._session.settings
        along: dict[str, Any] = {}
        kept = CATALOG[attack].build(settings.attack).norms
        if kept and settings.attack.norm not in kept:
            norm = next(norm for norm in Norm if norm in kept)
            along = {"norm": str(norm), "eps": self._eps[norm]}
        if "surrogate" in CATALOG[attack].controls and not settings.attack.surrogate:
            along["surrogate"] = settings.detector.model
        if attack == PATCH and not settings.attack.patch:
            along["patch"] = patch_for(settings.detector.model)
        return along

    def button(self) -> str:
        """What the one button does now."""
        state = self._session.status.state
        if state in (SessionState.FAILED, SessionState.ENDED):
            return "Start again"
        return "Resume" if state is SessionState.PAUSED else "Pause"

    def press(self) -> None:
        """Pause, go on, or try again after a failure or the end."""
        state = self._session.status.state
        if state in (SessionState.FAILED, SessionState.ENDED):
            self._session.resume()
            self._session.apply({})  # any change opens the source anew
        elif state is SessionState.PAUSED:
            self._session.resume()
        else:
            self._session.pause()


def _number(value: Any) -> float:
    # An emptied number field comes as None; nothing is what it says.
    return float(value) if isinstance(value, int | float) else 0.0
