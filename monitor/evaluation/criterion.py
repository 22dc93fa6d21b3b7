"""A criterion: what an evaluation has to show, in a line of text.

    [CLASS.]METRIC [at NORM EPS] [by ATTACK] [under FAULTS] [of MODEL] (<=|>=|<|>) NUMBER
        [with P % confidence]

"stop.miss_rate at linf 2/255 <= 0.05 with 95 % confidence" is asked of every condition with that
budget. `under none` means without a fault.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitor.catalog import CATALOG, NONE
from monitor.distances import Budget, Norm, parse_eps
from monitor.errors import ConfigError
from monitor.evaluation.figures.measure import NAMES, NO_BOUND, WARNING
from monitor.evaluation.figures.rates import OF_OBJECTS
from monitor.faults import parse_faults

METRICS: Final = (*NAMES, WARNING)
OF_A_CLASS: Final = (*OF_OBJECTS, WARNING)
"""Metrics that can be asked of one class."""

PASS, FAIL, UNDECIDED = "pass", "fail", "undecided"
_CODES: Final = {PASS: 0, FAIL: 3, UNDECIDED: 4}
_HOLDS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_NO_FAULT: Final = "none"
_EXAMPLE: Final = "stop.miss_rate at linf 2/255 <= 0.05 with 95 % confidence"
_SIDES: Final = re.compile(r"(.+?)\s*(<=|>=|<|>)\s*(.+)")
_LIMIT: Final = re.compile(r"(\S+)(?:\s+with\s+(\S+?)\s*%\s*confidence)?")
_OF_CLASS: Final = re.compile(r"(.+?)\.([A-Za-z_]\w*)(?=\s|$)")
_CLAUSE: Final = re.compile(r"(?:^|\s+)(at|by|under|of)\s+")


@dataclass(frozen=True, slots=True)
class Criterion:
    """What one figure has to be; make one with `parse_criterion`.

    Attributes
    ----------
    text : as it was written.
    class_name : objects of that class alone; None: all.
    metric : one of `METRICS`.
    norm, eps : conditions with that budget alone; None: any.
    attack : as --attack takes it; None: any.
    faults : as the setting has them, "" for none at all; None: any.
    model : as --model takes it; None: any.
    relation : "<=", ">=", "<" or ">".
    limit : the number on the right.
    level : confidence, over 0.5 and under 1; None: the figure itself is judged.
    """

    text: str
    class_name: str | None
    metric: str
    norm: Norm | None
    eps: float | None
    attack: str | None
    faults: str | None
    model: str | None
    relation: str
    limit: float
    level: float | None

    def holds(self, value: float) -> bool:
        """Whether a value is on the right side of the limit."""
        return _HOLDS[self.relation](value, self.limit)

    @property
    def at_most(self) -> bool:
        """The figure has to be small."""
        return self.relation in ("<=", "<")

    def matches(self, condition: Mapping[str, Any]) -> bool:
        """Whether it speaks of a condition, a row of conditions.parquet or of the summary."""
        if self.norm is not None and self.eps is not None:
            if condition["norm"] != str(self.norm) or condition["eps"] is None:
                return False
            if not math.isclose(condition["eps"], self.eps, rel_tol=1e-6, abs_tol=1e-9):
                return False
        if self.faults is not None and _alike(self.faults) != _alike(condition["faults"]):
            return False
        wanted = {"attack": self.attack, "model": self.model}
        return all(value in (None, condition[name]) for name, value in wanted.items())


def parse_criterion(text: str) -> Criterion:
    """A criterion from its text.

    Raises
    ------
    ConfigError : no criterion; one line that says which word is wrong, and names the nearest one there is.
    """
    text = " ".join(text.split())
    sides = _SIDES.fullmatch(text)
    if sides is None:
        raise _wrong(text, f"no criterion; write one like {_EXAMPLE}")
    left, relation, right = sides.groups()
    limit, level = _parse_limit(text, right)
    class_name, metric, rest = _parse_figure(text, left)
    words = _parse_clauses(text, rest)
    norm, eps = _parse_budget(text, words["at"]) if "at" in words else (None, None)
    criterion = Criterion(
        text=text,
        class_name=class_name,
        metric=metric,
        norm=norm,
        eps=eps,
        attack=_parse_attack(text, words["by"]) if "by" in words else None,
        faults=_parse_faults(text, words["under"]) if "under" in words else None,
        model=words.get("of"),
        relation=relation,
        limit=limit,
        level=level,
    )
    if level is not None and metric in NO_BOUND:
        reason = f"{metric} has no confidence bound: {NO_BOUND[metric]}"
        raise _wrong(text, f"{reason}; leave out the confidence")
    return criterion


def exit_code(verdicts: Sequence[str]) -> int:
    """0 where all passed, 3 where one failed, else 4 where one is undecided; 0 of none."""
    if FAIL in verdicts:
        return _CODES[FAIL]
    return _CODES[UNDECIDED] if UNDECIDED in verdicts else _CODES[PASS]


def _parse_limit(text: str, right: str) -> tuple[float, float | None]:
    found = _LIMIT.fullmatch(right)
    if found is None:
        raise _wrong(text, f"{right!r}: write a number, then for example `with 95 % confidence`")
    number, percent = found.groups()
    limit = _number(number)
    if limit is None:
        raise _wrong(text, f"{number!r} is no number; write one like 0.05")
    if percent is None:
        return limit, None
    level = _number(percent)
    if level is None or not 50 < level < 100:
        raise _wrong(text, f"{percent} %: a confidence is over 50 % and under 100 %; write 95 %")
    return limit, level / 100


def _parse_figure(text: str, left: str) -> tuple[str | None, str, str]:
    """(class, metric, what follows)."""
    first, _, rest = left.partition(" ")
    if first in METRICS:
        return None, first, rest
    found = _OF_CLASS.match(left)
    if found is None:
        raise _wrong(text, f"{first!r} is no figure; the nearest is {_nearest(first, METRICS)}")
    class_name, metric = found.groups()
    if metric in METRICS and metric not in OF_A_CLASS:
        known = ", ".join(OF_A_CLASS)
        raise _wrong(text, f"{metric} is not measured a class; of a class there are {known}")
    if metric not in OF_A_CLASS:
        raise _wrong(
            text, f"{metric!r} is no figure; the nearest is {_nearest(metric, OF_A_CLASS)}"
        )
    return class_name, metric, left[found.end() :].strip()


def _parse_clauses(text: str, rest: str) -> dict[str, str]:
    """Keyword -> what follows it, for the clauses between the figure and the relation."""
    before, *parts = _CLAUSE.split(rest)
    if before.strip():
        raise _wrong(text, f"{before.strip()!r}: expected at, by, under, of, or a relation like <=")
    found: dict[str, str] = {}
    for keyword, words in zip(parts[::2], parts[1::2], strict=True):
        if keyword in found:
            raise _wrong(text, f"`{keyword}` stands there twice; write a criterion for each")
        if not words.strip():
            raise _wrong(text, f"nothing follows `{keyword}`; write one like {_EXAMPLE}")
        found[keyword] = words.strip()
    return found


def _parse_budget(text: str, words: str) -> tuple[Norm, float]:
    name, _, number = words.partition(" ")
    if name not in list(Norm):
        raise _wrong(text, f"{name!r} is no norm; there are {', '.join(Norm)}")
    if not number:
        raise _wrong(text, f"no eps follows {name}; write for example at linf 2/255")
    try:
        return Norm(name), Budget(Norm(name), parse_eps(number)).eps
    except ConfigError as error:
        raise _wrong(text, str(error)) from None


def _parse_attack(text: str, name: str) -> str:
    if name not in (*CATALOG, NONE):
        nearest = _nearest(name, [*CATALOG, NONE])
        raise _wrong(text, f"{name!r} is no attack; the nearest is {nearest}")
    return name


def _parse_faults(text: str, words: str) -> str:
    if words == _NO_FAULT:
        return ""
    try:
        parse_faults(words)
    except ConfigError as error:
        raise _wrong(text, str(error)) from None
    return words


def _alike(faults: str) -> list[tuple[str, float]]:
    """Faults without regard to how they are written down."""
    return sorted(parse_faults(faults))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _nearest(name: str, known: Sequence[str]) -> str:
    return difflib.get_close_matches(name, known, n=1, cutoff=0)[0]


def _wrong(text: str, reason: str) -> ConfigError:
    return ConfigError(f"criterion {text!r}: {reason}")
