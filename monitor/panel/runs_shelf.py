"""The run folders that lie in one folder: listed, and opened by a listed name only."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from monitor.catalog import NONE, budget_of
from monitor.conditions import goal_text
from monitor.config import Settings
from monitor.errors import RunError
from monitor.runs import Run
from monitor.runs.writer import MANIFEST, SUMMARY
from streams.naming import one_line

FILES: Final = ("report.html", "report.pdf", "summary.json", MANIFEST)
"""What can be had of a run beside its videos."""

VIDEOS: Final = ("attacked.mkv", "clean.mkv", "side.mkv")

_LARGEST: Final = 2_000_000
"""Bytes of a manifest; a real one has 3 kB, and a class list of a thousand names some 20."""

_KEPT: Final = 8
"""Opened runs that are kept; a summary is small, its class list may not be."""


class State(StrEnum):
    """How a folder on the shelf is."""

    COMPLETE = "complete"
    UNFINISHED = "unfinished"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Listed:
    """One folder as the list shows it.

    Attributes
    ----------
    name : of the folder; by this it is opened.
    state : whether it can be opened.
    trouble : why it cannot, one line; "" where it can.
    when : when the run began, UTC; of a broken folder, when it was last changed.
    source, model : what was looked at, and what looked.
    attack, budget : "pgd, vanish" and "linf 4/255"; "no attack" and "" without one.
    frames : None where nobody knows.
    """

    name: str
    state: State
    trouble: str
    when: datetime
    source: str = ""
    model: str = ""
    attack: str = ""
    budget: str = ""
    frames: int | None = None


class _Manifest(BaseModel):
    """As much of a manifest as the list needs; whatever else stands in it is not looked at."""

    status: str
    started_utc: AwareDatetime
    source: str
    frames: int | None = Field(default=None, ge=0)
    config: dict[str, dict[str, Any]]


_Stamp = tuple[int, int, int]


class Shelf:
    """The folder that run folders are made in. Nothing is read before it is asked for.

    Whoever opens the panel may put a stranger's run here, so nothing in it is trusted: a run goes by its
    listed name, never by a path, and no link is followed out of the folder. For several threads.

    Parameters
    ----------
    folder : the setting `runs`; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._listed: dict[str, tuple[_Stamp, Listed]] = {}
        self._opened: dict[str, tuple[_Stamp, Run]] = {}

    def listed(self) -> list[Listed]:
        """Every folder here, the newest first; those that are no runs too, with the reason.

        Raises
        ------
        RunError : the folder itself cannot be read.
        """
        with self._lock:
            found = {name: self._entry(name) for name in self._names()}
            self._listed = found
        return sorted((entry for _, entry in found.values()), key=_age, reverse=True)

    def open(self, name: str) -> Run:
        """The run of that name; its summary and the form of its tables are checked.

        Raises
        ------
        RunError : no folder of that name is on the shelf, or it is unfinished or broken; one line.
        """
        with self._lock:
            if name not in self._names():
                raise RunError(f"no run is called {_shown(name)!r}; refresh the list")
            stamp, entry = self._entry(name)
            if entry.trouble:
                raise RunError(f"{_shown(name)}: {entry.trouble}")
            kept = self._opened.pop(name, None)
            if kept is None or kept[0] != stamp:
                kept = stamp, _opened(self.folder / name)
            self._opened[name] = kept
            while len(self._opened) > _KEPT:
                del self._opened[next(iter(self._opened))]
            return kept[1]

    def file(self, name: str, file: str) -> Path:
        """A file of a run, by a name out of `FILES` or `VIDEOS`.

        Raises
        ------
        RunError : another name, no such file in that run, or a run that cannot be opened.
        """
        run = self.open(name)
        if file not in (*FILES, *VIDEOS) or not has_file(run, file):
            raise RunError(f"the run {_shown(name)} has no such file")
        return run.folder / file

    def _names(self) -> set[str]:
        try:
            with os.scandir(self.folder) as entries:
                return {
                    entry.name
                    for entry in entries
                    if not entry.name.startswith(".") and (entry.is_dir() or entry.is_symlink())
                }
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise RunError(f"{self.folder}: cannot be read: {error.strerror}") from error

    def _entry(self, name: str) -> tuple[_Stamp, Listed]:
        folder = self.folder / name
        stamp = _stamp(folder)
        kept = self._listed.get(name)
        if kept is not None and kept[0] == stamp:
            return kept
        return stamp, _listed(folder, self.folder)


