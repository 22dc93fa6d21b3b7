"""A comparison in words: titles, units, the headline, how numbers are written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from monitor.evaluation.comparing.compared import ComparedEvaluations, ComparedFigure

NOTHING: Final = "–"  # noqa: RUF001 - a dash
_MINUS: Final = "−"  # noqa: RUF001 - the sign, not a hyphen


@dataclass(frozen=True, slots=True)
class Title:
    """How a figure is called, whether it is a share, and what it means."""

    title: str
    share: bool
    meaning: str


TITLES: Final[dict[str, Title]] = {
    "miss_rate": Title(
        "Miss rate", True, "share of the clean objects that the attacked answer lacks"
    ),
    "relabel_rate": Title("Relabel rate", True, "share of them that is found under another class"),
    "fabrications_per_frame": Title(
        "Made up a frame", False, "objects a frame that only the attacked answer holds"
    ),
    "attack_success_rate": Title(
        "Attack success", True, "share of the attacked frames in which the goal was met"
    ),
    "score_drop": Title(
        "Score drop", False, "mean loss of score of a clean object; a missed one loses all of it"
    ),
    "recall_clean": Title(
        "Recall, clean",
        True,
        "share of the ground truth that the clean answer finds, class and all",
    ),
    "recall_attacked": Title(
        "Recall, attacked", True, "share of the ground truth that the attacked answer finds"
    ),
}


def value(figure: ComparedFigure, number: float | None) -> str:
    """One side, as "12.3 %" or "0.123"."""
    if number is None:
        return NOTHING
    return f"{100 * number:.1f} %" if TITLES[figure.name].share else f"{number:.3f}"


def change(figure: ComparedFigure) -> str:
    """B less A, signed, in percentage points or as it is."""
    return NOTHING if figure.difference is None else _signed(figure, figure.difference, unit=True)


def interval(figure: ComparedFigure) -> str:
    """Of the difference."""
    if figure.interval is None:
        return NOTHING
    low, high = figure.interval
    return f"{_signed(figure, low)} to {_signed(figure, high, unit=True)}"


def _signed(figure: ComparedFigure, number: float, *, unit: bool = False) -> str:
    share = TITLES[figure.name].share
    least = _digits(share, figure.difference or 0.0)
    text = f"{100 * number if share else number:+.{least}f}"
    if not float(text):  # one that is not 0 is not shown as if it were
        text = f"{100 * number if share else number:+.{_digits(share, number)}f}"
    if not float(text):
        text = text[1:]  # neither sign of a zero
    return text.replace("-", _MINUS) + (" pp" if share and unit else "")


def _digits(share: bool, number: float) -> int:
    """After the point: one of a percentage, three of others, more for a number that is small."""
    scale, least, most = (100, 1, 4) if share else (1, 3, 6)
    if not number:
        return least
    return min(max(least, 1 - math.floor(math.log10(abs(scale * number)))), most)


def headline(compared: ComparedEvaluations) -> str:
    """The outcome in a sentence: how many figures are better, worse, and undecided in B."""
    verdicts = [one.verdict for condition in compared.conditions for one in condition.figures]
    better, worse = verdicts.count("better"), verdicts.count("worse")
    if not better and not worse:
        return "Nothing is decidedly better or worse in B"
    return f"In B, {_many(better, 'figure')} better and {_many(worse, 'figure')} worse"


def counted(compared: ComparedEvaluations) -> str:
    """What was paired, and how many figures are undecided."""
    verdicts = [one.verdict for condition in compared.conditions for one in condition.figures]
    frames = sum(one.frames for one in compared.conditions)
    undecided = verdicts.count("undecided")
    return (
        f"{_plural(frames, 'frame')} of {_plural(compared.clips, 'clip')} under "
        f"{_plural(len(compared.conditions), 'condition')} paired; of {_plural(len(verdicts), 'figure')}, "
        f"{undecided} undecided: the interval of the difference holds 0."
    )


def warning(compared: ComparedEvaluations) -> str:
    """Where more than one thing differs, that nobody can say which of them it was; else empty."""
    things = [one.thing for one in compared.differences if one.counts]
    if len(things) < 2:
        return ""
    return (
        f"The runs differ in {len(things)} things ({', '.join(things)}): nothing here says which of them "
        "made the figures differ."
    )


def leftovers(compared: ComparedEvaluations) -> list[str]:
    """What only one of the runs has, a line each."""
    lines = []
    for side, conditions, clips in (
        ("A", compared.only_a, compared.clips_only_a),
        ("B", compared.only_b, compared.clips_only_b),
    ):
        for noun, names in (("condition", conditions), ("clip", clips)):
            if names:
                more = f" and {len(names) - 10} more" if len(names) > 10 else ""
                lines.append(
                    f"{_plural(len(names), noun)} of {side} only: {', '.join(names[:10])}{more}"
                )
    for one in compared.conditions:
        for side, count in (("A", one.only_a), ("B", one.only_b)):
            if count:
                lines.append(f"{_plural(count, 'frame')} of {side} only, under {one.a['name']}")
    return lines


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _many(count: int, noun: str) -> str:
    if not count:
        return f"no {noun} is"
    return f"{_plural(count, noun)} {'is' if count == 1 else 'are'}"
