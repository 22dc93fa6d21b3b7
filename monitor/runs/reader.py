"""Reading a run folder back."""

from __future__ import annotations

import glob
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from monitor.errors import RunError
from monitor.runs.manifest import SCHEMA
from monitor.runs.tables import SCHEMAS
from monitor.runs.writer import MANIFEST, PARTIAL, SUMMARY
from monitor.summary import NAMES

Tree = dict[str, object]


@dataclass(frozen=True, slots=True)
class Run:
    """A run on disk; make one with `Run.open`.

    Attributes
    ----------
    folder : where it lies.
    manifest : what it was made with and from.
    summary : its numbers.
    """

    folder: Path
    manifest: Tree
    summary: Tree

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open and check a run folder.

        Raises
        ------
        RunError : no run folder, one that was never finished, written by another version, or damaged.
        """
        folder = Path(path)
        if not (folder / MANIFEST).is_file():
            raise RunError(
                f"{folder}: no run folder: there is no {MANIFEST} in it; give one made by camdrift"
            )
        manifest = _read_tree(folder / MANIFEST)
        if manifest.get("kind") == "evaluation":
            raise RunError(
                f"{folder}: an evaluation of many clips, not a run of one; see `camdrift report`, `query`, "
                "`compare`, `verify`"
            )
        if manifest.get("schema") != SCHEMA:
            raise RunError(
                f"{folder}: written in format {manifest.get('schema')}, this version reads {SCHEMA}; "
                "use the version of camdrift that its manifest names"
            )
        if manifest.get("status") != "finished":
            raise RunError(
                f"{folder}: this run was not finished (status: {manifest.get('status')}); run it again"
            )
        summary = _read_tree(folder / SUMMARY)
        missing = [name for name in NAMES if name not in summary]
        if missing:
            raise RunError(f"{folder / SUMMARY}: damaged: it lacks {missing[0]}; run it again")
        run = cls(folder, manifest, summary)
        for table in SCHEMAS:
            run._check_parts(table)
        return run

    @property
    def name(self) -> str:
        """Of the folder, without a `.partial`."""
        return self.folder.name.removesuffix(PARTIAL)

    def frames(self) -> pa.Table:
        """One row a frame; columns, units and meanings stand in the schema's metadata."""
        return self._table("frames")

    def objects(self) -> pa.Table:
        """One row an object."""
        return self._table("objects")

    def timings(self) -> pa.Table:
        """One row a frame: milliseconds a stage."""
        return self._table("timings")

    def tracks(self) -> pa.Table:
        """One row a track."""
        return self._table("tracks")

    def query(self, sql: str) -> pa.Table:
        """The answer of DuckDB to a query over `frames`, `objects`, `timings` and `tracks`, where they lie.

        Raises
        ------
        RunError : the query is no valid SQL, or gives no rows to return.
        """
        import duckdb

        with duckdb.connect() as connection:
            for table in SCHEMAS:
                # A bracket in somebody's folder name is no pattern.
                place = glob.escape(str(self.folder / table))
                pattern = f"{place}/part-*.parquet".replace("'", "''")
                connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{pattern}')")
            try:
                answer = connection.sql(sql)
                if answer is None:
                    raise RunError(
                        "the query gives no table; write a SELECT over frames, objects, timings, tracks"
                    )
                return answer.to_arrow_table()
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                raise RunError(f"the query cannot be answered: {reason}") from error

    def _table(self, table: str) -> pa.Table:
        return pa.concat_tables([pq.read_table(part) for part in self._parts(table)])

    def _parts(self, table: str) -> list[Path]:
        return sorted((self.folder / table).glob("part-*.parquet"))

    def _check_parts(self, table: str) -> None:
        parts = self._parts(table)
        expected = [f"part-{number:05d}.parquet" for number in range(max(len(parts), 1))]
        if [part.name for part in parts] != expected:
            raise RunError(f"{self.folder / table}: damaged: a part is missing; run it again")
        for part in parts:
            try:
                schema = pq.read_schema(part)
            except (OSError, pa.ArrowInvalid) as error:
                raise RunError(f"{part}: damaged: no Parquet file; run it again") from error
            if not schema.equals(SCHEMAS[table]):
                raise RunError(
                    f"{part}: damaged: its columns are not those of {table}; run it again"
                )


def _read_tree(path: Path) -> Tree:
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path}: missing; the run folder is damaged, run it again") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {error}; the run folder is damaged") from error
    if not isinstance(tree, dict):
        raise RunError(f"{path}: damaged: not a JSON object; run it again")
    return tree
