"""What `camdrift query` can ask for: every view with its columns, their units and their meanings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from monitor.evaluation.tables import CONDITIONS, LISTS, TABLES
from monitor.runs.tables import SCHEMAS


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a view.

    Attributes
    ----------
    name : as in SQL.
    kind : Arrow's name of its type.
    unit : px, s, ms, 1/s; "1" for a number without one; empty where there is none.
    meaning : in words.
    nullable : may be null; the meaning says when.
    """

    name: str
    kind: str
    unit: str
    meaning: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class View:
    """A view: what one row is, and the columns."""

    about: str
    columns: tuple[Column, ...]


_ABOUT: Final = {
    "frames": "One row a clip, condition and frame.",
    "objects": "One row an object of the clean answer, and one that only the attacked answer holds.",
    "truth": "One row an object of the ground truth; none for clips without.",
    "tracks": "One row a clip, condition and track.",
    "clips": "One row a clip.",
    "conditions": "One row a condition.",
}
_RUN_ABOUT: Final = {
    "frames": "One row a frame.",
    "objects": _ABOUT["objects"],
    "tracks": "One row a track.",
    "timings": "One row a frame: wall times.",
}
_BY_NAME: Final = tuple(one for one in CONDITIONS.names if one not in ("condition", "name"))

JOINED: Final[dict[str, str]] = {
    f"{table}_named": (
        "SELECT c.name AS clip_name, k.name AS condition_name, "
        + ", ".join(f"k.{one}" for one in _BY_NAME)
        + f", t.* FROM {table} t JOIN clips c USING (clip) JOIN conditions k USING (condition)"
    )
    for table in TABLES
}
"""name -> SQL of the views that bring a row's clip and condition by name."""


def _column(field: pa.Field, name: str | None = None) -> Column:
    words = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    return Column(
        name or field.name,
        str(field.type),
        words.get("unit", ""),
        words.get("meaning", ""),
        field.nullable,
    )


def _plain(about: Mapping[str, str], schemas: Mapping[str, pa.Schema]) -> dict[str, View]:
    return {
        name: View(text, tuple(_column(field) for field in schemas[name]))
        for name, text in about.items()
    }


def _named(table: str) -> View:
    keys = [
        _column(LISTS["clips"].field("name"), "clip_name"),
        _column(CONDITIONS.field("name"), "condition_name"),
        *(_column(CONDITIONS.field(one)) for one in _BY_NAME),
    ]
    own = tuple(_column(field) for field in TABLES[table])
    text = f"`{table}` with the clip's name and the condition's columns before each row."
    return View(text, (*keys, *own))


VIEWS: Final[dict[str, View]] = {
    **_plain(_ABOUT, {**TABLES, **LISTS}),
    **{f"{table}_named": _named(table) for table in TABLES},
}
"""Of an evaluation."""

RUN_VIEWS: Final[dict[str, View]] = _plain(_RUN_ABOUT, SCHEMAS)
"""Of a run of one clip."""


def views_markdown(views: Mapping[str, View] = VIEWS) -> str:
    """The views as a section of Markdown: a heading and a table each."""
    parts = []
    for name, view in views.items():
        rows = "\n".join(
            f"| `{one.name}` | {one.kind} | {'' if one.unit == '1' else one.unit} | {one.meaning} |"
            for one in view.columns
        )
        parts.append(
            f"### `{name}`\n\n{view.about}\n\n| column | type | unit | meaning |\n| --- | --- | --- | --- |\n"
            f"{rows}\n"
        )
    return "\n".join(parts)
