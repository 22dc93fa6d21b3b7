"""The tables of `camdrift attacks` and `camdrift models`."""

from __future__ import annotations

from rich.table import Table

from models.zoo import ZOO
from monitor.catalog import CATALOG
from monitor.config import AttackSettings


def attack_table() -> Table:
    """One row an attack of the catalogue."""
    table = Table("attack", "what it does", "knowledge", "norms", "cost a frame", "settings", "source")
    for name, entry in CATALOG.items():
        attack = entry.build(AttackSettings())
        settings = ", ".join(("goal", "norm", "eps", *entry.controls))
        norms = ", ".join(sorted(attack.norms))
        table.add_row(name, entry.summary, str(attack.knowledge), norms, entry.cost, settings, entry.source)
    return table


def model_table() -> Table:
    """One row a model of the zoo."""
    table = Table("model", "task", "classes", "access", "licence", "weights from", "source")
    for name, entry in ZOO.items():
        classes = ", ".join(entry.classes)
        table.add_row(
            name, entry.task, classes, "white-box", entry.licence, entry.origin, entry.source
        )
    return table
