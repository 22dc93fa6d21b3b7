"""For driving: how large an object is when it is first held, and how much warning is left."""

from __future__ import annotations

import heapq
from typing import Final

from monitor.report.evaluation.blocks import Block, Cell, Column, Subheading, Table, Text
from monitor.report.evaluation.numbers import NOTHING, Tree
from monitor.report.evaluation.text import listed, shown

_MOST: Final = 25


def driving_blocks(summary: Tree) -> list[Block]:
    """A row for each condition, then the objects that lost the most warning."""
    found = [row for row in summary["conditions"] if row.get("driving")]
    if not found:
        return [
            Text(
                "Not measured: no object could be followed until it is passed, or no clip states its rate."
            )
        ]
    holds = dict.fromkeys(str(row["driving"]["hold_frames"]) for row in found)
    references = dict.fromkeys(shown(row["driving"]["reference"]) for row in found)
    return [
        Text(
            f"An object is held once it is found with its class in {listed(list(holds))} frames in a row. "
            "Its size then is the square root of the area of its box; the warning is the time from then "
            "until it is passed, its last frame "
            f"(reference: {listed(list(references))})."
        ),
        _by_condition(found),
        Subheading("Objects that lost the most warning"),
        _objects(found),
    ]


def _by_condition(found: list[Tree]) -> Table:
    rows = []
    for row in found[:100]:
        of = row["driving"]
        interval = of.get("warning_lost_interval")
        rows.append(
            (
                Cell(str(row["condition"])),
                Cell(shown(row["name"], 90)),
                Cell(f"{of['objects']:,}"),
                Cell(f"{of['held_clean']:,}"),
                Cell(f"{of['held_attacked']:,}"),
                Cell(f"{of['never_held']:,}"),
                *(Cell(_fixed(of.get(key), 1)) for key in ("size_px_clean", "size_px_attacked")),
                *(Cell(_fixed(of.get(key), 2)) for key in ("seconds_clean", "seconds_attacked")),
                Cell(
                    _fixed(of.get("warning_lost_s"), 2),
                    f"{interval[0]:.2f} to {interval[1]:.2f}" if interval else "",
                ),
            )
        )
    columns = (
        Column("No.", "", 8),
        Column("Condition", number=False),
        Column("Objects", "count", 14),
        Column("Held clean", "count", 13),
        Column("Held attacked", "count", 15.5),
        Column("Never held", "count", 13),
        Column("Size clean", "px", 13),
        Column("Size attacked", "px", 15.5),
        Column("Warning clean", "s", 15.5),
        Column("Warning attacked", "s", 15.5),
        Column("Warning lost", "s", 19),
    )
    note = (
        "Sizes are medians over the objects that were held. Warnings are medians, the lost warning a mean "
        "with its 95 % interval, over the objects that the clean answers hold; one that is never held under "
        "attack leaves 0 s. Never held: held in the clean answers and not at all in the attacked ones."
    )
    return Table(columns, rows, [note])


def _objects(found: list[Tree]) -> Table:
    every = [(row, one) for row in found for one in row["driving"].get("rows") or []]
    worst = heapq.nlargest(_MOST, every, key=lambda pair: _lost(pair[1]))
    rows = [
        (
            Cell(str(row["condition"])),
            Cell(shown(one["clip"], 60)),
            Cell(shown(NOTHING if one["identity"] is None else one["identity"], 24)),
            Cell(shown(one["class"], 40)),
            Cell(f"{one['frames']:,}"),
            Cell(_fixed(one.get("size_px_clean"), 1)),
            Cell(_fixed(one.get("size_px_attacked"), 1)),
            Cell(_fixed(one.get("seconds_clean"), 2)),
            Cell(_fixed(one.get("seconds_attacked"), 2)),
            Cell(_fixed(one.get("warning_lost_s"), 2)),
        )
        for row, one in worst
    ]
    columns = (
        Column("No.", "cond.", 9),
        Column("Clip", number=False),
        Column("Object", "id", 13),
        Column("Class", "", 22, number=False),
        Column("Seen in", "frames", 14),
        Column("Size clean", "px", 14),
        Column("Size attacked", "px", 16),
        Column("Warning clean", "s", 16),
        Column("Warning attacked", "s", 16),
        Column("Warning lost", "s", 16),
    )
    left = len(every) - len(rows)
    notes = [f"“{NOTHING}”: never held, or the clip states no times."]
    return Table(columns, rows, [*notes, f"{left:,} more are in summary.json."] if left else notes)


def _lost(one: Tree) -> float:
    lost = one.get("warning_lost_s")
    return float(lost) if isinstance(lost, int | float) else float("-inf")


def _fixed(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else NOTHING
