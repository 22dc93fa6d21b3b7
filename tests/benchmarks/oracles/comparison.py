"""What the rows of `strength.py` come to: ours beside the best of the others, attack by attack.

Attacks with a budget: the share of pictures that fell to frames which a camera could deliver, rounded and
within the budget, against the best float result of the others that kept the budget, in points. Minimal
attacks: the median norm over the smallest of theirs.

Ours' iterated attacks under Linf walk on whole grey levels. Below one there is nothing that a camera could
deliver but the frame itself, so those budgets are shown without a target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness import Ratio, at_least, at_most, free

OURS = "camdrift"

BUDGETED = ("fgsm", "pgd", "apgd", "square", "pixels")
MINIMAL = ("fmn", "deepfool", "carlini")

POINTS = -2.0
"""How far ours may stay behind. Of 16 pictures, which the slow ones get, one is 6 points."""

LONGER = 1.05
"""How much longer ours may be."""

_LEVEL = 1 / 255 * (1 - 1e-9)

Row = Mapping[str, Any]


def ratios(rows: Iterable[Row]) -> dict[str, Ratio]:
    """Every case that both ours and another side ran; the others are no comparison."""
    cases: dict[str, list[Row]] = {}
    for row in rows:
        cases.setdefault(row["title"], []).append(row)
    found: dict[str, Ratio] = {}
    for title, sides in cases.items():
        ours = [row for row in sides if row["side"] == OURS]
        theirs = [row for row in sides if row["side"] != OURS]
        if not ours or not theirs:
            continue
        kind = title.split("_")[0]
        if kind in BUDGETED:
            found[f"{title}: ours - best of theirs"] = _success(ours[0], theirs)
        elif kind in MINIMAL:
            found[f"{title}: ours / best of theirs"] = _median(ours[0], theirs)
    return found


def _success(ours: Row, theirs: list[Row]) -> Ratio:
    best = max(theirs, key=lambda row: float(row["inside"]))
    value = 100 * (ours["rounded_inside"] - best["inside"])
    note = f"ours {ours['rounded_inside']:.2f}, {best['side']} {best['inside']:.2f} of {ours['pictures']}"
    if ours["norm"] == "linf" and ours["budget"]["eps"] < _LEVEL:
        return free(value, f"no target: below one grey level; {note}", "points")
    return at_least(round(value, 6), POINTS, note, "points")


def _median(ours: Row, theirs: list[Row]) -> Ratio:
    """None where one of the two medians is infinite: less than half of the pictures fell."""
    norm = ours["norm"]
    reached = [row for row in theirs if row["median"][norm] is not None]
    mine = ours["median"][norm]
    if not reached:
        return free(None, "no target: less than half fell to any of theirs")
    best = min(reached, key=lambda row: float(row["median"][norm]))
    least = best["median"][norm]
    if mine is None:
        return at_most(None, LONGER, f"less than half fell to ours; {best['side']} {least:.4g}")
    note = (
        f"ours {mine:.4g}, {best['side']} {least:.4g}; "
        f"success {ours['success']:.2f} and {best['success']:.2f}"
    )
    if norm == "l0":  # compared in pixels, which ours keeps few; theirs look for few values
        values = ours["median"]["values"], best["median"]["values"]
        note += f"; in values {values[0]:.4g} and {values[1]:.4g}"
    return at_most(mine / least, LONGER, note)
