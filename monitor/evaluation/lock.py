"""One conductor a run folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from monitor.errors import RunError
from monitor.runs.whole import disk_error

LOCK: Final = ".lock"


@contextmanager
def locked(folder: Path | None) -> Iterator[None]:
    """While this is open nobody else works on the folder; the system lets go of it whatever ends the process.

    Parameters
    ----------
    folder : on this machine's disk; None: behind a URL, where nobody can be kept out.

    Raises
    ------
    RunError : somebody works on it, or it cannot be written.
    """
    if folder is None or os.name == "nt":
        yield
        return
    import fcntl

    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise disk_error(error, folder / LOCK) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(
                f"{folder}: another camdrift works on this run; wait for it, or end it"
            ) from None
        yield
    finally:
        os.close(handle)
