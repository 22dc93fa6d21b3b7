"""A comparison as one HTML page that needs nothing else."""

from __future__ import annotations

import importlib.resources
from typing import Any, Final

from monitor.evaluation.comparing import words
from monitor.evaluation.comparing.compared import (
    FELL_SHOWN,
    ComparedCondition,
    ComparedEvaluations,
    ComparedFigure,
)

_TEMPLATE: Final = "comparison.html.j2"
_HALF: Final = 80  # px from 0 to either end of a bar's scale
_END: Final = 74  # px of the widest one


def comparison_page(compared: ComparedEvaluations) -> str:
    """The page; whatever comes from the runs is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    place = importlib.resources.files("monitor.evaluation.comparing") / _TEMPLATE
    template = environment.from_string(place.read_text(encoding="utf-8"))
    scales = _scales(compared)
    return template.render(
        compared=compared,
        headline=words.headline(compared),
        counted=words.counted(compared),
        warning=words.warning(compared),
        leftovers=words.leftovers(compared),
        titles=words.TITLES,
        conditions=[_section(one, scales) for one in compared.conditions],
        shown=FELL_SHOWN,
    )


def _section(condition: ComparedCondition, scales: dict[str, float]) -> dict[str, Any]:
    rows = [_row(figure, scales[figure.name]) for figure in condition.figures]
    names = condition.a["name"], condition.b["name"]
    return {
        "title": names[0] if names[0] == names[1] else f"{names[0]} / {names[1]}",
        "rows": rows,
        "of": condition,
        "fell": [
            (side, count, first)
            for side, count, first in (
                ("A", condition.fell_a, condition.fell_a_first),
                ("B", condition.fell_b, condition.fell_b_first),
            )
            if count
        ],
    }


def _row(figure: ComparedFigure, scale: float) -> dict[str, Any]:
    bar = None
    if figure.interval is not None and figure.difference is not None and scale > 0:
        low, high = (_HALF + _END * end / scale for end in figure.interval)
        bar = {
            "low": f"{low:.1f}",
            "high": f"{high:.1f}",
            "at": f"{_HALF + _END * figure.difference / scale:.1f}",
        }
    return {
        "title": words.TITLES[figure.name].title,
        "a": words.value(figure, figure.a),
        "b": words.value(figure, figure.b),
        "change": words.change(figure),
        "interval": words.interval(figure),
        "verdict": figure.verdict,
        "bar": bar,
    }


def _scales(compared: ComparedEvaluations) -> dict[str, float]:
    """Figure -> the largest difference that any of its bars has to show, so that they can be compared."""
    scales: dict[str, float] = {}
    for condition in compared.conditions:
        for one in condition.figures:
            ends = [*(one.interval or ()), one.difference or 0.0]
            scales[one.name] = max(scales.get(one.name, 0.0), *map(abs, ends))
    return scales
