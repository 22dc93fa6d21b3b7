"""The seal of a finished run: the sha256 of each of its files, and one over the manifest that holds them.

A seal tells of what was changed by accident or without care. Whoever changes a run on purpose can seal it
anew: evidence is the seal that was written down somewhere else as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from monitor.errors import RunError
from monitor.evaluation.opened import SUMMARY
from monitor.evaluation.storage import Storage
from monitor.evaluation.tables import LISTS, TABLES
from monitor.runs.manifest import sha256_of_file, sha256_of_tree

SEAL: Final = "sealed_sha256"
PARTS: Final = "parts"
CONFIG: Final = "config_sha256"
WORST: Final = "worst"
"""Folder of the worst frames' pictures, which are evidence like the tables."""

_BLOCK: Final = 1 << 20


def sha256_of(storage: Storage, name: str) -> str:
    """Of one of its files, in hex; a file on this machine is read in pieces.

    Raises
    ------
    RunError : there is none, or it cannot be read.
    """
    if (folder := storage.local) is None:
        return hashlib.sha256(storage.read(name)).hexdigest()
    try:
        return sha256_of_file(folder / name)
    except OSError as error:
        raise RunError(f"{folder / name}: cannot be read: {error.strerror}") from error


def sha256_of_url(url: str) -> str:
    """Of a file at any URL that fsspec opens, read in pieces.

    Raises
    ------
    FileNotFoundError : it is not there.
    Exception : whatever its file system has for other trouble.
    """
    import fsspec

    digest = hashlib.sha256()
    with fsspec.open(url, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def evidence(storage: Storage) -> Iterator[str]:
    """The names of the files that a seal is over: tables, lists, summary and worst frames, in that order."""
    for name in TABLES:
        for part in storage.names(name):
            yield f"{name}/{part}"
    for name in (*(f"{one}.parquet" for one in LISTS), SUMMARY):
        if storage.exists(name):
            yield name
    for picture in storage.names(WORST):
        yield f"{WORST}/{picture}"


def recorded(storage: Storage) -> dict[str, str]:
    """File name -> sha256 of every file of `evidence`."""
    return {name: sha256_of(storage, name) for name in evidence(storage)}


def config_sha256(manifest: Mapping[str, Any]) -> str:
    """Of what an evaluation was asked: its suite and its settings."""
    return sha256_of_tree({key: manifest.get(key) for key in ("suite", "settings")})


def manifest_sha256(manifest: Mapping[str, Any]) -> str:
    """Of the manifest's canonical JSON, without the seal itself."""
    return sha256_of_tree({key: value for key, value in manifest.items() if key != SEAL})


def seal(storage: Storage, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of a run that is finished, with its files' hashes, its config's, and its own.

    Call it last, with the manifest as it will be written (status "finished"), when tables, summary and worst
    frames are in their place.

    Raises
    ------
    RunError : a file cannot be read.
    """
    sealed = {key: value for key, value in manifest.items() if key != SEAL}
    sealed[CONFIG] = config_sha256(manifest)
    sealed[PARTS] = recorded(storage)
    return {**sealed, SEAL: manifest_sha256(sealed)}
