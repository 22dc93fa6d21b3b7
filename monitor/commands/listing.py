"""The tables of `camdrift attacks` and `camdrift models`."""

from __future__ import annotations

from rich import box
from rich.table import Table

from models.zoo import ZOO
from monitor.catalog import CATALOG
from monitor.config import AttackSettings


def attack_table() -> Table:
    """One row an attack of the catalogue."""
    table = _table("passes through the model; the clean and the attacked answer are included")
    table.add_column("attack", style="bold", no_wrap=True)
    for heading in ("what it does", "knowledge", "norms", "cost a frame", "source"):
        table.add_column(heading)
    for name, entry in CATALOG.items():
        attack = entry.build(AttackSettings())
        norms = ", ".join(sorted(attack.norms))
        table.add_row(name, entry.summary, str(attack.knowledge), norms, entry.cost, entry.source)
    return table


def model_table() -> Table:
    """One row a model of the zoo."""
    table = _table("")
    table.add_column("model", style="bold", no_wrap=True)
    for heading in ("task", "classes", "access", "licence", "weights from", "source"):
        table.add_column(heading)
    for name, entry in ZOO.items():
        classes = ", ".join(entry.classes)
        table.add_row(
            name, entry.task, classes, "white-box", entry.licence, entry.origin, entry.source
        )
    return table


def _table(caption: str) -> Table:
    return Table(
        box=box.SIMPLE_HEAD, caption=caption or None, caption_justify="left", pad_edge=False
    )
