"""A classifier's best labels, clean and attacked side by side, as HTML."""

from __future__ import annotations

from html import escape
from typing import Final

import supervision as sv

from monitor.panel.watch import Reading

_SIDES: Final = ("clean", "attacked")


def top_labels(reading: Reading) -> str:
    """The best five labels of either answer with their scores; "" for a model that finds boxes.

    A label that stands in both lists says how it moved; the frame has drifted where the first ones differ.
    """
    seen = reading.observation
    if seen is None:
        return ""
    answers = [_ranked(side) for side in (seen.clean, seen.attacked)]
    if not all(answers):
        return ""
    lists = "".join(
        _list(side, answer, dict(other))
        for side, answer, other in zip(_SIDES, answers, reversed(answers), strict=True)
    )
    verdict = "same label" if answers[0][0][0] == answers[1][0][0] else "another label"
    return (
        f'<div class="cd-title"><h3>Best labels</h3><span>{verdict} under attack</span></div>'
        f'<div class="cd-labels">{lists}</div>'
    )


def _ranked(answer: sv.Detections) -> list[tuple[str, float]]:
    names, scores = answer.data.get("top5_names"), answer.data.get("top5_scores")
    if names is None or scores is None or not len(names):
        return []
    return [(str(name), float(score)) for name, score in zip(names[0], scores[0], strict=True)]


def _list(side: str, answer: list[tuple[str, float]], other: dict[str, float]) -> str:
    rows = "".join(
        f'<li class="{"" if name in other else "cd-new"}"><span>{escape(name)}</span>'
        f'<i style="width:{score:.1%}"></i><b>{score:.3f}</b></li>'
        for name, score in answer
    )
    return f'<div><h4>{side}</h4><ol aria-label="best labels, {side}">{rows}</ol></div>'
