"""What the lessons say: a few sentences and the formula of each, as HTML. The words are in lessons.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from monitor.lessons.curriculum import Lesson


def _term(letter: str, css: str) -> str:
    """A term of a formula, in the colour that it has everywhere."""
    return f'<b class="cd-term cd-t-{css}">{letter}</b>'


TERMS: Final = {
    "X": _term("x", "x"),
    "EPS": _term("\N{GREEK SMALL LETTER EPSILON}", "eps"),
    "SIGN": _term("sign", "sign"),
    "GRADIENT": _term("\N{NABLA}<sub>x</sub>", "grad"),
    "LOSS": _term("J", "loss"),
    "THETA": _term("\N{GREEK SMALL LETTER THETA}", "theta"),
    "Y": _term("y", "y"),
    "CLIP": _term("clip", "clip"),
}
"""The terms of the update formula, by the name that lessons.toml has for them."""

AFTER: Final = "x\N{PRIME}"
"""The attacked frame."""


@cache
def lesson_text(lesson: Lesson) -> str:
    """The lesson's words, formula and sources."""
    words = _lessons()[lesson.name]
    says = "".join(f"<p>{paragraph}</p>" for paragraph in words["says"].strip().split("\n\n"))
    formula = words["formula"].format_map(TERMS)
    return (
        f'<div class="cd-lesson"><div>{says}</div><figure class="cd-formula"><div>{formula}</div>'
        f"<figcaption>{words['source']}</figcaption></figure></div>"
    )


@cache
def _lessons() -> dict[str, dict[str, str]]:
    text = Path(__file__).with_name("lessons.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
