"""An evaluation's tables as numpy columns, one `Cell` a condition."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from monitor.errors import RunError
from monitor.evaluation.opened import Evaluation
from monitor.evaluation.tables import TABLES

Column = npt.NDArray[Any]
Columns = Mapping[str, Column]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OUTCOMES: Final = ("kept", "relabelled", "missed", "fabricated")
KEPT, RELABELLED, MISSED, FABRICATED = range(4)
ABSENT: Final = -1
"""Stands for null in columns of whole numbers."""

EDGES: Final = ("x0", "y0", "x1", "y1")

_FRAMES: Final = (
    "clip",
    "condition",
    "index",
    "media_time_s",
    "clean_count",
    "success",
    "forwards",
    "backwards",
    "queries",
)
_ANSWERS: Final = ("clean", "attacked")
_OBJECTS: Final = (
    "clip",
    "condition",
    "frame",
    "outcome",
    "clean_class",
    "score_drop",
    "centre_shift_px",
    "track_id",
    *(
        f"{answer}_{name}"
        for answer in _ANSWERS
        for name in ("index", "class_id", "score", *(f"{edge}_px" for edge in EDGES))
    ),
)
_TRUTH: Final = (
    "clip",
    "condition",
    "frame",
    "identity",
    "class",
    "class_id",
    *(f"{edge}_px" for edge in EDGES),
    *(f"{answer}_{name}" for answer in _ANSWERS for name in ("index", "class_id")),
)
_TRACKS: Final = (
    "clip",
    "condition",
    "made_up",
    "switches",
    *(
        f"{name}_{unit}"
        for name in ("time_to_loss", "time_to_recovery", "longest_gap")
        for unit in ("frames", "s")
    ),
)
_READ: Final = {"frames": _FRAMES, "objects": _OBJECTS, "truth": _TRUTH, "tracks": _TRACKS}
_FRAME_BITS: Final = 40  # of a key; clips have the bits above


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip as the figures need it.

    Attributes
    ----------
    number : in the tables.
    name : told from all others.
    fps : frames a second; None: not stated.
    truth : it has ground truth.
    """

    number: int
    name: str
    fps: float | None
    truth: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """What one condition left, frames in the order of clips and time.

    Null is `ABSENT` in whole numbers and NaN in others. In `objects` and `truth`, `row` is the position of
    the frame in `frames`, and classes are positions in `classes`.

    Attributes
    ----------
    row : of conditions.parquet.
    frames, objects, truth, tracks : name -> column.
    classes : all names that occur in the evaluation, the models' own first.
    clips : by number.
    """

    row: dict[str, Any]
    frames: Columns
    objects: Columns
    truth: Columns
    tracks: Columns
    classes: tuple[str, ...]
    clips: Mapping[int, Clip]

    @property
    def number(self) -> int:
        """Of the condition."""
        return int(self.row["condition"])

    @property
    def count(self) -> int:
        """Frames."""
        return len(self.frames["index"])

    @property
    def clean(self) -> Bools:
        """Of the objects, those of the clean answer."""
        found: Bools = self.objects["outcome"] != FABRICATED
        return found

    @property
    def known(self) -> Bools:
        """Of the true objects, those of a class that the model knows."""
        found: Bools = self.truth["class_id"] != ABSENT
        return found

    def found(self, answer: str) -> Bools:
        """Of the true objects, those that an answer ("clean", "attacked") has with their own class."""
        label = self.truth[f"{answer}_class_id"]
        found: Bools = self.known & (label == self.truth["class_id"])
        return found

    def with_truth(self) -> Bools:
        """Of the frames, those of clips with ground truth."""
        marked = [number for number, clip in self.clips.items() if clip.truth]
        found: Bools = np.isin(self.frames["clip"], marked)
        return found

    def times(self) -> Floats:
        """Seconds of each frame in its clip: as recorded, else by the clip's rate; NaN: no clock."""
        seconds: Floats = self.frames["media_time_s"].copy()
        unknown = np.isnan(seconds)
        if unknown.any():
            numbers, position = np.unique(self.frames["clip"], return_inverse=True)
            rates = np.array([self.clips[int(each)].fps or np.nan for each in numbers])
            seconds[unknown] = (self.frames["index"] / rates[position])[unknown]
        return seconds


def read_clips(run: Evaluation) -> dict[int, Clip]:
    """The clips by number; of equal names the later ones are counted, " (2)" and on."""
    found: dict[int, Clip] = {}
    seen: dict[str, int] = {}
    for row in run.clips().to_pylist():
        name = row["name"]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            name = f"{name} ({seen[name]})"
        rate = row["fps"] if row["fps"] and row["fps"] > 0 else None
        found[row["clip"]] = Clip(row["clip"], name, rate, bool(row["truth"]))
    return found


