"""Criteria judged: the figures of every condition that a criterion speaks of, and what follows from them.

How a criterion is written: `monitor/evaluation/criterion.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitor.evaluation.criterion import (
    FAIL,
    PASS,
    UNDECIDED,
    Criterion,
    exit_code,
    parse_criterion,
)
from monitor.evaluation.figures.cells import Cell, read_cell, read_clips
from monitor.evaluation.figures.measure import WARNING, bound, value_of, why_no_interval
from monitor.evaluation.figures.rates import ALL, Selection
from monitor.evaluation.opened import Evaluation

__all__ = ["Criterion", "exit_code", "judge", "parse_criterion"]

_MOST_NAMES: Final = 6


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a condition says about a criterion.

    Attributes
    ----------
    condition : as in the summary.
    value : the figure; None: not measured.
    assured : the bound on the side that has to hold: at most that, or at least that; the figure itself
        where no confidence is asked for; None: there is none.
    refuted : the bound on the other side: if it does not hold either, the criterion has failed.
    reason : why one of them is missing.
    """

    condition: Mapping[str, Any]
    value: float | None
    assured: float | None
    refuted: float | None
    reason: str


def judge(
    criteria: Sequence[Criterion], run: Evaluation, summary: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The verdict on each criterion, over all conditions that it speaks of.

    It has passed where the figure, or with a confidence its one-sided bound, is on the right side in every
    one of them; it has failed where the figure, or the opposite bound, is on the wrong side in any; else it
    is undecided.

    Parameters
    ----------
    criteria : to be judged.
    run : its tables give the bounds.
    summary : of that run, its conditions at least.

    Returns
    -------
    One a criterion: text, verdict, value, bound, condition (the number of the one that decided) and reason.
    """
    collected: list[list[Evidence]] = [[] for _ in criteria]
    clips = read_clips(run)
    for condition in summary["conditions"]:
        cell = None
        for criterion, found in zip(criteria, collected, strict=True):
            if not criterion.matches(condition):
                continue
            if cell is None and _needs_tables(criterion):
                cell = read_cell(run, condition, clips)
            found.append(_evidence(criterion, condition, cell, run))
    return [
        _verdict(criterion, found, summary)
        for criterion, found in zip(criteria, collected, strict=True)
    ]


def _needs_tables(criterion: Criterion) -> bool:
    return criterion.level is not None or (
        criterion.metric == WARNING and criterion.class_name is not None
    )


def _evidence(
    criterion: Criterion, condition: Mapping[str, Any], cell: Cell | None, run: Evaluation
) -> Evidence:
    chosen, reason = _selection(criterion, condition, cell)
    if reason:
        return Evidence(condition, None, None, None, reason)
    hold = int(run.manifest.get("suite", {}).get("hold_frames", 5))
    if cell is not None and _needs_tables(criterion):
        value = value_of(cell, criterion.metric, chosen, hold=hold)
    else:
        value = _in_summary(criterion, condition)
    if value is None:
        return Evidence(condition, None, None, None, _why_no_value(criterion, condition))
    if criterion.level is None or cell is None:
        return Evidence(condition, value, value, value, "")
    seed = int(run.manifest.get("seed", 0))
    ends = [
        bound(cell, criterion.metric, side, criterion.level, chosen, hold=hold, seed=seed)
        for side in (("upper", "lower") if criterion.at_most else ("lower", "upper"))
    ]
    reason = why_no_interval(cell, criterion.metric) if None in ends else ""
    return Evidence(condition, value, ends[0], ends[1], reason)


def _selection(
    criterion: Criterion, condition: Mapping[str, Any], cell: Cell | None
) -> tuple[Selection, str]:
    """Which objects, and why there are none."""
    name = criterion.class_name
    if name is None:
        return ALL, ""
    if name not in condition["by_class"]:
        seen = ", ".join(condition["by_class"]) or "none at all"
        return ALL, f"no object of class {name!r} was seen; the classes seen are {seen}"
    return (ALL if cell is None else Selection(label=cell.classes.index(name))), ""


def _in_summary(criterion: Criterion, condition: Mapping[str, Any]) -> float | None:
    if criterion.metric == WARNING:
        value = (condition["driving"] or {}).get(WARNING)
    elif criterion.class_name is None:
        value = condition["figures"][criterion.metric]
    else:
        value = condition["by_class"][criterion.class_name]["figures"].get(criterion.metric)
    return None if value is None else float(value)


def _why_no_value(criterion: Criterion, condition: Mapping[str, Any]) -> str:
    if criterion.metric == WARNING:
        return "no object with a clock was held in the clean answer"
    of_all = condition["not_measured"].get(criterion.metric)
    return of_all or f"no such object of class {criterion.class_name!r} was seen"


def _verdict(
    criterion: Criterion, found: Sequence[Evidence], summary: Mapping[str, Any]
) -> dict[str, Any]:
    if not found:
        names = [one["name"] for one in summary["conditions"]]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        reason = f"no condition is meant by it; there are {'; '.join(names[:_MOST_NAMES])}{more}"
        return _told(criterion, UNDECIDED, None, None, reason)
    failed = [one for one in found if one.refuted is not None and not criterion.holds(one.refuted)]
    if failed:
        one = _worst(criterion, failed, "refuted")
        return _told(
            criterion, FAIL, one, one.refuted, _words(criterion, one, one.refuted, "least")
        )
    unknown = [one for one in found if one.assured is None]
    if unknown:
        one = unknown[0]
        reason = f"{one.condition['name']}: {one.reason}"
        return _told(criterion, UNDECIDED, one, None, reason)
    one = _worst(criterion, found, "assured")
    verdict = PASS if criterion.holds(_known(one.assured)) else UNDECIDED
    return _told(criterion, verdict, one, one.assured, _words(criterion, one, one.assured, "most"))


def _worst(criterion: Criterion, found: Sequence[Evidence], name: str) -> Evidence:
    """The one furthest on the wrong side; the first of equals."""
    sign = 1 if criterion.at_most else -1
    return max(found, key=lambda one: sign * _known(getattr(one, name)))


def _known(value: float | None) -> float:
    assert value is not None
    return value


def _words(criterion: Criterion, one: Evidence, end: float | None, side: str) -> str:
    """For people: "0.01 in signs, pgd linf 2/255, at most 0.03 with 95 % confidence; asked for: <= 0.05"."""
    said = f"{_known(one.value):.4g} in {one.condition['name']}"
    if criterion.level is not None:
        opposite = {"most": "least", "least": "most"}
        side = side if criterion.at_most else opposite[side]
        said += f", at {side} {_known(end):.4g} with {100 * criterion.level:g} % confidence"
    return f"{said}; asked for: {criterion.relation} {criterion.limit:g}"


def _told(
    criterion: Criterion, verdict: str, one: Evidence | None, end: float | None, reason: str
) -> dict[str, Any]:
    return {
        "text": criterion.text,
        "verdict": verdict,
        "value": None if one is None else one.value,
        "bound": None if one is None or criterion.level is None else end,
        "condition": None if one is None else one.condition["condition"],
        "reason": reason,
    }
