"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path

from monitor.errors import RunError

_TEMPORARY = ".tmp"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, bring it to the disk, rename it, bring the folder to the disk.

    After a crash or a power cut the name stands for the whole content or does not exist; a file that
    stood there before is replaced in one step.

    Raises
    ------
    RunError : disk full, no permission, folder read-only; the temporary file is removed.
    """
    temporary = path.with_name(f".{path.name}{_TEMPORARY}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_synced(temporary, content)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        _forget(temporary)
        raise disk_error(error, path) from error
    except BaseException:
        _forget(temporary)  # Ctrl+C in the middle
        raise


def write_json(path: Path, tree: Mapping[str, object]) -> None:
    """`write_whole` of readable JSON; keys keep their order. NaN and infinity are a ValueError."""
    text = json.dumps(tree, indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(path, (text + "\n").encode())


def disk_error(error: OSError, path: Path) -> RunError:
    """One line: what could not be written, why, what to do."""
    advice = {
        errno.ENOSPC: "the disk is full; free some space or choose another folder (setting `runs`)",
        errno.EDQUOT: "the disk quota is used up; free some space or choose another folder (setting `runs`)",
        errno.EROFS: "the disk is read-only; choose another folder (setting `runs`)",
        errno.EACCES: "no permission to write there; choose another folder (setting `runs`)",
        errno.EPERM: "no permission to write there; choose another folder (setting `runs`)",
        errno.ENOTDIR: "a file stands where a folder is needed; choose another folder (setting `runs`)",
        errno.EEXIST: "a file stands where a folder is needed; choose another folder (setting `runs`)",
    }
    other = f"{error.strerror or error}; choose another folder (setting `runs`)"
    reason = advice.get(error.errno or 0, other)
    text = f"{path}: cannot be written: {reason}"
    partial = next((folder for folder in path.parents if folder.name.endswith(".partial")), None)
    if partial is not None and partial.is_dir() and any(partial.iterdir()):
        text += f"; what was written whole is in {partial}"
    return RunError(text)


def _write_synced(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, so that a rename survives a power cut."""
    if os.name == "nt":
        return  # Windows opens no folders; its rename is journalled
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the disk is in trouble already; the first error is the one that counts
