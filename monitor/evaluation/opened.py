"""Reading an evaluation back."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from monitor.errors import RunError
from monitor.evaluation.storage import Storage
from monitor.evaluation.tables import LISTS, TABLES

MANIFEST: Final = "manifest.json"
SUMMARY: Final = "summary.json"
KIND: Final = "evaluation"
SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation's run folder; make one with `Evaluation.open`.

    Attributes
    ----------
    storage : where it lies.
    manifest : what it was made with and from.
    """

    storage: Storage
    manifest: dict[str, Any]

    @classmethod
    def open(cls, url: str, *, unfinished: bool = False) -> Self:
        """Open a run folder, by its path or URL.

        Parameters
        ----------
        url : of the folder.
        unfinished : take one that was never finished, too.

        Raises
        ------
        RunError : no evaluation, never finished, or written by another version.
        """
        storage = Storage(url.rstrip("/"))
        if not storage.exists(MANIFEST):
            raise RunError(
                f"{url}: no run folder: there is no {MANIFEST} in it; give one made by camdrift evaluate"
            )
        manifest = storage.read_json(MANIFEST)
        if manifest.get("kind") != KIND:
            raise RunError(
                f"{url}: a run of one clip, not an evaluation; run `camdrift evaluate` with a suite"
            )
        if manifest.get("schema") != SCHEMA:
            raise RunError(
                f"{url}: written in format {manifest.get('schema')}, this version reads {SCHEMA}; use the "
                "version of camdrift that its manifest names"
            )
        if manifest.get("status") != "finished" and not unfinished:
            raise RunError(
                f"{url}: not finished (status: {manifest.get('status')}); `camdrift evaluate --resume {url}` "
                "goes on"
            )
        return cls(storage, manifest)

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.storage.name.removesuffix(".partial")

    @property
    def summary(self) -> dict[str, Any]:
        """Its figures.

        Raises
        ------
        RunError : missing or damaged.
        """
        return self.storage.read_json(SUMMARY)

    def clips(self) -> pa.Table:
        """One row a clip."""
        return self._list("clips")

    def conditions(self) -> pa.Table:
        """One row a condition."""
        return self._list("conditions")

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """One of `TABLES`, whole, in the order clip, condition, frame; or some of its columns."""
        parts = [self._read(f"{name}/{part}", columns) for part in self.parts(name)]
        return pa.concat_tables(parts) if parts else TABLES[name].empty_table()

    def parts(self, name: str) -> list[str]:
        """The file names of a table's parts, in order.

        Raises
        ------
        RunError : one is missing.
        """
        found = [part for part in self.storage.names(name) if part.startswith("part-")]
        expected = [f"part-{number:05d}.parquet" for number in range(len(found))]
        if found != expected:
            raise RunError(f"{self.storage.url}/{name}: damaged: a part is missing")
        return found

    def files(self) -> Iterator[str]:
        """The tables' files, by name."""
        for name in LISTS:
            yield f"{name}.parquet"
        for name in TABLES:
            for part in self.parts(name):
                yield f"{name}/{part}"

    def _list(self, name: str) -> pa.Table:
        return self._read(f"{name}.parquet", None)

    def _read(self, file: str, columns: Sequence[str] | None) -> pa.Table:
        content = self.storage.read(file)
        try:
            return pq.read_table(
                io.BytesIO(content), columns=None if columns is None else list(columns)
            )
        except (OSError, pa.ArrowInvalid) as error:
            raise RunError(f"{self.storage.url}/{file}: damaged: no Parquet file") from error
