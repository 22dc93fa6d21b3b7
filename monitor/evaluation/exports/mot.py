"""MOT text: a line a box, a file for each clip, condition and answer.

Source: Milan et al. 2016, MOT16: A Benchmark for Multi-Object Tracking, section 3.3 and table 6.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from monitor.evaluation.exports.rows import (
    ANSWERS,
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

LABELS: Final = "labels.txt"
NOT_FOLLOWED: Final = -1


def write_mot(run: Evaluation, folder: Path) -> None:
    """A folder for each condition, in it one for each clip: `clean.txt`, `attacked.txt` and `seqinfo.ini`.

    A line is `frame, id, x, y, width, height, score, class, -1`: frames count from 1; id is the track's, -1
    where a box is not followed; x and y are of the left upper corner, px; class is the number of a line of
    `labels.txt`, from 1. Ground truth, where there is some, is in `gt/gt.txt`, its score and last column 1.
    """
    clips = run.clips().to_pylist()
    numbers = sorted(int(row["clip"]) for row in clips)
    truth = {int(row["clip"]) for row in clips if row["truth"]}
    with connected(run) as connection:
        for condition in run.conditions().to_pylist():
            place = folder / safe_name(condition["condition"], condition["name"])
            classes = classes_of(run, connection, condition["model"])
            folders = {
                int(row["clip"]): place / safe_name(row["clip"], row["name"]) for row in clips
            }
            place.mkdir()
            _write_labels(place, classes)
            for row in clips:
                folders[row["clip"]].mkdir()
                _write_info(folders[row["clip"]], row)
            key = condition["condition"]
            for answer in ANSWERS:
                for clip, rows in clip_by_clip(connection, boxes_sql(answer), key, numbers):
                    _write(folders[clip] / f"{answer}.txt", rows, classes)
            for clip, rows in clip_by_clip(connection, TRUTH_SQL, key, numbers):
                if clip in truth:
                    (folders[clip] / "gt").mkdir()
                    _write_labels(folders[clip] / "gt", classes)
                    _write(folders[clip] / "gt" / "gt.txt", rows, classes)


def _write(file: Path, rows: Iterable[dict[str, Any]], classes: Classes) -> None:
    with file.open("w", encoding="ascii", newline="\n") as text:
        for row in rows:
            left, top, width, height = box(row)
            track = NOT_FOLLOWED if row["track_id"] is None else row["track_id"]
            label = classes.of(row["class_id"], row["class"])
            score, last = (row["score"], -1) if "score" in row else (1, 1)
            text.write(
                f"{row['frame'] + 1},{track},{left:.7g},{top:.7g},{width:.7g},{height:.7g},"
                f"{score:.6g},{label},{last}\n"
            )


def _write_labels(folder: Path, classes: Classes) -> None:
    lines = [
        " ".join(classes.names.get(number, f"class {number}").split())
        for number in range(1, max(classes.names, default=0) + 1)
    ]
    (folder / LABELS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _write_info(folder: Path, clip: dict[str, Any]) -> None:
    info = configparser.ConfigParser(interpolation=None)
    info.optionxform = str  # type: ignore[assignment, method-assign]
    info["Sequence"] = {
        "name": " ".join(str(clip["name"]).split()),
        **({} if clip["fps"] is None else {"frameRate": f"{clip['fps']:g}"}),
        "seqLength": str(clip["frames"]),
        "imWidth": str(clip["width"]),
        "imHeight": str(clip["height"]),
    }
    with (folder / "seqinfo.ini").open("w", encoding="utf-8") as file:
        info.write(file, space_around_delimiters=False)
