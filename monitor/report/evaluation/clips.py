"""The clips: those that suffered most, and those that could not be evaluated."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

from monitor.report.evaluation.blocks import Block, Cell, Column, Subheading, Table, Text
from monitor.report.evaluation.numbers import NOTHING, Tree, written
from monitor.report.evaluation.text import shown

_MOST: Final = 25
_MOST_FAILED: Final = 50


def clip_blocks(summary: Tree) -> list[Block]:
    """The worst clips, each under its worst condition, and the failed ones with the reason."""
    return [
        _worst(summary),
        Subheading("Clips that could not be evaluated"),
        *_failed(summary["failed"]),
    ]


def _worst(summary: Tree) -> Table:
    worst: dict[str, tuple[float, Tree, Tree]] = {}
    for rate, name, row, of in _rates(summary):
        if name not in worst or rate > worst[name][0]:
            worst[name] = (rate, row, of)
    names = heapq.nsmallest(_MOST, worst, key=lambda name: (-worst[name][0], name))
    rows = []
    for name in names:
        rate, row, of = worst[name]
        success = of.get("attack_success_rate")
        rows.append(
            (
                Cell(shown(name, 80)),
                Cell(str(row["condition"])),
                Cell(shown(row["name"], 60)),
                Cell(f"{of['frames']:,}" if isinstance(of.get("frames"), int) else NOTHING),
                Cell(written("miss_rate", rate)),
                Cell(
                    written("attack_success_rate", success)
                    if isinstance(success, int | float)
                    else NOTHING
                ),
            )
        )
    columns = (
        Column("Clip", number=False),
        Column("No.", "cond.", 10),
        Column("Worst condition", "", 48, number=False),
        Column("Frames", "count", 18),
        Column("Miss rate", "%", 19),
        Column("Attack success", "%", 19),
    )
    left = len(worst) - len(rows)
    notes = ["Each clip under the condition in which its miss rate is highest."]
    if left:
        notes.append(f"{left:,} more clips with lower miss rates are left out; see summary.json.")
    return Table(columns, rows, notes)


def _rates(summary: Tree) -> Iterator[tuple[float, str, Tree, Tree]]:
    for row in summary["conditions"]:
        for name, of in (row.get("by_clip") or {}).items():
            rate = of.get("miss_rate")
            if isinstance(rate, int | float):
                yield float(rate), name, row, of


def _failed(failed: list[Tree]) -> Iterator[Block]:
    if not failed:
        yield Text("None: every clip went through.")
        return
    rows = [
        (Cell(shown(each["name"], 120)), Cell(shown(each["reason"], 240)))
        for each in failed[:_MOST_FAILED]
    ]
    left = len(failed) - len(rows)
    notes = [f"{left:,} more are in summary.json."] if left else []
    yield Table((Column("Clip", "", 60, number=False), Column("Reason", number=False)), rows, notes)
