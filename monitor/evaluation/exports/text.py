"""A table as CSV or as JSON lines."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.csv


def as_csv(table: pa.Table) -> str:
    """CSV with a line of headings; nested values are JSON, null is nothing, text is in quotes."""
    columns = [_as_csv_column(column) for column in table.columns]
    sink = io.BytesIO()
    pa.csv.write_csv(pa.table(columns, names=table.column_names), sink)
    return sink.getvalue().decode()


def as_json_lines(table: pa.Table) -> Iterator[str]:
    """One JSON object a row; what JSON has no number for is text: "inf", "-inf", "nan".

    A name that several columns have gets a number from its second one on: "a", "a_2".
    """
    names = _told_apart(table.column_names)
    columns = [column.to_pylist() for column in table.columns]
    for row in zip(*columns, strict=True):
        tree = {name: plain(value) for name, value in zip(names, row, strict=True)}
        yield json.dumps(tree, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line a kind
    """A value of Arrow's as JSON has it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [plain(held) for held in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _as_csv_column(column: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    kind = column.type
    if pa.types.is_decimal(kind):  # DuckDB's sums of whole numbers
        return pa.array([plain(value) for value in column.to_pylist()], pa.float64())
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        return pa.array([_cell(value) for value in column.to_pylist()], pa.string())
    return column


def _cell(value: Any) -> str | None:
    held = plain(value)
    return held if held is None or isinstance(held, str) else json.dumps(held, ensure_ascii=False)


def _told_apart(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    apart = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        apart.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return apart