def read_cell(run: Evaluation, row: Mapping[str, Any], clips: Mapping[int, Clip]) -> Cell:
    """One condition; what is in memory is its rows and one part of a table.

    Parameters
    ----------
    row : of conditions.parquet.
    clips : see `read_clips`.

    Raises
    ------
    RunError : a table is damaged, or has rows of a frame or clip that is not there.
    """
    tables = {name: _table(run, name, columns, row["condition"]) for name, columns in _READ.items()}
    classes = _classes(run, tables["objects"]["clean_class"], tables["truth"]["class"])
    named = {name: _columns(table, classes) for name, table in tables.items()}
    frames = named["frames"]
    if not np.isin(np.unique(frames["clip"]), list(clips)).all():
        raise RunError(f"{run.storage.url}: damaged: frames of a clip that clips.parquet lacks")
    order = np.argsort(_keys(frames["clip"], frames["index"]), kind="stable")
    frames = {name: column[order] for name, column in frames.items()}
    for name in ("objects", "truth"):
        named[name]["row"] = _rows(run, name, named[name], frames)
    return Cell(
        dict(row), frames, named["objects"], named["truth"], named["tracks"], classes, clips
    )


def read_cells(run: Evaluation) -> Iterator[Cell]:
    """All conditions, in order, one after the other; see `read_cell`."""
    clips = read_clips(run)
    for row in run.conditions().to_pylist():
        yield read_cell(run, row, clips)


def boxes(columns: Columns, chosen: Column, prefix: str = "") -> Floats:
    """Corners (n, 4) xyxy in pixels of the chosen rows; `prefix` is "clean_", "attacked_" or nothing."""
    return np.stack([columns[f"{prefix}{edge}_px"][chosen] for edge in EDGES], axis=1)


def areas(columns: Columns, prefix: str = "") -> Floats:
    """Of the boxes of all rows, square pixels."""
    left, top, right, bottom = (columns[f"{prefix}{edge}_px"] for edge in EDGES)
    area: Floats = (right - left) * (bottom - top)
    return area


def _table(run: Evaluation, name: str, columns: Sequence[str], condition: int) -> pa.Table:
    """The rows of one condition, part by part: all conditions of 10,000 clips need not fit into memory."""
    schema = pa.schema([TABLES[name].field(column) for column in columns])
    found = [schema.empty_table()]
    for part in run.parts(name):
        file = f"{name}/{part}"
        content = io.BytesIO(run.storage.read(file))
        try:
            table = pq.read_table(
                content, columns=list(columns), filters=[("condition", "=", condition)]
            )
            found.append(table.select(list(columns)).cast(schema))
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise RunError(
                f"{run.storage.url}/{file}: damaged, or not of this version: {str(error).splitlines()[0]}"
            ) from error
    return pa.concat_tables(found)


def _classes(run: Evaluation, *columns: pa.ChunkedArray) -> tuple[str, ...]:
    own = [name for names in run.manifest.get("classes", {}).values() for name in names]
    other = {name for column in columns for name in pc.unique(column).to_pylist()} - {None}
    return tuple(dict.fromkeys([*own, *sorted(other)]))


def _columns(table: pa.Table, classes: Sequence[str]) -> dict[str, Column]:
    return {name: _column(name, table[name], classes) for name in table.column_names}


def _column(name: str, values: pa.ChunkedArray, classes: Sequence[str]) -> Column:
    if pa.types.is_string(values.type):
        known = OUTCOMES if name == "outcome" else classes
        values = pc.index_in(values, value_set=pa.array(known, pa.string()))
    if pa.types.is_floating(values.type):
        return np.asarray(values.to_numpy(), dtype=np.float64)  # null becomes NaN
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    return np.asarray(pc.fill_null(values, ABSENT).to_numpy(), dtype=np.int64)


def _keys(clip: Column, frame: Column) -> Ints:
    return (clip.astype(np.int64) << _FRAME_BITS) | frame.astype(np.int64)


def _rows(run: Evaluation, name: str, columns: Columns, frames: Columns) -> Ints:
    keys = _keys(frames["clip"], frames["index"])
    wanted = _keys(columns["clip"], columns["frame"])
    rows = np.searchsorted(keys, wanted)
    inside = rows < len(keys)
    if not (inside.all() and (keys[rows] == wanted).all()):
        raise RunError(
            f"{run.storage.url}/{name}: damaged: rows of a frame that the table frames lacks; evaluate again"
        )
    return rows.astype(np.int64)
