"""An evaluation in the formats of other tools: COCO JSON, MOT text, CSV, Parquet."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from monitor.errors import ConfigError
from monitor.evaluation.exports.coco import write_coco
from monitor.evaluation.exports.mot import write_mot
from monitor.evaluation.exports.tabular import write_csv, write_parquet
from monitor.evaluation.opened import Evaluation
from monitor.runs.whole import disk_error
from streams.naming import is_url


class Kind(StrEnum):
    """What it is exported as."""

    COCO = "coco"
    MOT = "mot"
    CSV = "csv"
    PARQUET = "parquet"


_WRITERS: Final[dict[Kind, Callable[[Evaluation, Path], None]]] = {
    Kind.COCO: write_coco,
    Kind.MOT: write_mot,
    Kind.CSV: write_csv,
    Kind.PARQUET: write_parquet,
}


def export(run: Evaluation, kind: str, folder: Path | str) -> list[Path]:
    """Write an evaluation into a new folder, which is there whole or not at all; the files, sorted.

    Parameters
    ----------
    run : finished.
    kind : one of `Kind`: "coco", "mot", "csv", "parquet".
    folder : on this machine; it must not be there, or be empty.

    Raises
    ------
    ConfigError : no such kind, a folder behind a URL, or one with something in it.
    RunError : the folder cannot be written, or the run is damaged.
    """
    if kind not in list(Kind):
        raise ConfigError(f"export {kind!r}: no such format; there are {', '.join(Kind)}")
    if is_url(str(folder)):
        raise ConfigError(
            f"{folder}: exports go to this machine's disk; give a folder, and copy it there"
        )
    target = Path(folder).absolute()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise ConfigError(
            f"{target}: there is something already; give a folder that is new or empty"
        )
    partial = target.with_name(f".{target.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)  # of an export that was broken off
        partial.mkdir(parents=True)
        try:
            _WRITERS[Kind(kind)](run, partial)
            if target.exists():
                target.rmdir()
            partial.rename(target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    except OSError as error:
        raise disk_error(error, target) from error
    return sorted(path for path in target.rglob("*") if path.is_file())
