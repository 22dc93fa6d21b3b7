"""Whether a path names a file that can be read at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from streams.errors import SourceNotFound, SourceUnreadable
from streams.naming import one_line


def check_file(path: Path, *, wanted: str, folder: str = "") -> None:
    """Look at a file before a decoder does.

    Parameters
    ----------
    path : the file.
    wanted : what should be given, as in "a video file".
    folder : what to do with a folder; empty: give one of those files in it.

    Raises
    ------
    SourceNotFound : there is none.
    SourceUnreadable : a folder, a pipe or a device, empty, or without permission to read.
    """
    name = one_line(path.name or str(path))
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise SourceNotFound(
            f"{one_line(str(path))}: there is no such file; check the path"
        ) from error
    except OSError as error:
        raise SourceUnreadable(
            f"{name}: the file cannot be reached ({error.strerror}); check the path and its permissions"
        ) from error
    if stat.S_ISDIR(status.st_mode):
        advice = folder or f"give one {wanted.partition(' ')[2]} in it"
        raise SourceUnreadable(f"{name}: this is a folder; {advice}")
    # A pipe or a device would block the decoder for ever.
    if not stat.S_ISREG(status.st_mode):
        raise SourceUnreadable(f"{name}: not a regular file; give {wanted}")
    if status.st_size == 0:
        raise SourceUnreadable(f"{name}: the file is empty (0 bytes); copy or record it again")
    if not os.access(path, os.R_OK):
        raise SourceUnreadable(f"{name}: no permission to read; change the file's mode")
