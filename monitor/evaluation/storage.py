"""A run folder wherever it lies: on this machine's disk, or at any URL that fsspec opens."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from monitor.errors import RunError
from monitor.runs.whole import write_whole


@dataclass(frozen=True, slots=True)
class Storage:
    """A folder; file names in it are relative, with "/".

    On the disk a file is written, synced and renamed (`write_whole`). An object store keeps a whole object or
    none; other file systems behind a URL are written under another name and moved.

    Attributes
    ----------
    url : a path, or "protocol://...".
    """

    url: str

    @property
    def local(self) -> Path | None:
        """The folder on this machine's disk; None behind a URL."""
        if "://" not in self.url:
            return Path(self.url)
        if self.url.startswith("file://"):
            return Path(self.url.removeprefix("file://"))
        return None

    @property
    def name(self) -> str:
        """Its last part."""
        return self.url.rstrip("/").rpartition("/")[2]

    def __truediv__(self, name: str) -> Self:
        """A folder in it."""
        return type(self)(f"{self.url.rstrip('/')}/{name}")

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, whole or not at all.

        Raises
        ------
        RunError : disk full, no permission, no such place; one line.
        """
        if (folder := self.local) is not None:
            write_whole(folder / name, content)
            return
        fs, root = self._remote()
        target = f"{root}/{name}"
        try:
            fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            fs.pipe_file(f"{target}.tmp", content)
            fs.mv(f"{target}.tmp", target)
        except Exception as error:  # every file system has exceptions of its own
            raise self._trouble(name, "written", error) from error

    def write_json(self, name: str, tree: Mapping[str, Any]) -> None:
        """`write` of readable JSON; keys keep their order. NaN and infinity are a ValueError."""
        text = json.dumps(tree, indent=2, ensure_ascii=False, allow_nan=False)
        self.write(name, (text + "\n").encode())

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises
        ------
        RunError : there is none, or it cannot be read.
        """
        try:
            if (folder := self.local) is not None:
                return (folder / name).read_bytes()
            fs, root = self._remote()
            return bytes(fs.cat_file(f"{root}/{name}"))
        except Exception as error:
            raise self._trouble(name, "read", error) from error

    def read_json(self, name: str) -> dict[str, Any]:
        """A file's JSON object.

        Raises
        ------
        RunError : there is none, or it is no JSON object.
        """
        try:
            tree = json.loads(self.read(name))
        except ValueError as error:
            raise RunError(f"{self.url}/{name}: damaged: no JSON: {error}") from error
        if not isinstance(tree, dict):
            raise RunError(f"{self.url}/{name}: damaged: not a JSON object")
        return tree

    def exists(self, name: str) -> bool:
        """Whether there is such a file or folder."""
        if (folder := self.local) is not None:
            return (folder / name).exists()
        fs, root = self._remote()
        return bool(fs.exists(f"{root}/{name}"))

    def names(self, folder: str = "") -> list[str]:
        """The files and folders in one of its folders, sorted; none where that is not there.

        What a broken write left behind (".NAME.tmp") is not among them.
        """
        found: list[str]
        if (root := self.local) is not None:
            place = root / folder
            found = [entry.name for entry in place.iterdir()] if place.is_dir() else []
        else:
            fs, where = self._remote()
            with contextlib.suppress(FileNotFoundError):
                entries = fs.ls(f"{where}/{folder}".rstrip("/"), detail=False, refresh=True)
                return sorted(
                    name for name in map(_last, entries) if name and not name.endswith(".tmp")
                )
            return []
        return sorted(name for name in found if not name.endswith(".tmp"))

    def remove(self, name: str) -> None:
        """Take a file or a folder with all in it away; what is not there is no error."""
        if (root := self.local) is not None:
            import shutil

            place = root / name
            if place.is_dir():
                shutil.rmtree(place, ignore_errors=True)
            else:
                place.unlink(missing_ok=True)
            return
        fs, where = self._remote()
        with contextlib.suppress(FileNotFoundError):
            fs.rm(f"{where}/{name}", recursive=True)

    def _remote(self) -> tuple[Any, str]:
        import fsspec

        try:
            fs, root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise RunError(f"{self.url}: cannot be opened: {error}") from error
        return fs, str(root).rstrip("/")

    def _trouble(self, name: str, what: str, error: Exception) -> RunError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, FileNotFoundError):
            reason = "there is no such file"
        return RunError(f"{self.url}/{name}: cannot be {what}: {' '.join(str(reason).split())}")


def _last(path: str) -> str:
    return str(path).rstrip("/").rpartition("/")[2]
