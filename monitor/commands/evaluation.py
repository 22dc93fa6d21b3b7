"""What stands behind `camdrift compare`, `query`, `verify` and `export`: runs in, tables and text out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.errors import ConfigError
from monitor.evaluation.comparing import (
    ComparedCondition,
    ComparedEvaluations,
    comparison_page,
    comparison_tree,
    words,
)
from monitor.evaluation.exports.text import as_csv, as_json_lines, plain
from monitor.evaluation.opened import KIND, MANIFEST, Evaluation
from monitor.evaluation.storage import Storage
from monitor.evaluation.verify import Finding, Level, exit_code, findings_tree
from monitor.runs import Run
from monitor.runs.whole import write_whole
from streams.naming import one_line

FORMATS: Final = ("table", "csv", "json")
ROWS_SHOWN: Final = 100
COLUMNS_SHOWN: Final = 10
"""Beside each other; an answer with more is turned on its side."""

_TURNED: Final = 4  # rows of it then
_WELL_SHOWN: Final = 10  # findings that say of no change

_VERDICTS: Final = {"better": "green", "worse": "red", "undecided": "dim"}
_LEVELS: Final = {
    Level.OK: "green",
    Level.CHANGED: "red",
    Level.MISSING: "red",
    Level.NOT_THERE: "yellow",
    Level.NOT_CHECKED: "dim",
}
_HASH: Final = 12  # letters of a hash that tell two apart
_HASHED: Final = 64


def opened(run: str) -> Evaluation | Run:
    """The run in a folder or behind a URL: an evaluation, or a run of one clip.

    Raises
    ------
    RunError : no run folder, never finished, damaged, or written by another version.
    """
    storage = Storage(run.rstrip("/"))
    local = storage.local
    there = local is not None and storage.exists(MANIFEST)
    if local is not None and there and storage.read_json(MANIFEST).get("kind") != KIND:
        return Run.open(local)
    return Evaluation.open(run)


# compare


def comparison_view(compared: ComparedEvaluations) -> RenderableType:
    """What differs, a table for each condition, and what was not compared."""
    parts: list[RenderableType] = [Text(words.headline(compared), style="bold")]
    parts.append(Text(words.counted(compared)))
    if warning := words.warning(compared):
        parts.append(Text(warning, style="yellow"))
    if compared.differences:
        parts.append(_differences(compared))
    parts += [_condition(one) for one in compared.conditions]
    parts += [
        Text(_line(f"not compared: {line}"), style="dim") for line in words.leftovers(compared)
    ]
    return Group(*parts)


def comparison_json(compared: ComparedEvaluations) -> str:
    """The same for programs."""
    return json.dumps(comparison_tree(compared), indent=2, ensure_ascii=False, allow_nan=False)


def write_comparison(compared: ComparedEvaluations, file: Path) -> None:
    """The same as a page.

    Raises
    ------
    RunError : the file cannot be written.
    """
    write_whole(file, comparison_page(compared).encode())


def _differences(compared: ComparedEvaluations) -> RenderableType:
    table = _table("what differs", "A", "B")
    for one in compared.differences:
        style = "" if one.counts else "dim"
        table.add_row(*(Text(_line(text), style=style) for text in (one.thing, one.a, one.b)))
    return _with(table, "what is dim is told and does not count")


def _condition(one: ComparedCondition) -> RenderableType:
    names = dict.fromkeys((str(one.a["name"]), str(one.b["name"])))
    fell = f"{one.fell_a} frames fell in A only, {one.fell_b} in B only"
    table = _table(_line(" / ".join(names)))
    for heading in ("A", "B", "B - A", "95 % interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("B is", no_wrap=True)
    for figure in one.figures:
        table.add_row(
            words.TITLES[figure.name].title,
            words.value(figure, figure.a),
            words.value(figure, figure.b),
            words.change(figure),
            words.interval(figure),
            Text(figure.verdict, style=_VERDICTS[figure.verdict]),
        )
    return _with(table, f"{one.frames} frames in both; {fell}; pp: percentage points")


# query


def answer_text(answer: pa.Table, form: str) -> Iterable[str]:
    """The answer to a query as CSV (one text) or JSON lines (one a row).

    Raises
    ------
    ConfigError : no such form.
    """
    if form == "csv":
        return [as_csv(answer).rstrip("\n")]
    if form == "json":
        return as_json_lines(answer)
    raise ConfigError(f"format {form!r}: no such form of an answer; there are {', '.join(FORMATS)}")


def answer_table(answer: pa.Table, most: int = ROWS_SHOWN) -> RenderableType:
    """The first rows of an answer; a line below says how many there are.

    One with many columns is turned on its side: a line a column, and fewer rows.
    """
    turned = answer.num_columns > COLUMNS_SHOWN
    shown = min(answer.num_rows, _TURNED if turned else most)
    rest = "; --format csv or json gives all" if shown < answer.num_rows else ""
    below = f"{shown} of {answer.num_rows} rows{rest}" if rest else ""
    table = _table()
    if turned:
        for heading in ("column", *(f"row {number}" for number in range(1, shown + 1))):
            table.add_column(heading, overflow="fold")
        for name, column in zip(answer.column_names, answer.columns, strict=True):
            held = [_cell(value) for value in column.slice(0, shown).to_pylist()]
            table.add_row(*(Text(_line(text)) for text in (name, *held)))
        return _with(table, below)
    for field in answer.schema:
        number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        right = number or pa.types.is_decimal(field.type)
        table.add_column(
            Text(_line(field.name)), justify="right" if right else "left", overflow="fold"
        )
    columns = [column.to_pylist() for column in answer.slice(0, shown).columns]
    for row in zip(*columns, strict=True):
        table.add_row(*(Text(_line(_cell(value))) for value in row))
    return _with(table, below)


def _cell(value: object) -> str:
    held = plain(value)
    if held is None:
        return ""
    if isinstance(held, float):
        return f"{held:.6g}"
    return held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)


# verify


def findings_table(findings: Sequence[Finding], *, every: bool = False) -> RenderableType:
    """What is not as it was, changes first, and below how much of which there is.

    Parameters
    ----------
    findings : of `monitor.evaluation.verify.verify`.
    every : show all; else what is well is left out, and of what could not be checked the most.
    """
    counts = {level: sum(one.level is level for one in findings) for level in Level}
    told = ", ".join(f"{count} {level}" for level, count in counts.items() if count)
    verdict = "something was changed" if exit_code(findings) else "nothing was changed"
    table = _table("what", "level", "as it was written down", "as it is")
    order = list(findings) if every else _worst_first(findings)
    for one in order:
        table.add_row(
            Text(_line(one.what)),
            Text(one.level, style=_LEVELS[one.level]),
            Text(_short(one.expected)),
            Text(_short(one.found)),
        )
    return _with(table, f"{verdict}: {told}")


def _worst_first(findings: Sequence[Finding]) -> list[Finding]:
    shown = [one for one in findings if one.level in (Level.CHANGED, Level.MISSING)]
    for level in (Level.NOT_THERE, Level.NOT_CHECKED):
        shown += [one for one in findings if one.level is level][:_WELL_SHOWN]
    return shown


def findings_json(findings: Sequence[Finding]) -> str:
    """The same for programs, with everything."""
    return json.dumps(findings_tree(findings), indent=2, ensure_ascii=False)


def _short(text: str) -> str:
    hashed = len(text) == _HASHED and text.isalnum()
    return text[:_HASH] if hashed else _line(text)


# export


def exported(files: Sequence[Path], folder: Path) -> str:
    """A line that says what was written."""
    size = sum(file.stat().st_size for file in files) / 1e6
    return f"{folder}: {len(files)} file{'s' * (len(files) != 1)}, {size:.1f} MB"


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(Text(heading), overflow="fold")
    return table


def _with(table: Table, below: str) -> RenderableType:
    """A caption that is as wide as it likes, and not as its table is."""
    return Group(table, Text(_line(below), style="italic dim")) if below else table


def _line(text: str) -> str:
    """Names come from files: nothing in them may steer a terminal."""
    return one_line(text)
