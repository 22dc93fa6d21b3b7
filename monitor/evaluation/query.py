"""SQL over a run's tables, where they lie, and over nothing else.

DuckDB reads the Parquet parts through Arrow, so that filters and columns are pushed down to the files
wherever these are, and is itself denied every file, every extension and every setting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from monitor.errors import RunError
from monitor.evaluation.opened import Evaluation
from monitor.evaluation.tables import LISTS, TABLES
from monitor.evaluation.views import JOINED, RUN_VIEWS, VIEWS
from monitor.runs import Run
from monitor.runs.tables import SCHEMAS

if TYPE_CHECKING:
    import duckdb

_CLOSED: Final = {
    "enable_external_access": "false",  # no file, no address, no extension
    "python_enable_replacements": "false",  # no variable of this program
    "temp_directory": "",  # an answer that does not fit into memory is an error, not a file
    "lock_configuration": "true",
}
_MOST: Final = 400  # letters of DuckDB's reason


def query(run: Evaluation | Run, sql: str) -> pa.Table:
    """The answer to one SELECT over the run's views (`VIEWS`, or `RUN_VIEWS` for a run of one clip).

    Raises
    ------
    RunError : not one SELECT, no valid SQL, something that is not the run's, or a damaged part.
    """
    import duckdb

    views = ", ".join(views_of(run))
    with connected(run) as connection:
        try:
            statements = connection.extract_statements(sql)
            allowed = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
            if len(statements) != 1 or statements[0].type not in allowed:
                raise RunError(f"the query gives no table; write one SELECT over {views}")
            return connection.sql(statements[0].query).to_arrow_table()
        except duckdb.PermissionException:
            raise RunError(
                "the query cannot be answered: it asks for something outside the run; "
                f"there are {views}"
            ) from None
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise RunError(f"the query cannot be answered: {_reason(error)}") from error


def views_of(run: Evaluation | Run) -> Mapping[str, object]:
    """The views that there are for this kind of run."""
    return VIEWS if isinstance(run, Evaluation) else RUN_VIEWS


@contextmanager
def connected(run: Evaluation | Run) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the run's views and reaches nothing else.

    Raises
    ------
    RunError : a part is missing, or the place cannot be opened.
    """
    import duckdb

    with duckdb.connect(":memory:", config=dict(_CLOSED)) as connection:
        if isinstance(run, Evaluation):
            for name, schema in LISTS.items():
                table = run.clips() if name == "clips" else run.conditions()
                connection.register(name, table.cast(schema))
            for name in TABLES:
                connection.register(name, parts_of(run, name))
            for name, sql in JOINED.items():
                connection.execute(f"CREATE VIEW {name} AS {sql}")
        else:
            for name in SCHEMAS:
                parts = sorted((run.folder / name).glob("part-*.parquet"))
                connection.register(name, _dataset(parts, SCHEMAS[name], None))
        try:
            yield connection
        except (duckdb.Error, pa.ArrowException) as error:
            # Our own queries are right, so it is the tables.
            place = run.storage.url if isinstance(run, Evaluation) else run.folder
            raise RunError(f"{place}: damaged: {_reason(error)}") from error


def parts_of(run: Evaluation, name: str) -> Any:
    """The parts of one of `TABLES` as an Arrow dataset that is read as it is asked; else an empty table.

    Raises
    ------
    RunError : a part is missing, or the place cannot be opened.
    """
    parts = run.parts(name)
    if not parts:
        return TABLES[name].empty_table()
    if (folder := run.storage.local) is not None:
        return _dataset([folder / name / part for part in parts], TABLES[name], None)
    import fsspec

    try:
        files, root = fsspec.core.url_to_fs(run.storage.url)
    except (ImportError, ValueError) as error:
        raise RunError(f"{run.storage.url}: cannot be opened: {error}") from error
    root = str(root).rstrip("/")
    return _dataset([f"{root}/{name}/{part}" for part in parts], TABLES[name], files)


def _dataset(files: list[Path] | list[str], schema: pa.Schema, filesystem: Any) -> Any:
    import pyarrow.dataset
    import pyarrow.fs

    return pyarrow.dataset.dataset(
        [str(Path(file).absolute()) if isinstance(file, Path) else file for file in files],
        schema=schema,
        format="parquet",
        # Named, so that a folder called "a%20b" or "s3:x" is taken as it is written.
        filesystem=filesystem or pyarrow.fs.LocalFileSystem(),
    )


def _reason(error: Exception) -> str:
    """The error in one line, without the excerpt of the query."""
    lines = takewhile(lambda line: not line.startswith("LINE "), str(error).splitlines())
    text = " ".join(" ".join(lines).split())
    return text if len(text) <= _MOST else f"{text[:_MOST]} ..."
