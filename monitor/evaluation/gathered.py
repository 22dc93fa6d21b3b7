"""A shard's rows while they come: Python's for a moment, then packed, so that long clips fit into memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import pyarrow as pa

from monitor.evaluation.tables import TABLES, Row

PACKED_FRAMES: Final = 256
"""Frames after which rows are packed: a row takes 1 kB as Python's, a tenth of it as Arrow's."""


class Gathered:
    """Rows of some tables, those of a condition together, in the order in which they came.

    Parameters
    ----------
    names : of the tables.
    conditions : how many; each has its place.
    """

    def __init__(self, names: Sequence[str], conditions: int) -> None:
        self._loose: dict[str, list[list[Row]]] = {
            name: [[] for _ in range(conditions)] for name in names
        }
        self._packed: dict[str, list[list[pa.Table]]] = {
            name: [[] for _ in range(conditions)] for name in names
        }

    def add(self, name: str, place: int, rows: Iterable[Row]) -> None:
        """Rows of one table under the condition at a place."""
        self._loose[name][place] += rows

    def pack(self) -> None:
        """Pack what came since the last time."""
        for name, places in self._loose.items():
            for place, rows in enumerate(places):
                if rows:
                    table = pa.Table.from_pylist(rows, schema=TABLES[name])
                    self._packed[name][place].append(table)
                    rows.clear()

    def table(self, name: str) -> pa.Table:
        """All rows of a table, condition by condition; the same in however many portions they were packed."""
        self.pack()
        parts = [table for place in self._packed[name] for table in place]
        return pa.concat_tables([*parts, TABLES[name].empty_table()]).combine_chunks()
