"""The tables of `camdrift attacks` and `camdrift models`."""

from __future__ import annotations

from collections.abc import Callable

from rich import box
from rich.table import Table

from models.detector import Detector
from models.errors import ModelError
from models.facts import SIDE, access, milliseconds, parameters
from models.own_files import FORMS
from models.zoo import ZOO
from monitor.attack_settings import AttackSettings
from monitor.catalog import CATALOG
from monitor.distances import Norm
from monitor.faults import FAULTS
from monitor.goals import Goal

ATTACK_COLUMNS = (
    "attack",
    "what it does",
    "knowledge",
    "norms",
    "goals",
    "cost a frame",
    "source",
)

FAULT_COLUMNS = ("fault", "what it does", "stage", "severities 1 to 5", "source")

OWN_BUDGET = "l0, a share of the frame"
"""What stands for the norms of an attack whose budget is its own."""

MOST_CLASSES = 12
"""Class names that a row can hold."""


def attack_table() -> Table:
    """One row an attack of the catalogue."""
    caption = "passes through the model; the clean and the attacked answer are included"
    return filled(ATTACK_COLUMNS, attack_rows(), caption)


def attack_rows() -> list[tuple[str, ...]]:
    """The catalogue's cells under `ATTACK_COLUMNS`; docs/attacks.md holds the same."""
    rows: list[tuple[str, ...]] = []
    for name, entry in CATALOG.items():
        attack = entry.build(AttackSettings())
        norms = ", ".join(str(norm) for norm in Norm if norm in attack.norms) or OWN_BUDGET
        goals = "all" if entry.goals == frozenset(Goal) else ", ".join(sorted(entry.goals))
        told = (entry.summary, str(attack.knowledge), norms, goals, entry.cost, entry.source)
        rows.append((name, *told))
    return rows


def fault_table() -> Table:
    """One row a fault of the catalogue, in the order in which a picture meets them."""
    caption = "scene, lens, light and sensor come before an attack, codec and link after it"
    return filled(FAULT_COLUMNS, fault_cells(), caption)


def fault_cells() -> list[tuple[str, ...]]:
    """The catalogue's cells under `FAULT_COLUMNS`; docs/faults.md holds the same."""
    rows = sorted(FAULTS.items(), key=lambda row: row[1].stage.place)
    return [
        (name, entry.summary, str(entry.stage), entry.constants, entry.source)
        for name, entry in rows
    ]


def model_table(*, timed: bool = True) -> Table:
    """One row a model of the zoo; each is loaded, and run a few times if `timed`."""
    table = _table(f"ms: one answer to a {SIDE}x{SIDE} frame, here and now" if timed else "")
    table.add_column("model", style="bold", no_wrap=True)
    table.add_column("task")
    table.add_column("parameters", justify="right")
    if timed:
        table.add_column("ms", justify="right")
    for heading in ("access", "licence"):
        table.add_column(heading)
    for name, entry in ZOO.items():
        table.add_row(name, entry.task, *_facts(entry.load, timed=timed), entry.licence)
    return table


def origin_table() -> Table:
    """What the models of the zoo know, and where they come from: three lines each, narrow enough to read."""
    table = _table("")
    table.add_column("model", style="bold", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("")
    for name, entry in ZOO.items():
        table.add_row(name, "classes", _shortened(entry.classes))
        table.add_row("", "weights", entry.origin)
        table.add_row("", "source", entry.source)
    return table


def own_model_table() -> Table:
    """One row a form in which a model of one's own is written."""
    table = _table(r"section \[model] of config.toml says the rest: docs/models.md")
    table.add_column("your own", style="bold", no_wrap=True)
    table.add_column("for example, and access")
    for form in FORMS:
        table.add_row(form.form, f"{form.example}\n[dim]{form.access}[/dim]")
    return table


def _facts(load: Callable[[], Detector], *, timed: bool) -> list[str]:
    """Parameters, milliseconds, access; dashes and the reason where the model does not load."""
    try:
        detector = load()
    except ModelError as error:
        return ["-"] * (1 + timed) + [str(error)]
    count = parameters(detector)
    shown = "-" if count is None else f"{count / 1e6:.2f} M"
    return [shown, *([f"{milliseconds(detector):.1f}"] if timed else []), access(detector)]


def _shortened(classes: tuple[str, ...]) -> str:
    if len(classes) <= MOST_CLASSES:
        return ", ".join(classes)
    return f"{', '.join(classes[:3])}, ... ({len(classes)})"


def filled(columns: tuple[str, ...], rows: list[tuple[str, ...]], caption: str) -> Table:
    """A catalogue's cells under its columns, of which the first holds the names."""
    table = _table(caption)
    table.add_column(columns[0], style="bold", no_wrap=True)
    for heading in columns[1:]:
        table.add_column(heading)
    for row in rows:
        table.add_row(*row)
    return table


def _table(caption: str) -> Table:
    return Table(
        box=box.SIMPLE_HEAD, caption=caption or None, caption_justify="left", pad_edge=False
    )
