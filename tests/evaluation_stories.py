"""Evaluations written down without a model: synthetic tables of any size, for tests of what reads them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from monitor.evaluation.opened import KIND, MANIFEST, SCHEMA
from monitor.evaluation.storage import Storage
from monitor.evaluation.tables import LISTS, TABLES

CLASSES = ("stop", "give way", "no entry")
BUDGETS = (0.0, 1 / 255, 2 / 255, 4 / 255)


@dataclass(frozen=True)
class Story:
    """What the synthetic evaluation is like.

    Attributes
    ----------
    clips, frames : how many clips, and frames of each.
    budgets : eps of the conditions, all of model "signs", attack "pgd" under linf.
    objects : a frame, each followed over the whole clip, of class i % 3, its box growing frame by frame.
    miss : eps -> the chance that an object is missed.
    truth : write ground truth as well (the objects themselves, and one more that the model never finds).
    seed : of all draws.
    """

    clips: int = 2
    frames: int = 50
    budgets: tuple[float, ...] = BUDGETS[1:]
    objects: int = 3
    miss: dict[float, float] = field(
        default_factory=lambda: {1 / 255: 0.1, 2 / 255: 0.4, 4 / 255: 0.9}
    )
    relabel: float = 0.02
    fabricate: float = 0.05
    truth: bool = True
    width: int = 640
    height: int = 360
    fps: float = 25.0
    seed: int = 0
    changes: dict[str, Any] = field(default_factory=dict)
    """Of the manifest."""


def write_story(folder: Path, story: Story = Story()) -> Path:
    """Write the evaluation and return its folder; it has no summary and no report yet."""
    storage = Storage(str(folder))
    rows = {name: [] for name in TABLES}
    for clip in range(story.clips):
        for condition, eps in enumerate(story.budgets):
            for name, table in _cell(story, clip, condition, eps).items():
                rows[name].append(table)
    for name, tables in rows.items():
        _put(storage, f"{name}/part-00000.parquet", pa.concat_tables(tables))
    _put(storage, "clips.parquet", _clips(story))
    _put(storage, "conditions.parquet", _conditions(story))
    storage.write_json(MANIFEST, _manifest(folder, story))
    return folder


def _put(storage: Storage, name: str, table: pa.Table) -> None:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    storage.write(name, sink.getvalue())


def _filled(name: str, columns: dict[str, Any], count: int) -> pa.Table:
    """The columns given, and a null or a zero where the schema wants more."""
    schema = TABLES.get(name) or LISTS[name]
    arrays = []
    for one in schema:
        values = columns.get(one.name)
        if values is None:
            zero = pa.scalar(None if one.nullable else _ZERO.get(str(one.type), 0), one.type)
            arrays.append(pa.repeat(zero, count))
        else:
            arrays.append(pa.array(values, one.type, from_pandas=True))
    return pa.table(arrays, schema=schema)


_ZERO = {"string": "", "bool": False, "double": 0.0}


def _cell(story: Story, clip: int, condition: int, eps: float) -> dict[str, pa.Table]:
    # The same clean scores in every condition of a clip: what a model found does not depend on the attack.
    clean_rng = np.random.default_rng((story.seed, clip))
    rng = np.random.default_rng((story.seed, clip, condition, 7))
    count, each = story.frames, story.objects
    total = count * each
    frame = np.repeat(np.arange(count), each)
    number = np.tile(np.arange(each), count)
    label = number % len(CLASSES)
    clean_score = clean_rng.uniform(0.6, 0.99, total)
    missed = rng.random(total) < story.miss.get(eps, 0.0)
    other = ~missed & (rng.random(total) < story.relabel)
    attacked_label = np.where(other, (label + 1) % len(CLASSES), label)
    attacked_score = np.clip(clean_score - rng.uniform(0, 0.2, total), 0.05, 1)
    side = 12 + 60 * frame / max(count - 1, 1) + 4 * number
    x0, y0 = 40 + 150.0 * number, 60 + 20.0 * number
    box = {"x0": x0, "y0": y0, "x1": x0 + side, "y1": y0 + side}
    made = np.flatnonzero(rng.random(count) < story.fabricate)
    outcome = np.where(missed, "missed", np.where(other, "relabelled", "kept"))
    order = np.cumsum(~missed.reshape(count, each), axis=1).ravel() - 1
    found = (~missed).reshape(count, each).sum(1)

    def hidden(values: Any) -> np.ma.MaskedArray[Any, Any]:
        return np.ma.masked_array(values, missed)

    names = np.array(CLASSES)
    clean = {
        "clean_index": number,
        "clean_class_id": label,
        "clean_class": names[label],
        "clean_score": clean_score,
        **{f"clean_{edge}_px": values for edge, values in box.items()},
    }
    attacked = {
        "attacked_index": hidden(order),
        "attacked_class_id": hidden(attacked_label),
        "attacked_class": hidden(names[attacked_label]),
        "attacked_score": hidden(attacked_score),
        **{f"attacked_{edge}_px": hidden(values + 1) for edge, values in box.items()},
    }
    drop = np.where(missed, clean_score, clean_score - attacked_score)
    objects = {
        "clip": np.full(total, clip),
        "condition": np.full(total, condition),
        "frame": frame,
        "outcome": outcome,
        **clean,
        **attacked,
        "iou": hidden(np.full(total, 0.9)),
        "centre_shift_px": hidden(np.full(total, 1.41)),
        "score_drop": drop,
        "track_id": number + 1,
        "attacked_track_id": hidden(number + 1),
    }
    fabricated = {
        "clip": np.full(len(made), clip),
        "condition": np.full(len(made), condition),
        "frame": made,
        "outcome": np.full(len(made), "fabricated"),
        "attacked_index": found[made],
        "attacked_class_id": np.zeros(len(made), int),
        "attacked_class": np.full(len(made), CLASSES[0]),
        "attacked_score": np.full(len(made), 0.6),
        **{f"attacked_{edge}_px": np.full(len(made), value) for edge, value in _CORNER.items()},
    }
    table = pa.concat_tables(
        [
            _filled("objects", _plain(objects), total),
            _filled("objects", _plain(fabricated), len(made)),
        ]
    )
    # Within a frame the clean objects come first, then the made-up ones.
    table = table.take(pa.array(np.argsort(np.concatenate([frame, made]), kind="stable")))
    per_frame = {
        "clip": np.full(count, clip),
        "condition": np.full(count, condition),
        "index": np.arange(count),
        "media_time_s": np.arange(count) / story.fps,
        "clean_count": np.full(count, each),
        "attacked_count": found + np.bincount(made, minlength=count),
        "kept": (outcome == "kept").reshape(count, each).sum(1),
        "relabelled": other.reshape(count, each).sum(1),
        "missed": missed.reshape(count, each).sum(1),
        "fabricated": np.bincount(made, minlength=count),
        "success": missed.reshape(count, each).all(1),
        "forwards": np.full(count, 12),
        "backwards": np.full(count, 10),
        "linf": np.full(count, eps),
    }
    truth = {
        **{key: objects[key] for key in ("clip", "condition", "frame")},
        "number": number,
        "identity": number,
        "class": names[label],
        "class_id": label,
        **{f"{edge}_px": values for edge, values in box.items()},
        **{key: clean[key] for key in ("clean_index", "clean_class_id", "clean_score")},
        "clean_iou": np.full(total, 0.95),
        **{key: attacked[key] for key in ("attacked_index", "attacked_class_id", "attacked_score")},
        "attacked_iou": hidden(np.full(total, 0.9)),
    }
    never = {
        "clip": np.full(count, clip),
        "condition": np.full(count, condition),
        "frame": np.arange(count),
        "number": np.full(count, each),
        "identity": np.full(count, each),
        "class": np.full(count, CLASSES[0]),
        "class_id": np.zeros(count, int),
        **{f"{edge}_px": np.full(count, value) for edge, value in _CORNER.items()},
    }
    truths = pa.concat_tables(
        [_filled("truth", _plain(truth), total), _filled("truth", _plain(never), count)]
    )
    truths = truths.take(
        pa.array(np.argsort(np.concatenate([frame, np.arange(count)]), kind="stable"))
    )
    by_track = missed.reshape(count, each)
    tracks = {
        "clip": np.full(each, clip),
        "condition": np.full(each, condition),
        "track_id": np.arange(each) + 1,
        "class_id": np.arange(each) % len(CLASSES),
        "class": names[np.arange(each) % len(CLASSES)],
        "last_frame": np.full(each, count - 1),
        "frames": np.full(each, count),
        "missed": by_track.sum(0),
        "switches": np.zeros(each, int),
        "longest_gap_frames": [_longest(by_track[:, i]) for i in range(each)],
        "longest_gap_s": [_longest(by_track[:, i]) / story.fps for i in range(each)],
    }
    return {
        "frames": _filled("frames", per_frame, count),
        "objects": table,
        "truth": truths if story.truth else truths.slice(0, 0),
        "tracks": _filled("tracks", tracks, each),
    }


_CORNER = {"x0": 600.0, "y0": 320.0, "x1": 620.0, "y1": 345.0}


def _plain(columns: dict[str, Any]) -> dict[str, Any]:
    """Masked arrays as Arrow arrays with nulls."""
    return {
        name: pa.array(values.data, mask=np.ma.getmaskarray(values))
        if isinstance(values, np.ma.MaskedArray)
        else values
        for name, values in columns.items()
    }


def _longest(lost: np.ndarray[Any, Any]) -> int:
    longest = run = 0
    for one in lost:
        run = run + 1 if one else 0
        longest = max(longest, run)
    return longest


def _clips(story: Story) -> pa.Table:
    count = story.clips
    return _filled(
        "clips",
        {
            "clip": range(count),
            "name": [f"clip-{i}.mp4" for i in range(count)],
            "frames": [story.frames] * count,
            "width": [story.width] * count,
            "height": [story.height] * count,
            "fps": [story.fps] * count,
            "truth": ["truth.json" if story.truth else ""] * count,
            "sha256": [f"{i:064x}" for i in range(count)],
        },
        count,
    )


def _conditions(story: Story) -> pa.Table:
    count = len(story.budgets)
    text = [f"{round(eps * 255)}/255" for eps in story.budgets]
    return _filled(
        "conditions",
        {
            "condition": range(count),
            "name": [f"signs, pgd linf {each}" for each in text],
            "model": ["signs"] * count,
            "attack": ["pgd"] * count,
            "knowledge": ["white-box"] * count,
            "goal": ["vanish"] * count,
            "norm": ["linf"] * count,
            "eps": story.budgets,
            "eps_text": text,
            "faults": [""] * count,
            "seed": [0] * count,
        },
        count,
    )


def _manifest(folder: Path, story: Story) -> dict[str, Any]:
    return {
        "kind": KIND,
        "schema": SCHEMA,
        "status": "finished",
        "name": folder.name,
        "started_utc": "2026-01-31T12:00:00+00:00",
        "finished_utc": "2026-01-31T13:00:00+00:00",
        "suite": {"name": "story", "about": "", "criteria": [], "hold_frames": 5},
        "classes": {"signs": list(CLASSES)},
        "weights": {"signs": "ab" * 32},
        "settings": {
            "detector": {"threshold": 0.5},
            "drift": {"iou": 0.5},
            "stream": {"width": story.width},
        },
        "clips": [{"name": f"clip-{i}.mp4", "sha256": f"{i:064x}"} for i in range(story.clips)],
        "failed": [],
        "command": ["camdrift", "evaluate", "clip-0.mp4", "--suite", "standard"],
        "versions": {"camdrift": "0.1.0", "python": "3.11", "torch": "2.9"},
        "machine": {"platform": "linux", "cpu_count": 2},
        "git": None,
        "seed": story.seed,
        **story.changes,
    }


def write_rows(
    folder: Path,
    rows: dict[str, list[dict[str, Any]]],
    *,
    clips: list[dict[str, Any]] | None = None,
    conditions: list[dict[str, Any]] | None = None,
    **changes: Any,
) -> Path:
    """Write an evaluation of a few rows told one by one.

    Parameters
    ----------
    rows : table -> its rows; a column that is left out is null, or a zero where null is not allowed.
    clips : columns of each clip; None: one clip, with ground truth if there are rows of it.
    conditions : columns of each condition; None: that of a story with one budget.
    changes : of the manifest.
    """
    storage = Storage(str(folder))
    story = Story(clips=1, budgets=(1 / 255,), changes=changes)
    for name in TABLES:
        told = rows.get(name, [])
        columns = {
            key: [row.get(key) for row in told] for key in {key for row in told for key in row}
        }
        arrays = {
            key: [
                _ZERO.get(str(kind), 0) if value is None and not nullable else value
                for value in values
            ]
            for key, values in columns.items()
            for kind, nullable in [(TABLES[name].field(key).type, TABLES[name].field(key).nullable)]
        }
        _put(storage, f"{name}/part-00000.parquet", _filled(name, arrays, len(told)))
    frames = len(rows.get("frames", []))
    default = {
        "clip": 0,
        "name": "a.mp4",
        "frames": frames,
        "width": 640,
        "height": 360,
        "fps": 25.0,
    }
    default["truth"] = "truth.json" if rows.get("truth") else ""
    told = [{**default, **each} for each in clips or [{}]]
    _put(storage, "clips.parquet", _list("clips", told))
    usual = _conditions(story).to_pylist()[0]
    told = [{**usual, "condition": i, **each} for i, each in enumerate(conditions or [{}])]
    _put(storage, "conditions.parquet", _list("conditions", told))
    storage.write_json(MANIFEST, _manifest(folder, story))
    return folder


def _list(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    columns = {key: [row.get(key) for row in rows] for key in rows[0]}
    return _filled(name, columns, len(rows))