def has_file(run: Run, file: str) -> bool:
    """Whether a run holds a file of that name itself; a link is none."""
    path = run.folder / file
    return path.is_file() and not path.is_symlink()


def _age(entry: Listed) -> tuple[datetime, str]:
    return entry.when, entry.name


def _shown(name: str) -> str:
    """A name fit for a message: printable, and short."""
    return one_line(name[:80])


def _stamp(folder: Path) -> _Stamp:
    """Changes when the folder, its manifest or its summary does."""
    times = []
    for path in (folder, folder / MANIFEST, folder / SUMMARY):
        try:
            times.append(path.stat(follow_symlinks=False).st_mtime_ns)
        except OSError:
            times.append(0)
    return times[0], times[1], times[2]


def _listed(folder: Path, shelf: Path) -> Listed:
    when = datetime.fromtimestamp(_stamp(folder)[0] / 1e9, UTC)
    broken = Listed(folder.name, State.BROKEN, "", when)
    try:
        folder.name.encode()
        _check_links(folder, shelf)
        manifest = _manifest(folder / MANIFEST)
    except UnicodeEncodeError:
        name = folder.name.encode(errors="replace").decode()
        return _told(broken, name=name, trouble="its name is no UTF-8: rename it")
    except RunError as error:
        return _told(broken, trouble=str(error))
    state, trouble = _state(folder, manifest)
    attack, budget = _attack(manifest.config)
    return Listed(
        name=folder.name,
        state=state,
        trouble=trouble,
        when=manifest.started_utc,
        source=manifest.source,
        model=str(manifest.config.get("detector", {}).get("model", "")),
        attack=attack,
        budget=budget,
        frames=manifest.frames,
    )


def _told(entry: Listed, *, trouble: str, name: str | None = None) -> Listed:
    return Listed(name or entry.name, State.BROKEN, trouble, entry.when)


def _check_links(folder: Path, shelf: Path) -> None:
    """Pass if nothing in the folder leads elsewhere.

    Raises
    ------
    RunError : the folder is a link, or holds one.
    """
    # A run folder is written without links; one that has them was made by somebody with a purpose.
    if folder.is_symlink():
        inside = folder.resolve().is_relative_to(shelf.resolve())
        where = "to another one" if inside else "out of this folder"
        raise RunError(f"a link {where}, which is not followed")
    try:
        for root, folders, files in os.walk(folder):
            for name in (*folders, *files):
                if (Path(root) / name).is_symlink():
                    raise RunError("it holds a link, which a run folder never does: not opened")
    except OSError as error:
        raise RunError(f"cannot be read: {error.strerror}") from error


def _manifest(path: Path) -> _Manifest:
    if not path.is_file():
        raise RunError(f"no run: there is no {MANIFEST} in it")
    try:
        if path.stat().st_size > _LARGEST:
            raise RunError(f"its {MANIFEST} is too large to be one")
        return _Manifest.model_validate(json.loads(path.read_bytes()))
    except OSError as error:
        raise RunError(f"its {MANIFEST} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise RunError(f"its {MANIFEST} is damaged: {place or 'not an object'}") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"its {MANIFEST} is damaged: no JSON") from error


def _state(folder: Path, manifest: _Manifest) -> tuple[State, str]:
    if manifest.status != "finished":
        words = {"running": "still at work, or broken off without a word"}
        status = _shown(manifest.status)
        return State.UNFINISHED, f"not finished: {words.get(status, status)}"
    if not (folder / SUMMARY).is_file():
        return State.BROKEN, f"damaged: it lacks {SUMMARY}"
    return State.COMPLETE, ""


def _attack(config: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """The attack with its goal and the faults, and the budget."""
    try:
        settings = Settings.model_validate(config)
        norm, _, eps = budget_of(settings.attack)
    except (ValueError, KeyError):  # of another version; the list says what it can
        return str(config.get("attack", {}).get("attack", "")), ""
    faults = settings.faults.faults
    if settings.attack.attack == NONE:
        return faults or "no attack", ""
    words = f"{settings.attack.attack}, {goal_text(settings)}"
    return f"{words}; {faults}" if faults else words, f"{norm} {eps}"


def _opened(folder: Path) -> Run:
    try:
        return Run.open(folder)
    except RunError as error:
        # Where it lies on the disk is nobody's business in a browser.
        text = str(error).replace(f"{folder}{os.sep}", "").replace(f"{folder}: ", "")
        raise RunError(f"{_shown(folder.name)}: {text}") from error
