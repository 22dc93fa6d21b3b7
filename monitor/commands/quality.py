"""`camdrift models evaluate`: the figures of the bundled models on real photographs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from rich import box
from rich.table import Table

from models.quality.figures import JUDGED, Figure, figures
from models.zoo import load_model


def measured(names: Iterable[str], data: Path, threshold: float) -> dict[str, list[Figure]]:
    """Name -> its figures; no names: every model that there are pictures for.

    Raises
    ------
    ModelError : no such model, nothing to judge it on, or the pictures are not there.
    """
    return {
        name: list(figures(name, load_model(name), data, threshold))
        for name in (tuple(names) or JUDGED)
    }


def quality_table(found: dict[str, list[Figure]], threshold: float) -> Table:
    """One row a figure."""
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        caption=f"score threshold {threshold:g}, for recall and false boxes; AP50 looks at all scores "
        "from 0.01; a detection is of an object from IoU 0.5",
        caption_justify="left",
    )
    for heading in ("figure", "on"):
        table.add_column(heading)
    table.add_column("value", justify="right")
    table.add_column("target")
    for name, rows in found.items():
        table.add_row(f"[bold]{name}[/bold]")
        for row in rows:
            value = "-" if row.value is None else f"{row.value:.3f}"
            table.add_row(row.measure, f"{row.on}; {row.counted}", value, _target(row))
        table.add_section()
    return table


def quality_json(found: dict[str, list[Figure]], threshold: float) -> str:
    """The same for programs."""
    content = {
        "threshold": threshold,
        "models": {
            name: [
                {
                    "figure": row.measure,
                    "on": row.on,
                    "value": row.value,
                    "target": row.target,
                    "target_is": "at most" if row.most else "at least",
                    "reached": row.reached,
                    "counted": row.counted,
                }
                for row in rows
            ]
            for name, rows in found.items()
        },
    }
    return json.dumps(content, indent=2)


def _target(row: Figure) -> str:
    if row.target is None:
        return ""
    verdict = {None: "", True: ": reached", False: ": missed"}[row.reached]
    return f"{'at most' if row.most else 'at least'} {row.target:g}{verdict}"
