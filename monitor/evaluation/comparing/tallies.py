"""What each frame of a condition adds to the figures that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import duckdb

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FRAME_BITS: Final = 40  # of a key; clips have the bits above

_FRAMES: Final = """SELECT clip, index AS frame, clean_count, missed, relabelled, fabricated,
    coalesce(success, false)::INT AS fell, (success IS NOT NULL)::INT AS attacked
    FROM frames WHERE condition = ? ORDER BY clip, frame"""
# Sums of scores are made below, row by row: DuckDB's depend on how many threads it has.
_DROPS: Final = """SELECT clip, frame, score_drop FROM objects
    WHERE condition = ? AND outcome <> 'fabricated' AND score_drop IS NOT NULL
    ORDER BY clip, frame, clean_index"""
_TRUTH: Final = """SELECT clip, frame, count(*) AS there,
    count_if(clean_class_id = class_id) AS found_clean,
    count_if(attacked_class_id = class_id) AS found_attacked
    FROM truth WHERE condition = ? AND class_id IS NOT NULL GROUP BY clip, frame ORDER BY clip, frame"""


@dataclass(frozen=True, slots=True)
class Tally:
    """One condition of one run, frame by frame.

    Attributes
    ----------
    keys : int64 (frames,), rising: number of the clip and index of the frame in one (`split`).
    sums : name -> float64 (frames,).
    """

    keys: Ints
    sums: Mapping[str, Floats]

    def at(self, rows: Ints) -> dict[str, Floats]:
        """The sums of some frames only."""
        return {name: values[rows] for name, values in self.sums.items()}


RATIOS: Final[dict[str, tuple[str, str]]] = {
    "miss_rate": ("missed", "clean_count"),
    "relabel_rate": ("relabelled", "clean_count"),
    "fabrications_per_frame": ("fabricated", "one"),
    "attack_success_rate": ("fell", "attacked"),
    "score_drop": ("score_drop", "clean_count"),
    "recall_clean": ("found_clean", "there"),
    "recall_attacked": ("found_attacked", "there"),
}
"""Figure -> (what is added up over the frames, what it is divided by)."""

HIGHER_IS_BETTER: Final = frozenset({"recall_clean", "recall_attacked"})


def tally(connection: duckdb.DuckDBPyConnection, condition: int) -> Tally:
    """Read one condition.

    Parameters
    ----------
    connection : `monitor.evaluation.query.connected`.
    condition : its number.
    """
    frames = _columns(connection, _FRAMES, condition)
    keys = _keys(frames)
    sums = {
        name: frames[name].astype(np.float64)
        for name in ("clean_count", "missed", "relabelled", "fabricated", "fell", "attacked")
    }
    sums["one"] = np.ones(len(keys))
    drops = _columns(connection, _DROPS, condition)
    sums["score_drop"] = _added(keys, _keys(drops), drops["score_drop"])
    truth = _columns(connection, _TRUTH, condition)
    for name in ("there", "found_clean", "found_attacked"):
        sums[name] = _added(keys, _keys(truth), truth[name])
    return Tally(keys, sums)


def split(keys: Ints) -> tuple[Ints, Ints]:
    """(number of the clip, index of the frame) of each key."""
    return keys >> _FRAME_BITS, keys & ((1 << _FRAME_BITS) - 1)


def moved(keys: Ints, clips: Mapping[int, int]) -> Ints:
    """The keys with other clip numbers; -1 for clips that are not among them."""
    numbers, frames = split(keys)
    most = int(numbers.max(initial=0))
    table = np.full(most + 1, -1, np.int64)
    for own, other in clips.items():
        if own <= most:
            table[own] = other
    there = table[numbers]
    return np.where(there < 0, -1, (there << _FRAME_BITS) | frames)


def _columns(
    connection: duckdb.DuckDBPyConnection, sql: str, condition: int
) -> dict[str, npt.NDArray[Any]]:
    found: dict[str, npt.NDArray[Any]] = connection.execute(sql, [condition]).fetchnumpy()
    return found


def _keys(columns: Mapping[str, npt.NDArray[Any]]) -> Ints:
    clips: Ints = columns["clip"].astype(np.int64)
    frames: Ints = columns["frame"].astype(np.int64)
    return (clips << _FRAME_BITS) | frames


def _added(keys: Ints, of: Ints, values: npt.NDArray[Any]) -> Floats:
    """Sums per key, added in the order of the rows."""
    place = np.searchsorted(keys, of)
    known = place < len(keys)
    known[known] = keys[place[known]] == of[known]
    weights: Floats = np.asarray(values, np.float64)[known]
    return np.bincount(place[known], weights, minlength=len(keys)).astype(np.float64)
