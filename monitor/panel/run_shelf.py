"""The run folders on disk, as the panel may show them: by the names that are listed, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from monitor.errors import RunError
from monitor.evaluation.opened import KIND, Evaluation
from monitor.runs import Run
from monitor.runs.writer import MANIFEST, PARTIAL, SUMMARY

MOST: Final = 200
"""Folders that are listed, the newest; the disk may hold more."""

_NAME: Final = re.compile(r"[A-Za-z0-9][\w.+-]{0,199}", re.ASCII)
_FILE: Final = re.compile(
    r"report\.(html|pdf)|summary\.json|manifest\.json|[a-z]+(-\d+)?\.(mkv|mp4)"
    r"|comparison\.html"
    r"|failures/\d+-frame-\d+-(clean|attacked|difference)\.png"
    r"|worst/\d+-(clean|attacked|difference)\.png",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One folder of the list.

    Attributes
    ----------
    name : of the folder.
    trouble : why it cannot be opened, on one line; "" where it can.
    started : UTC, as the manifest writes it.
    condition : of the summary: source, model, attack, eps_text, ...
    frames : in the run.
    """

    name: str
    trouble: str = ""
    started: str = ""
    condition: Mapping[str, Any] | None = None
    frames: int = 0


class Shelf:
    """Nothing is read before it is asked for.

    Parameters
    ----------
    folder : says where run folders are made now.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where the runs lie."""
        return self._folder()

    def names(self) -> list[str]:
        """The folders' names, newest first; links, hidden and odd names are left out."""
        try:
            found = [
                child.name
                for child in self.folder.iterdir()
                if _NAME.fullmatch(child.name) and child.is_dir() and not child.is_symlink()
            ]
        except OSError:
            return []
        return sorted(found, reverse=True)[:MOST]

    def entries(self) -> list[Entry]:
        """What is known of each, newest first; a folder that is broken says so."""
        return [self._entry(name) for name in self.names()]

    def open(self, name: str) -> Run | Evaluation:
        """One run, of a clip or of many.

        Raises
        ------
        RunError : no such name in the list, or not a whole run.
        """
        if name not in self.names():
            raise RunError(f"{name[:200]}: there is no such run in {self.folder}; refresh the list")
        if _manifest(self.folder / name).get("kind") == KIND:
            return Evaluation.open(str(self.folder / name))
        return Run.open(self.folder / name)

    def file(self, name: str, file: str) -> Path | None:
        """A file of a run that may be shown or taken away; None where there is none of that name."""
        return self._file(name, file) if name in self.names() else None

    def files(self, name: str) -> list[str]:
        """What of a run can be taken away, by name."""
        if name not in self.names():
            return []
        return [
            child.name
            for child in sorted((self.folder / name).iterdir())
            if self._file(name, child.name) is not None
        ]

    def _file(self, name: str, file: str) -> Path | None:
        """The same, of a name that is in the list: reading that is a look at every folder."""
        if not _FILE.fullmatch(file):
            return None
        place = self.folder / name / file
        inside = place.resolve().is_relative_to((self.folder / name).resolve())
        return place if inside and place.is_file() else None

    def _entry(self, name: str) -> Entry:
        folder = self.folder / name
        if name.endswith(PARTIAL):
            return Entry(name, "still being written, or broken off")
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
            if manifest.get("kind") == KIND:
                return _of_many(name, manifest, summary)
            condition, counts = summary["condition"], summary["counts"]
            return Entry(
                name,
                started=str(manifest["started_utc"]),
                condition=dict(condition),
                frames=int(counts["frames"]),
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return Entry(name, "no whole run: its manifest or summary cannot be read")


def _manifest(folder: Path) -> Mapping[str, Any]:
    """The manifest as far as it can be read; whoever opens the run says what is wrong with it."""
    try:
        tree = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, Mapping) else {}


def _of_many(name: str, manifest: Mapping[str, Any], summary: Mapping[str, Any]) -> Entry:
    models = ", ".join(sorted({str(one["model"]) for one in summary["conditions"]}))
    condition = {
        "source": f"{summary['clips']} clips",
        "model": models,
        "attack": f"suite {summary['suite']}",
        "eps_text": f"{len(summary['conditions'])} conditions",
    }
    return Entry(name, "", str(manifest["started_utc"]), condition, int(summary["frames"]))
