"""What stands on the print of a patch, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from monitor.errors import ConfigError
from monitor.goals import Goal
from monitor.patches.ink import OVERLAP
from monitor.patches.patch import Facts
from monitor.patches.placing import Beside, Spot, parse_placing

GOALS: Final = {
    Goal.ANY: "the answer drifts: an object is missed, relabelled or made up",
    Goal.VANISH: "objects are not found any more",
    Goal.FABRICATE: "an object is found that is not there",
    Goal.MISLABEL: "objects are found as another class",
}


def described(facts: Facts) -> Iterator[tuple[str, str]]:
    """What it was made for, label by label."""
    yield "Goal", f"{facts.goal}: {GOALS[facts.goal]}"
    if facts.goal.heeds:
        yield "Target", facts.target or "any class"
    yield "Victims", ", ".join(facts.victims) or "objects of any class"
    yield "Model", facts.model
    yield "Place", _place_described(facts.place)
    yield "Budget", f"covers at most {100 * facts.share:g} % of the frame (L0)"


def _place_described(text: str) -> str:
    try:
        place = parse_placing(text)
    except ConfigError:  # the facts of a file that somebody wrote themselves
        return text
    if isinstance(place, Beside):
        beside = {"left": "left of", "right": "right of"}.get(place.where, place.where)
        return f"{text} ({beside} the object, its side {place.size:g} times the object's)"
    if isinstance(place, Spot):
        return f"{text} (around a point of the frame, in shares of its width and height)"
    return f"{text} (on a plane of the scene, by its corners)"


def pages_described(rows: int, columns: int) -> str:
    if rows * columns == 1:
        return "page 2 holds the patch, uncut"
    return (
        f"2 to {1 + rows * columns} hold the patch in {rows} x {columns} pieces, row by row. Cut "
        f"each at its crop marks; glue the next one onto the {OVERLAP:g} mm marked “glue”, where both show "
        "the same"
    )


def in_mm(length: float) -> str:
    """To a tenth of a millimetre, without a needless nought."""
    return f"{length:.1f}".removesuffix(".0")
