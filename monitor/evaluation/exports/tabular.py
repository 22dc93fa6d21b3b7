"""Every table in one file: CSV, or Parquet with units and meanings in its metadata."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from monitor.errors import RunError
from monitor.evaluation.opened import Evaluation
from monitor.evaluation.query import parts_of
from monitor.evaluation.tables import LISTS, TABLES
from monitor.evaluation.views import VIEWS, views_markdown

COLUMNS: Final = "columns.md"
"""What the columns mean, beside the tables."""

_GROUP: Final = 1 << 16  # rows


def write_csv(run: Evaluation, folder: Path) -> None:
    """NAME.csv with a line of headings; null is nothing, text is in quotes."""

    def writer(name: str, schema: pa.Schema) -> Any:
        return pa.csv.CSVWriter(folder / f"{name}.csv", schema)

    _write(run, folder, writer)


def write_parquet(run: Evaluation, folder: Path) -> None:
    """NAME.parquet."""

    def writer(name: str, schema: pa.Schema) -> Any:
        return pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd")

    _write(run, folder, writer)


def _write(run: Evaluation, folder: Path, writer: Any) -> None:
    schemas = {**LISTS, **TABLES}
    for name, schema in schemas.items():
        with writer(name, schema) as out:
            for table in _pieces(run, name):
                out.write_table(table.cast(schema), _GROUP)
    views = {name: VIEWS[name] for name in schemas}
    (folder / COLUMNS).write_text(views_markdown(views), encoding="utf-8")


def _pieces(run: Evaluation, name: str) -> Iterator[pa.Table]:
    """The rows in order, some at a time."""
    if name in LISTS:
        yield run.clips() if name == "clips" else run.conditions()
        return
    try:
        for batch in parts_of(run, name).to_batches():
            yield pa.Table.from_batches([batch])
    except (OSError, pa.ArrowInvalid) as error:
        reason = " ".join(str(error).split())
        raise RunError(f"{run.storage.url}/{name}: damaged: {reason}") from error
