"""Robustness curves: how the rates rise with the budget of one attack, all else equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from monitor.attack_settings import PATCH
from monitor.catalog import NONE
from monitor.evaluation.figures.minimal import Fallen, minimal_eps

HEIGHTS: Final = ("miss_rate", "attack_success_rate")
_ALIKE: Final = ("model", "attack", "norm", "goal", "target", "faults", "seed")


def curves(
    conditions: Sequence[Mapping[str, Any]], fallen: Mapping[int, Fallen]
) -> list[dict[str, Any]]:
    """One a group of conditions that differ in eps alone, in the order of their first condition.

    At eps 0 nothing is done to the frame, so that the curve begins at 0 by definition. Under a fault of the
    camera it begins with what the fault does alone, where the suite has that condition, and has no such point
    and no area where it has not. Two conditions of one eps (an attack in two settings) are two curves.

    Parameters
    ----------
    conditions : as in summary.json.
    fallen : number of the condition -> its objects.
    """
    return [_curve(group, conditions, fallen) for group in _groups(conditions)]


def area_under(budgets: Sequence[float], heights: Sequence[float]) -> float:
    """Mean height over [0, largest eps], by the trapezoidal rule; `budgets` rise from 0."""
    return float(np.trapezoid(heights, budgets)) / budgets[-1]


def _groups(conditions: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for one in conditions:
        if one["attack"] == NONE or one["eps"] is None:
            continue
        key = tuple(one[name] for name in _ALIKE)
        if one["attack"] == PATCH:
            key += (one["name"],)  # two patches are two attacks, whatever their sizes
        number = 0
        while any(one["eps"] == other["eps"] for other in groups.get((*key, number), ())):
            number += 1
        groups.setdefault((*key, number), []).append(one)
    return [
        sorted(group, key=lambda one: float(one["eps"]))
        for group in groups.values()
        if any(one["eps"] > 0 for one in group)
    ]


def _curve(
    group: Sequence[Mapping[str, Any]],
    conditions: Sequence[Mapping[str, Any]],
    fallen: Mapping[int, Fallen],
) -> dict[str, Any]:
    alone = _faults_alone(group[0], conditions)
    points = [_point(one) for one in group]
    swept = list(group)
    if points[0]["eps"] == 0:
        # Measured: nothing was attacked there, so that there is no success rate.
        points[0] |= _nothing("attack_success_rate") if not group[0]["faults"] else {}
    elif alone is not None:
        points.insert(0, {**_point(alone), "eps": 0.0, "eps_text": "0"})
        swept.insert(0, alone)
    elif not group[0]["faults"]:
        origin = {"condition": None, "eps": 0.0, "eps_text": "0"}
        points.insert(0, origin | _nothing("miss_rate") | _nothing("attack_success_rate"))
    budgets = [0.0 if one is alone else float(one["eps"]) for one in swept]
    return {
        **{name: group[0][name] for name in _ALIKE},
        "conditions": [one["condition"] for one in group],
        "points": points,
        "area": {name: _area(points, name) for name in HEIGHTS},
        "minimal_eps": minimal_eps([fallen[one["condition"]] for one in swept], budgets),
    }


def _faults_alone(
    one: Mapping[str, Any], conditions: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The condition with the same faults and no attack."""
    if not one["faults"]:
        return None
    return next(
        (
            other
            for other in conditions
            if other["attack"] == NONE
            and all(other[name] == one[name] for name in ("model", "faults", "seed"))
        ),
        None,
    )


def _nothing(name: str) -> dict[str, Any]:
    return {name: 0.0, f"{name}_interval": None}


def _point(one: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: one[name] for name in ("condition", "eps", "eps_text")}
    for name in HEIGHTS:
        found[name] = one["figures"][name]
        found[f"{name}_interval"] = one["intervals"][name]
    return found


def _area(points: Sequence[Mapping[str, Any]], name: str) -> float | None:
    heights = [point[name] for point in points]
    if points[0]["eps"] != 0 or any(height is None for height in heights):
        return None
    return area_under([point["eps"] for point in points], heights)
