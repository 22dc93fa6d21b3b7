"""Clips behind a URL: listed, read and brought here through fsspec."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

from monitor.errors import ConfigError, RunError
from monitor.evaluation.truth.places import is_picture, natural
from monitor.runs.whole import disk_error, sync_folder
from streams.naming import one_line, without_credentials

_CHUNK: Final = 1 << 20
_WEB: Final = ("http://", "https://")


class Medium(NamedTuple):
    """A video, or a folder of pictures, behind a URL; size in bytes, None where the server does not say."""

    url: str
    size: int | None
    pictures: bool


def listed(url: str, choose: Callable[[Sequence[str]], list[tuple[str, bool]]]) -> list[Medium]:
    """What a URL stands for: a file, what a folder holds, or what a glob ("*", "[a-z]") finds.

    Parameters
    ----------
    url : the scheme is any that fsspec knows. A web server's folder ends with "/".
    choose : the clips among files: relative paths -> paths of videos or folders of pictures, and which it is.

    Raises
    ------
    ConfigError : nothing is there, or the scheme wants a package that is not installed.
    RunError : the server cannot be asked.
    """
    fs, root = _opened(url)
    match = re.search(r"\*" if url.startswith(_WEB) else r"[*[]", url.partition("::")[0])
    try:
        if match is not None:
            base = url[: url.rindex("/", 0, match.start()) + 1]
            hits = fs.glob(root, detail=True)
            found = _below(base, hits)
        else:
            facts = fs.info(root)
            if facts["type"] != "directory" and not (url.startswith(_WEB) and url.endswith("/")):
                return [Medium(url, _size(facts), pictures=False)]
            base, found = url, _below(url, fs.find(root, detail=True))
    except FileNotFoundError:
        found = {}
    except Exception as error:  # every file system has exceptions of its own
        raise _trouble(url, "be listed", error) from error
    if not found:
        raise ConfigError(f"{without_credentials(url)}: there is nothing; check the URL")
    media = []
    for path, pictures in choose([path for path in found if not _hidden(path)]):
        size = _sum_of(found, path) if pictures else found[path]
        media.append(Medium(_joined(base, path), size, pictures))
    return media


def files_of(url: str, *, pictures: bool) -> list[tuple[str, str]]:
    """Name and URL of a clip's files; those of a folder of pictures in natural order.

    Raises
    ------
    RunError : the server cannot be asked.
    """
    if not pictures:
        return [(_last(url), url)]
    fs, root = _opened(url)
    try:
        entries = fs.ls(root, detail=False, refresh=True)
    except Exception as error:
        raise _trouble(url, "be listed", error) from error
    names = sorted((name for name in map(_last, entries) if is_picture(name)), key=natural)
    return [(name, _joined(url, name)) for name in names if not _hidden(name)]


def sha256(url: str) -> str:
    """Of what lies there, read through and not kept.

    Raises
    ------
    RunError : it cannot be read.
    """
    fs, path = _opened(url)
    digest = hashlib.sha256()
    try:
        with fs.open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except Exception as error:
        raise _trouble(url, "be read", error) from error
    return digest.hexdigest()


def fetch(url: str, folder: Path, *, size: int | None, pictures: bool) -> Path:
    """Bring a clip here, unless it is here already, and return the file or the folder of pictures.

    It is written under another name, synced and renamed, so that what stands under its name is whole.

    Parameters
    ----------
    url : of the clip.
    folder : for all that is fetched.
    size : bytes that the server stated; None: what comes is taken for whole.
    pictures : it is a folder of pictures.

    Raises
    ------
    RunError : the server does not give it, or another number of bytes; the disk is full.
    """
    # The name tells one URL from another, login and all, and shows nothing of it.
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    name = re.sub(r"[^A-Za-z0-9._-]", "_", _last(without_query(without_credentials(url))))[-80:]
    target = folder / f"{digest}-{name}"
    if target.exists() and size in (None, _size_of(target)):
        return target
    temporary = folder / f".{digest}-{uuid4().hex}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if pictures:
            temporary.mkdir()
            for one, where in files_of(url, pictures=True):
                _download(where, temporary / one)
        else:
            _download(url, temporary)
        came = _size_of(temporary)
        if size is not None and came != size:
            raise RunError(
                f"{without_credentials(url)}: {came} of {size} bytes came; try again, and see that "
                "nobody is writing it"
            )
        _put(temporary, target, came)
        sync_folder(folder)
    except OSError as error:
        raise disk_error(error, target) from error
    finally:
        _forget(temporary)
    return target


def without_query(url: str) -> str:
    """A web address up to its query; others come back as they are."""
    return re.split(r"[?#]", url, maxsplit=1)[0] if url.startswith(_WEB) else url


def _opened(url: str) -> tuple[Any, str]:
    import fsspec

    try:
        fs, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise ConfigError(
            f"{without_credentials(url)}: {one_line(str(error))}; install it, or copy the clips here"
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{without_credentials(url)}: cannot be opened ({one_line(str(error))}); check the URL"
        ) from error
    return fs, str(path)


def _download(url: str, target: Path) -> None:
    fs, path = _opened(url)
    try:
        source = fs.open(path, "rb")
    except Exception as error:
        raise _trouble(url, "be fetched", error) from error
    with source, target.open("wb") as sink:
        while chunk := _read(source, url):
            sink.write(chunk)
        sink.flush()
        os.fsync(sink.fileno())


def _read(source: Any, url: str) -> bytes:
    # Apart from the writing, whose errors are the disk's.
    try:
        return bytes(source.read(_CHUNK))
    except Exception as error:
        raise _trouble(url, "be fetched", error) from error


def _put(temporary: Path, target: Path, size: int) -> None:
    """Give it its name. A file replaces what stood there; a folder does where that is not whole."""
    try:
        temporary.replace(target)
    except OSError:
        if not (temporary.is_dir() and target.is_dir()):
            raise
        if _size_of(target) == size:
            return  # somebody else has brought it in the meantime, and may be reading it
        stale = temporary.with_suffix(".stale.tmp")
        target.rename(stale)
        temporary.replace(target)
        _forget(stale)


def _forget(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            temporary.unlink(missing_ok=True)


def _below(base: str, found: dict[str, Any]) -> dict[str, int | None]:
    """Paths relative to a folder's URL -> sizes of the files that were found in it."""
    root = _opened(base)[1].rstrip("/")
    return {
        path[len(root) :].strip("/"): _size(facts)
        for path, facts in sorted(found.items())
        if facts["type"] != "directory"
    }


