"""What all exports need of a run: safe names, classes with numbers, rows clip by clip."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from monitor.evaluation.opened import Evaluation

if TYPE_CHECKING:
    import duckdb

ANSWERS: Final = ("clean", "attacked")

_LETTERS: Final = 60
_CLIPS_AT_ONCE: Final = 64  # bounds what is in memory


def safe_name(number: int, text: str) -> str:
    """A name for a file or folder on any system: the number tells it apart, letters and digits remind.

    "clips/../Ünfall 3.mp4" with number 7 is "00007-clips-nfall-3-mp4".
    """
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return f"{number:05d}-{slug[-_LETTERS:].strip('-')}".rstrip("-")


@dataclass(frozen=True, slots=True)
class Classes:
    """A model's classes as formats count them, from 1: the model's own first, by their class id.

    Attributes
    ----------
    names : number -> name.
    unknown : name -> number of those that only the ground truth has.
    """

    names: dict[int, str]
    unknown: dict[str, int]

    def of(self, class_id: int | None, name: str) -> int:
        """The number of an object's class."""
        return self.unknown[name] if class_id is None else class_id + 1


def classes_of(run: Evaluation, connection: duckdb.DuckDBPyConnection, model: str) -> Classes:
    """Those that the manifest names, that its objects are of, and that only the ground truth has."""
    told = (run.manifest.get("classes") or {}).get(model) or ()
    names = {number: str(name) for number, name in enumerate(told, start=1)}
    of_model = "condition IN (SELECT condition FROM conditions WHERE model = $model)"
    seen = connection.execute(
        f"""SELECT clean_class_id, clean_class FROM objects WHERE {of_model}
        UNION SELECT attacked_class_id, attacked_class FROM objects WHERE {of_model}
        UNION SELECT class_id, class FROM truth WHERE {of_model}""",
        {"model": model},
    ).fetchall()
    for class_id, name in sorted(
        (row for row in seen if row[0] is not None), key=lambda row: row[0]
    ):
        names.setdefault(class_id + 1, str(name))
    others = sorted({str(name) for class_id, name in seen if class_id is None and name is not None})
    last = max(names, default=0)
    unknown = {name: number for number, name in enumerate(others, start=last + 1)}
    return Classes(names | {number: name for name, number in unknown.items()}, unknown)


def clip_by_clip(
    connection: duckdb.DuckDBPyConnection, sql: str, condition: int, clips: Sequence[int]
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """(clip, its rows) of a query, for every clip in rising order, also for those without a row.

    Parameters
    ----------
    connection : `monitor.evaluation.query.connected`.
    sql : a query with a column `clip` and the parameters $condition, $first and $last (clips).
    condition : its number.
    clips : their numbers, rising.
    """
    for at in range(0, len(clips), _CLIPS_AT_ONCE):
        some = clips[at : at + _CLIPS_AT_ONCE]
        bounds = {"condition": condition, "first": some[0], "last": some[-1]}
        found = connection.sql(sql, params=bounds).to_arrow_table()
        rows: dict[int, list[dict[str, Any]]] = {clip: [] for clip in some}
        for row in found.to_pylist():
            if row["clip"] in rows:
                rows[row["clip"]].append(row)
        yield from rows.items()


def boxes_sql(answer: str) -> str:
    """The query of one answer's boxes, for `clip_by_clip`."""
    track = "track_id" if answer == "clean" else "attacked_track_id"
    return f"""SELECT clip, frame, {answer}_class_id AS class_id, {answer}_class AS class,
        {answer}_score AS score, {track} AS track_id,
        {answer}_x0_px AS x0, {answer}_y0_px AS y0, {answer}_x1_px AS x1, {answer}_y1_px AS y1
        FROM objects
        WHERE condition = $condition AND clip BETWEEN $first AND $last
            AND {answer}_class_id IS NOT NULL
        ORDER BY clip, frame, {answer}_index"""


TRUTH_SQL: Final = """SELECT clip, frame, class_id, class, identity AS track_id,
    x0_px AS x0, y0_px AS y0, x1_px AS x1, y1_px AS y1
    FROM truth WHERE condition = $condition AND clip BETWEEN $first AND $last
    ORDER BY clip, frame, number"""

FRAMES_SQL: Final = """SELECT clip, index AS frame FROM frames
    WHERE condition = $condition AND clip BETWEEN $first AND $last ORDER BY clip, frame"""


def box(row: dict[str, Any]) -> tuple[float, float, float, float]:
    """(left, top, width, height), px."""
    return row["x0"], row["y0"], row["x1"] - row["x0"], row["y1"] - row["y0"]
