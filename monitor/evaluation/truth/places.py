"""What lies beside a clip, on this machine's disk or behind a URL; every folder is listed once."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from monitor.errors import RunError
from monitor.evaluation.storage import Storage
from streams.producers.images import SUFFIXES

NUMBERED: Final = re.compile(r"^(?P<before>.*?)(?P<number>\d+)\.txt$", re.IGNORECASE)
"""A label file of a video's frame."""

_MAGIC: Final = re.compile(r"[*?[]")
# Roboflow exports call a.png "a_png.rf.0123456789abcdef.jpg"; the annotations often keep the first name.
_EXPORTED: Final = re.compile(r"_(?:png|jpe?g|webp|bmp)\.rf\.[0-9a-f]+$", re.IGNORECASE)


class Listing:
    """What folders hold, remembered: with 10,000 clips in a folder it is asked once, not 10,000 times.

    A folder that is not there or cannot be listed holds nothing; so does one of a web server, which seldom
    can be listed, and may take its time to say so.
    """

    def __init__(self) -> None:
        self._held: dict[str, frozenset[str]] = {}
        self._labelled: dict[str, frozenset[str]] = {}

    def names(self, folder: str) -> frozenset[str]:
        """The names of files and folders in a folder."""
        if folder not in self._held:
            found: list[str] = []
            if not folder.startswith(("http://", "https://")):
                with contextlib.suppress(OSError, RunError, ValueError):
                    found = Storage(folder or "/").names()
            self._held[folder] = frozenset(found)
        return self._held[folder]

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder; False for a root."""
        folder, name = split(path)
        return name in self.names(folder)

    def labelled(self, folder: str) -> frozenset[str]:
        """What the numbered label files of a folder have before their number."""
        if folder not in self._labelled:
            matches = map(NUMBERED.match, self.names(folder))
            self._labelled[folder] = frozenset(match["before"] for match in matches if match)
        return self._labelled[folder]

    def pictures(self, folder: str) -> frozenset[str]:
        """What files about a folder's pictures are called, without their suffix."""
        names = self.names(folder)
        return frozenset(stem for name in names if is_picture(name) for stem in stems_of(name))


def is_url(path: str) -> bool:
    """Whether it is written like a URL."""
    return "://" in path


def is_picture(name: str) -> bool:
    """Whether a folder of pictures would take it."""
    dot = name.rfind(".")
    return dot > 0 and name[dot:].lower() in SUFFIXES


def split(path: str) -> tuple[str, str]:
    """The folder that holds a path or URL ("." for a bare name), and its last part."""
    folder, slash, name = path.rstrip("/").rpartition("/")
    if not slash:
        return ".", name
    return folder or "/", name


def parent(path: str) -> str | None:
    """The folder above one; None where there is none, as above "s3://bucket"."""
    folder, _ = split(path)
    return None if folder.endswith((":/", ":", ".")) or folder == path else folder


def stem_of(path: str) -> str:
    """The last part without its suffix; a leading dot begins no suffix."""
    name = split(path)[1]
    before, dot, _ = name.rpartition(".")
    return before if dot and before else name


def stems_of(picture: str) -> tuple[str, ...]:
    """What files about a picture are called: like it, or like what it was exported from."""
    stem = stem_of(picture)
    return tuple(dict.fromkeys((stem, _EXPORTED.sub("", stem))))


def beside_pictures(pictures: Iterable[str], there: Iterable[str], suffix: str) -> dict[int, str]:
    """Index of a picture -> name of the file about it, among those of a folder.

    Parameters
    ----------
    pictures : names, in order.
    there : names in the folder.
    suffix : of the files, as in ".txt".
    """
    known = set(there)
    found: dict[int, str] = {}
    for index, picture in enumerate(pictures):
        names = (f"{stem}{suffix}" for stem in stems_of(picture))
        if (name := next((name for name in names if name in known), None)) is not None:
            found[index] = name
    return found


def home_of(clip: str) -> str:
    """The folder in which the pictures of a folder or a glob lie."""
    match = None if is_url(clip) else _MAGIC.search(clip)
    if match is None or Path(clip).exists():
        return clip
    return split(f"{clip[: match.start()]}x")[0]


def called(clip: str, pictures: bool) -> str:
    """What files about the clip are named after: a video's stem, or the name of the pictures' folder."""
    return split(home_of(clip))[1] if pictures else stem_of(clip)


def natural(name: str) -> list[tuple[int, int | str]]:
    """A key to sort by: frame2 before frame10, as a folder of pictures is read."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part)) if part.isdecimal() else (1, part.lower()) for part in parts]