def _sum_of(found: dict[str, int | None], folder: str) -> int | None:
    """Bytes of a folder's pictures; None where one's are not known."""
    total = 0
    for path, size in found.items():
        if is_picture(path.rpartition("/")[2]) and (path.rpartition("/")[0] or ".") == folder:
            if size is None:
                return None
            total += size
    return total


def _joined(base: str, path: str) -> str:
    if path == ".":
        return base
    head, chain, rest = base.partition("::")
    return f"{head if head.endswith('/') else f'{head}/'}{path}{chain}{rest}"


def _size(facts: dict[str, Any]) -> int | None:
    size = facts.get("size")
    return None if size is None else int(size)


def _size_of(path: Path) -> int:
    if path.is_dir():
        return sum(one.stat().st_size for one in path.iterdir())
    return path.stat().st_size


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _last(path: str) -> str:
    return str(path).rstrip("/").rpartition("/")[2]


def _trouble(url: str, what: str, error: Exception) -> RunError:
    reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
    reason = re.sub(
        r"[A-Za-z][\w+.-]*://[^\s'\"]+", lambda match: without_credentials(match[0]), reason
    )
    shown = " ".join(one_line(reason).split()) or type(error).__name__
    return RunError(
        f"{without_credentials(url)}: cannot {what} ({shown}); check the URL and the login"
    )
