"""Settings and a model -> what is aimed at; refuses what the model cannot be made to do."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from models.detector import Classifier, Detector, WhiteBoxDetector
from monitor.attack_settings import AttackSettings
from monitor.catalog import NONE, build_attack
from monitor.errors import ConfigError
from monitor.goals import Aim, Goal
from monitor.knowledge import Knowledge


def possible_goals(detector: Detector) -> tuple[Goal, ...]:
    """The goals that make sense for a model.

    A classifier always answers with one label for the whole frame: nothing can vanish or appear. A model
    of one class has nothing to mislabel an object as.
    """
    if isinstance(detector, Classifier):
        return Goal.ANY, Goal.MISLABEL
    if len(detector.class_names) < 2:
        return Goal.ANY, Goal.VANISH, Goal.FABRICATE
    return tuple(Goal)


def build_aim(settings: AttackSettings, detector: Detector) -> Aim:
    """What the settings want of this model; the place, if there is one, is the pipeline's to look up.

    Raises
    ------
    ConfigError : a goal that makes no sense for the model, no target where one is needed or one that is
        no class of the model, or an attack that needs gradients of a model that has none.
    """
    if settings.attack == NONE:
        return _aim_of_faults(settings, detector)
    _check_knowledge(settings, detector)
    goal = settings.goal
    if goal not in possible_goals(detector):
        raise ConfigError(f"goal = {goal}: {_why_not(goal, detector)}")
    if "target" not in goal.heeds or (not settings.target and goal is Goal.FABRICATE):
        return Aim(goal)
    return Aim(goal, target_id(settings.target, detector))


def _aim_of_faults(settings: AttackSettings, detector: Detector) -> Aim:
    """What a frame without an attack is judged by: a fault wants nothing, so what it cannot do is let be."""
    goal = settings.goal
    if goal not in possible_goals(detector) or goal is Goal.MISLABEL:
        return Aim(Goal.ANY)
    return Aim(goal)


def target_id(name: str, detector: Detector) -> int:
    """The class id of a name, upper or lower case, with words parted by blanks, "-" or "_".

    Raises
    ------
    ConfigError : no name, or none of the model's classes; the message names the nearest.
    """
    classes = detector.class_names
    if not name.strip():
        raise ConfigError(
            f"target = '': goal mislabel needs a class of model {detector.name} to turn objects into: "
            f"{listed(classes)}"
        )
    plain = {_plain(known): i for i, known in reversed(list(enumerate(classes)))}
    if _plain(name) in plain:
        return plain[_plain(name)]
    nearest = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0)[0]
    raise ConfigError(
        f"target = {name!r}: no class of model {detector.name}; the nearest is "
        f"{classes[plain[nearest]]!r} (it knows {listed(classes)})"
    )


def listed(classes: Sequence[str], most: int = 12) -> str:
    """The names in a row; of a long list the first ones and how many there are beside them."""
    if len(classes) <= most:
        return ", ".join(classes)
    return f"{', '.join(classes[: most // 2])} and {len(classes) - most // 2} more"


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _check_knowledge(settings: AttackSettings, detector: Detector) -> None:
    attack = build_attack(settings)
    if attack is None or attack.knowledge is not Knowledge.WHITE_BOX:
        return
    if not isinstance(detector, WhiteBoxDetector):
        raise ConfigError(
            f"model {detector.name} is black-box: attack {settings.attack} needs its gradients; use noise "
            "or another attack that `camdrift attacks` lists with less knowledge"
        )


def _why_not(goal: Goal, detector: Detector) -> str:
    if isinstance(detector, Classifier):
        return (
            f"model {detector.name} labels the whole frame, so that nothing can vanish or appear; "
            "use any or mislabel"
        )
    return f"model {detector.name} has one class; {goal} needs two: use vanish or fabricate instead"
