"""COCO JSON: images and ground truth as a data set, either answer as a list of results.

Source: Lin et al. 2014, Microsoft COCO; the formats as cocodataset.org describes them, with "videos" and
"track_id" as the video data sets built on it have them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.evaluation.exports.rows import (
    ANSWERS,
    FRAMES_SQL,
    TRUTH_SQL,
    Classes,
    box,
    boxes_sql,
    classes_of,
    clip_by_clip,
    safe_name,
)
from monitor.evaluation.opened import Evaluation
from monitor.evaluation.query import connected

if TYPE_CHECKING:
    import duckdb

TRUTH_FILE: Final = "ground_truth.json"


def write_coco(run: Evaluation, folder: Path) -> None:
    """A folder for each condition with `ground_truth.json`, `clean.json` and `attacked.json`.

    The first is a data set: videos (the clips), images (their frames; `frame_index` from 0), categories
    (class id + 1) and the ground truth as annotations, none where there is none. The others are lists of
    results with scores, as `COCO.loadRes` reads them, with `track_id` where a box is followed. A frame has
    one image id in all conditions. There are no pictures: `file_name` is what a frame would be called.
    """
    clips = run.clips().to_pylist()
    with connected(run) as connection:
        first_ids = _first_ids(connection, clips)
        for condition in run.conditions().to_pylist():
            place = folder / safe_name(condition["condition"], condition["name"])
            place.mkdir()
            classes = classes_of(run, connection, condition["model"])
            source = _Source(connection, condition["condition"], clips, first_ids, classes)
            head = {
                "info": {"description": f"{run.name}: {condition['name']}"},
                "videos": [
                    {
                        "id": row["clip"] + 1,
                        **{key: row[key] for key in ("name", "width", "height")},
                    }
                    for row in clips
                ],
                "categories": [{"id": id_, "name": name} for id_, name in classes.names.items()],
            }
            with (place / TRUTH_FILE).open("w", encoding="utf-8") as file:
                file.write(json.dumps(head, ensure_ascii=False)[:-1])
                file.write(', "images": ')
                file.writelines(_array(source.images()))
                file.write(', "annotations": ')
                file.writelines(_array(source.annotations()))
                file.write("}\n")
            for answer in ANSWERS:
                with (place / f"{answer}.json").open("w", encoding="utf-8") as file:
                    file.writelines(_array(source.results(answer)))
                    file.write("\n")


class _Source:
    """One condition's entries."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        condition: int,
        clips: list[dict[str, Any]],
        first_ids: Mapping[int, int],
        classes: Classes,
    ) -> None:
        self._connection = connection
        self._condition = condition
        self._clips = {int(row["clip"]): row for row in clips}
        self._first_ids = first_ids
        self._classes = classes

    def images(self) -> Iterator[dict[str, Any]]:
        for clip, row in self._rows(FRAMES_SQL):
            held = self._clips[clip]
            yield {
                "id": self._first_ids[clip] + row["frame"],
                "video_id": clip + 1,
                "frame_index": row["frame"],
                "file_name": f"{safe_name(clip, held['name'])}/{row['frame']:06d}.png",
                "width": held["width"],
                "height": held["height"],
            }

    def annotations(self) -> Iterator[dict[str, Any]]:
        for number, (clip, row) in enumerate(self._rows(TRUTH_SQL), start=1):
            _, _, width, height = box(row)
            yield {"id": number, **self._thing(clip, row), "area": width * height, "iscrowd": 0}

    def results(self, answer: str) -> Iterator[dict[str, Any]]:
        for clip, row in self._rows(boxes_sql(answer)):
            yield {**self._thing(clip, row), "score": row["score"]}

    def _thing(self, clip: int, row: dict[str, Any]) -> dict[str, Any]:
        thing = {
            "image_id": self._first_ids[clip] + row["frame"],
            "category_id": self._classes.of(row["class_id"], row["class"]),
            "bbox": list(box(row)),
        }
        return thing if row["track_id"] is None else {**thing, "track_id": row["track_id"]}

    def _rows(self, sql: str) -> Iterator[tuple[int, dict[str, Any]]]:
        numbers = sorted(self._clips)
        for clip, rows in clip_by_clip(self._connection, sql, self._condition, numbers):
            for row in rows:
                yield clip, row


def _first_ids(
    connection: duckdb.DuckDBPyConnection, clips: Iterable[dict[str, Any]]
) -> dict[int, int]:
    """Clip -> image id of its frame 0; ids begin with 1."""
    counts = connection.execute("SELECT clip, max(index) + 1 FROM frames GROUP BY clip").fetchall()
    frames = {int(clip): int(count) for clip, count in counts}
    first, ids = 1, {}
    for clip in sorted(int(row["clip"]) for row in clips):
        ids[clip] = first
        first += frames.get(clip, 0)
    return ids


def _array(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A JSON array, an entry a line."""
    yield "["
    for number, entry in enumerate(entries):
        yield ",\n" if number else "\n"
        yield json.dumps(entry, ensure_ascii=False, allow_nan=False)
    yield "\n]"
