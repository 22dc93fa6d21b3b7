"""Ground truth from YOLO text: a file of lines a picture, or a frame of a video."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Final

import supervision as sv
import yaml

from monitor.errors import RunError
from monitor.evaluation.storage import Storage
from monitor.evaluation.truth.boxes import (
    WITHOUT,
    Medium,
    Size,
    Thing,
    as_detections,
    first_number,
    unnumbered,
)
from monitor.evaluation.truth.places import NUMBERED, beside_pictures, parent
from streams.naming import one_line, without_credentials

NAME_FILES: Final = ("data.yaml", "data.yml", "obj.names", "classes.txt", "classes.names")
"""Where the classes' names stand, in the labels' folder or above it; the first that is there counts."""

_FOLDERS: Final = 4  # that are looked through for names, from the labels' own on
_BEYOND: Final = 0.5  # shares of the picture; a box that sticks out further was not meant in shares


class YoloTruth:
    """Labels of a clip, each file read when its frame is asked for. A `Truth`.

    A file that is there and empty is a frame without objects; a frame without a file is not annotated.

    Parameters
    ----------
    folder : of the labels.
    files : index of the frame -> name of its file.
    names : class id -> name; others are called "class 7".
    """

    def __init__(self, folder: Storage, files: Mapping[int, str], names: Mapping[int, str]) -> None:
        self._folder = folder
        self._files = dict(files)
        self._names = dict(names)

    def at(self, index: int, size: Size) -> sv.Detections | None:
        """See `Truth.at`."""
        name = self._files.get(index)
        if name is None:
            return None
        content = self._folder.read(name)
        things = list(yolo_things(content, self._names, f"{self._folder.url}/{name}"))
        return as_detections(things, size, identified=False)


def yolo_things(content: bytes, names: Mapping[int, str], origin: str) -> Iterator[Thing]:
    """The objects of one file, line by line.

    A line is `class x y width height`, the box's middle and size in shares of the picture (a further number,
    a detector's score, is not looked at), or `class x1 y1 x2 y2 x3 y3 ...`, the corners of an outline.

    Raises
    ------
    RunError : a line is something else.
    """
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), start=1):
        if words := line.split():
            try:
                yield _thing(words, names)
            except ValueError as error:
                raise RunError(
                    f"{without_credentials(origin)}, line {number}: {one_line(str(error))}; YOLO text has a "
                    f"class and x, y, width, height in shares of the picture; {WITHOUT}"
                ) from None


def _thing(words: list[str], names: Mapping[int, str]) -> Thing:
    label, values = int(words[0]), [float(word) for word in words[1:]]
    if len(values) in (4, 5):
        x, y, width, height = values[:4]
        if width < 0 or height < 0:
            raise ValueError("a negative width or height")
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    elif len(values) >= 6 and len(values) % 2 == 0:
        box = (min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2]))
    else:
        raise ValueError(f"{len(values)} numbers behind the class, not 4")
    if label < 0:
        raise ValueError("a negative class")
    if not all(isfinite(v) and -_BEYOND <= v <= 1 + _BEYOND for v in box):
        raise ValueError("a box far outside the picture")
    return Thing(*box, label, names.get(label, f"class {label}"))


def read_yolo(folder: Storage, medium: Medium) -> YoloTruth:
    """The labels of a clip.

    Of pictures: NAME.txt for NAME.jpg. Of a video: STEM_000012.txt; in a folder where no file begins with the
    video's name, any that end in a number. Numbers count from 0 where there is a 0, from 1 where the least
    is 1.

    Parameters
    ----------
    folder : of the labels.
    medium : the clip.

    Raises
    ------
    RunError : none of the files is about this clip, two are about the same frame, or nobody can tell whether
        they count from 0.
    """
    there = [name for name in folder.names() if name.lower().endswith(".txt")]
    if medium.pictures is not None:
        files = beside_pictures(medium.pictures, there, ".txt")
    else:
        files = _numbered(folder, there, medium)
    if not files:
        raise RunError(
            f"{without_credentials(folder.url)}: no labels of {one_line(medium.stem)} there; they are called "
            + (
                "like its pictures"
                if medium.pictures is not None
                else f"{one_line(medium.stem)}_000000.txt"
            )
            + "; or go without ground truth (--truth none)"
        )
    return YoloTruth(folder, files, class_names(folder))


def _numbered(folder: Storage, there: list[str], medium: Medium) -> dict[int, str]:
    found = of_video(there, medium.stem, strict=medium.strict)
    if not found:
        return {}
    shown = without_credentials(folder.url)
    first = first_number([number for number, _ in found], medium.first)
    if first is None:
        raise RunError(unnumbered(shown, min(number for number, _ in found)))
    files: dict[int, str] = {}
    for number, name in found:
        index = number - first
        if index in files:
            raise RunError(
                f"{shown}: {one_line(files[index])} and {one_line(name)} are about the same frame; take "
                "one away"
            )
        files[index] = name
    return files


def of_video(names: list[str], stem: str, *, strict: bool = False) -> list[tuple[int, str]]:
    """Frame numbers and names of the label files of a video, among all of a folder.

    Parameters
    ----------
    names : of files.
    stem : of the video.
    strict : leave out what does not begin with its name.
    """
    found = [
        (int(match["number"]), name, match["before"])
        for name in names
        if name not in NAME_FILES and (match := NUMBERED.match(name))
    ]
    # The whole name has to stand there: clip_1_000.txt is of clip_1, not of clip.
    mine = [(number, name) for number, name, before in found if before in beginnings(stem)]
    if mine or strict:
        return mine
    return [(number, name) for number, name, _ in found]


def beginnings(stem: str) -> tuple[str, ...]:
    """What stands before the number in the names of a video's labels."""
    return tuple(stem + sign for sign in ("_", "-", ".", "_frame_", "_frame"))


def class_names(folder: Storage) -> dict[int, str]:
    """Class id -> name, from the nearest of `NAME_FILES`, upwards from the folder; none: {}.

    Raises
    ------
    RunError : the file cannot be understood.
    """
    place = folder
    for _ in range(_FOLDERS):
        for name in NAME_FILES:
            if place.exists(name):
                return _names_in(place, name)
        above = parent(place.local.absolute().as_posix() if place.local else place.url)
        if above is None:
            break
        place = Storage(above)
    return {}


def _names_in(folder: Storage, name: str) -> dict[int, str]:
    text = folder.read(name).decode("utf-8-sig", errors="replace")
    if not name.endswith((".yaml", ".yml")):
        return dict(enumerate(line.strip() for line in text.splitlines() if line.strip()))
    try:
        content = yaml.safe_load(text)
        names = content.get("names", {}) if isinstance(content, dict) else {}
        pairs = names.items() if isinstance(names, dict) else enumerate(names)
        return {int(number): str(one) for number, one in pairs}
    except (yaml.YAMLError, ValueError, TypeError) as error:
        reason = " ".join(one_line(str(error).replace("\n", " ")).split())
        raise RunError(
            f"{without_credentials(f'{folder.url}/{name}')}: no class names can be read there "
            f"({reason}); {WITHOUT}"
        ) from None
