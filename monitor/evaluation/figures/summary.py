"""summary.json of an evaluation, from its tables: the same tables give the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from monitor.evaluation.criteria import judge, parse_criterion
from monitor.evaluation.figures import tracks
from monitor.evaluation.figures.breakdown import by_class, by_clip, by_size
from monitor.evaluation.figures.cells import EDGES, OUTCOMES, Cell, Clip, read_cell, read_clips
from monitor.evaluation.figures.curves import curves
from monitor.evaluation.figures.driving import driving
from monitor.evaluation.figures.measure import NAMES, interval, value_of, why_not
from monitor.evaluation.figures.minimal import fallen_of
from monitor.evaluation.opened import KIND, SCHEMA, Evaluation

_CLEAN_PRECISION: Final = "map_clean"
_Known = tuple[float | None, list[float] | None]  # a figure and its interval


def summarise(run: Evaluation, *, worst: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """All figures of an evaluation, ready for JSON: finite numbers, or null with the reason beside.

    Parameters
    ----------
    run : its tables and manifest; a summary that it has is not looked at.
    worst : the worst frames, as they are to stand in the summary.

    Raises
    ------
    RunError : a table is missing or damaged.
    ConfigError : the manifest holds a criterion that is none.
    """
    suite = run.manifest.get("suite", {})
    seed, hold = int(run.manifest.get("seed", 0)), int(suite.get("hold_frames", 5))
    clips = read_clips(run)
    clean_precision = _remembered(seed)
    conditions, fallen = [], {}
    for row in run.conditions().to_pylist():
        cell = read_cell(run, row, clips)
        conditions.append(_condition(cell, clean_precision, hold, seed))
        fallen[cell.number] = fallen_of(cell)
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": KIND,
        "suite": suite.get("name", ""),
        "about": suite.get("about", ""),
        "clips": len(clips),
        "frames": int(np.sum(run.clips()["frames"].to_numpy())) if clips else 0,
        "failed": [dict(each) for each in run.manifest.get("failed", [])],
        "reference": _reference(clips),
        "conditions": conditions,
        "curves": curves(conditions, fallen),
    }
    criteria = [parse_criterion(text) for text in suite.get("criteria", [])]
    found["criteria"] = judge(criteria, run, found)
    found["worst_frames"] = [dict(each) for each in worst]
    return found


def _condition(
    cell: Cell, clean_precision: Callable[[Cell], _Known], hold: int, seed: int
) -> dict[str, Any]:
    figures: dict[str, float | None] = {}
    intervals: dict[str, list[float] | None] = {}
    for name in NAMES:
        if name == _CLEAN_PRECISION:
            figures[name], intervals[name] = clean_precision(cell)
        else:
            figures[name] = value_of(cell, name)
            intervals[name] = interval(cell, name, figures[name], seed=seed)
    return {
        **cell.row,
        "frames": cell.count,
        "clips": len(np.unique(cell.frames["clip"])),
        "figures": figures,
        "intervals": intervals,
        "not_measured": {
            name: why_not(cell, name) for name, value in figures.items() if value is None
        },
        "counts": _counts(cell),
        "by_class": by_class(cell, seed=seed),
        "by_size": by_size(cell, seed=seed),
        "by_clip": by_clip(cell),
        "driving": driving(cell, hold, seed=seed),
    }


def _counts(cell: Cell) -> dict[str, int]:
    outcomes = np.bincount(cell.objects["outcome"], minlength=len(OUTCOMES)).tolist()
    success = cell.frames["success"]
    known = cell.known
    return {
        "clean_objects": int(cell.clean.sum()),
        **dict(zip(OUTCOMES, outcomes, strict=True)),
        "frames_attacked": int((success >= 0).sum()),
        "frames_fallen": int((success == 1).sum()),
        "truth_objects": int(known.sum()),
        "truth_found_clean": int(cell.found("clean").sum()),
        "truth_found_attacked": int(cell.found("attacked").sum()),
        "tracks": int(tracks.followed(cell).sum()),
        "tracks_lost": int(tracks.lost(cell).sum()),
        **{name: int(cell.frames[name].sum()) for name in ("forwards", "backwards", "queries")},
    }


def _reference(clips: Mapping[int, Clip]) -> str:
    drift = (
        "Misses, relabellings, made-up objects, score drop, tracks and Jensen-Shannon distances compare the "
        "attacked answer with the model's own answer to the clean frame"
    )
    truth = sum(clip.truth for clip in clips.values())
    if not truth:
        return f"{drift}; no clip has ground truth, so nothing here says whether the clean answer was right."
    which = "every clip" if truth == len(clips) else f"{truth} of {len(clips)} clips"
    return (
        f"{drift}; recall, mean average precision and calibration error compare either answer with the "
        f"ground truth that {which} {'has' if truth in (1, len(clips)) else 'have'}."
    )


def _remembered(seed: int) -> Callable[[Cell], _Known]:
    """The clean answer's mAP and its interval, worked out once where several conditions share the answer."""
    known: dict[bytes, _Known] = {}

    def of(cell: Cell) -> _Known:
        key = _digest(cell)
        if key not in known:
            value = value_of(cell, _CLEAN_PRECISION)
            known[key] = value, interval(cell, _CLEAN_PRECISION, value, seed=seed)
        return known[key]

    return of


def _digest(cell: Cell) -> bytes:
    """Of all that the figures of the clean answer stand on."""
    found = hashlib.sha256(cell.with_truth().tobytes())
    found.update(cell.frames["clip"].tobytes())
    for name in ("row", "clean_class_id", "clean_score", *(f"clean_{edge}_px" for edge in EDGES)):
        found.update(cell.objects[name][cell.clean].tobytes())
    edges = (f"{edge}_px" for edge in EDGES)
    for name in ("row", "class_id", "clean_class_id", *edges):
        found.update(cell.truth[name].tobytes())
    return found.digest()
