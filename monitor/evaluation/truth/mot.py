"""Ground truth from MOT text: gt.txt of the MOT Challenge.

Source: Milan et al. 2016, MOT16: A Benchmark for Multi-Object Tracking, section 3.3 and table 6.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from monitor.errors import RunError
from monitor.evaluation.storage import Storage
from monitor.evaluation.truth.boxes import UNKNOWN, WITHOUT, FrameTable, Medium
from streams.naming import one_line, without_credentials

PERSON: Final = 1
"""The class of a line without one; "person" where no labels file says otherwise."""

LABELS: Final = ("labels.txt", "obj.names", "classes.txt")
"""Files beside gt.txt with the classes' names, one a line, the first for class 1."""

Rows = npt.NDArray[np.float64]
"""Of a file: frame, identity, x, y, width, height, whether it counts, class."""

_X, _COUNTS, _CLASS, _WIDTH = 2, 6, 7, 8
_FEWEST, _MOST = 6, 10
_LARGEST = 2**53  # beyond, a float is no whole number any more
_WITH_CLASS: Final = (8, 9)  # ten columns are MOT15's, whose last three are a place in the world


def read_mot(folder: Storage, name: str, medium: Medium) -> FrameTable:
    """Read a file of lines `frame, identity, x, y, width, height, consider, class, visibility`.

    Frames count from 1; x and y are of the left upper corner in pixels of the medium. `consider` 0 marks what
    is not to be counted; it is left out. Fewer columns, down to the first six, will do, and so will the ten
    of MOT15: then all are of class 1. Every frame counts as annotated: one without a line is empty. Where
    the frames are pictures named by numbers from 1 on (000301.jpg), those numbers count, else their order.

    Parameters
    ----------
    folder, name : where the file lies.
    medium : the clip.

    Raises
    ------
    RunError : a line that cannot be understood; it is named.
    """
    content = folder.read(name).removeprefix(b"\xef\xbb\xbf")
    rows = fast_rows(content)
    if rows is None:
        rows = plain_rows(content, without_credentials(f"{folder.url}/{name}"))
    rows = rows[rows[:, _COUNTS] != 0]
    corners = rows[:, _X : _X + 4].copy()
    corners[:, 2:] += corners[:, :2]
    return FrameTable(
        _indexes(rows[:, 0].astype(np.int64), medium),
        corners / np.array(medium.size * 2),
        rows[:, _CLASS].astype(np.int64),
        np.maximum(rows[:, 1].astype(np.int64), UNKNOWN),
        {PERSON: "person", **_names(folder)},
    )


def fast_rows(content: bytes) -> Rows | None:
    """The same as `plain_rows`, by Arrow: a million lines in a second; None where it takes the other to tell.

    That is whatever is not quite regular: spaces between values, lines of different lengths, a broken value.
    """
    if not content.strip():
        return np.empty((0, _WIDTH))
    count = content.lstrip().partition(b"\n")[0].count(b",") + 1
    if not _FEWEST <= count <= _MOST:
        return None
    names = [str(place) for place in range(count)]
    try:
        table = csv.read_csv(
            io.BytesIO(content),
            csv.ReadOptions(column_names=names, use_threads=False),
            csv.ParseOptions(quote_char=False),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.float64()), null_values=[], check_utf8=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    read = np.column_stack([table[name].to_numpy() for name in names])
    return _checked(read) if _sound(read).all() else None


def plain_rows(content: bytes, shown: str) -> Rows:
    """Frame, identity, x, y, width, height, whether it counts, and class, line by line.

    Parameters
    ----------
    content : of the file.
    shown : its name, for the error's line.

    Raises
    ------
    RunError : a line that cannot be understood; it is named.
    """
    rows: list[Rows] = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        words = line.split(",") if "," in line else line.split()
        if not words:
            continue
        try:
            rows.append(_read(words))
        except ValueError as error:
            raise RunError(
                f"{shown}, line {number}: {one_line(str(error))}; MOT text has frame, id, x, y, width, "
                f"height, consider, class, visibility; {WITHOUT}"
            ) from None
    return np.concatenate(rows) if rows else np.empty((0, _WIDTH))


def _read(words: list[str]) -> Rows:
    if not _FEWEST <= len(words) <= _MOST:
        raise ValueError(f"{len(words)} values, not {_FEWEST} to {_MOST}")
    values = np.array([[float(word) for word in words]])
    if not np.isfinite(values).all():
        raise ValueError("a value is no finite number")
    if not _sound(values).all():
        if (values[0, 4:6] < 0).any():
            raise ValueError("a negative width or height")
        raise ValueError(
            f"frame {words[0].strip()}, id {words[1].strip()}: frames are whole numbers from 1, and no "
            "number is beyond 2^53"
        )
    return _checked(values)


def _sound(values: Rows) -> npt.NDArray[np.bool_]:
    frame = values[:, 0]
    known = np.isfinite(values).all(axis=1) & (np.abs(values) < _LARGEST).all(axis=1)
    sound: npt.NDArray[np.bool_] = known & (frame >= 1) & (frame == np.floor(frame))
    return sound & (values[:, 4:6] >= 0).all(axis=1)


def _checked(values: Rows) -> Rows:
    """The columns that count, with what stands for those that a file has not."""
    rows = np.full((len(values), _WIDTH), float(PERSON))
    count = min(values.shape[1], 7)
    rows[:, :count] = values[:, :count]
    if values.shape[1] in _WITH_CLASS:
        rows[:, _CLASS] = np.where(values[:, 7] == UNKNOWN, PERSON, values[:, 7])
    return rows


def _indexes(
    frames: np.ndarray[tuple[int], np.dtype[np.int64]], medium: Medium
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Frame numbers of the file -> indexes of the clip; -1 for those that the clip has not."""
    stems = [name.rpartition(".")[0] for name in medium.pictures or ()]
    if not stems or not all(stem.isascii() and stem.isdigit() for stem in stems):
        return frames - 1
    numbers = [int(stem) for stem in stems]
    if min(numbers) < 1:
        return frames - 1
    places = {number: index for index, number in enumerate(numbers)}
    return np.array([places.get(int(frame), -1) for frame in frames], dtype=np.int64)


def _names(folder: Storage) -> dict[int, str]:
    for name in LABELS:
        if folder.exists(name):
            lines = folder.read(name).decode("utf-8-sig", errors="replace").splitlines()
            return {i: line.strip() for i, line in enumerate(lines, start=1) if line.strip()}
    return {}
