"""How early an object is held: in N consecutive frames found with its class, so that one can act on it.

It is held from the first frame of the first such run, at the apparent size that it has there, and that many
seconds before it is passed, its last frame. Warning lost is what the attack takes of those seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from monitor.evaluation.figures.cells import ABSENT, KEPT, Bools, Cell, Columns, Floats, Ints, areas
from monitor.evaluation.figures.resampling import interval_of, resampled_tracks

MOST_ROWS: Final = 50
GROUND_TRUTH: Final = "ground truth"
CLEAN_TRACKS: Final = "clean tracks"


@dataclass(frozen=True, slots=True)
class Sightings:
    """One entry an object that can be followed; NaN where there is no such number.

    Attributes
    ----------
    reference : "ground truth" or "clean tracks".
    clips, identities, labels, frames : of the object: class as a position in `Cell.classes`, frames it is in.
    size_clean, size_attacked : sqrt(area) in pixels at which either answer first holds it; NaN: never.
    seconds_clean, seconds_attacked : from then until it is passed; NaN: never held, or no clock.
    clock : the object's frames have times.
    """

    reference: str
    clips: Ints
    identities: Ints
    labels: Ints
    frames: Ints
    size_clean: Floats
    size_attacked: Floats
    seconds_clean: Floats
    seconds_attacked: Floats
    clock: Bools

    @property
    def held_clean(self) -> Bools:
        """Which objects the clean answer holds."""
        return ~np.isnan(self.size_clean)

    @property
    def held_attacked(self) -> Bools:
        """Which objects the attacked answer holds."""
        return ~np.isnan(self.size_attacked)

    def seconds_left(self) -> Floats:
        """`seconds_attacked`, 0 where it is never held."""
        return np.where(
            self.held_attacked, self.seconds_attacked, np.where(self.clock, 0.0, np.nan)
        )

    def warning_lost(self) -> Floats:
        """Seconds, of the objects that the clean answer holds; NaN of the others, and without a clock."""
        return np.asarray(self.seconds_clean - self.seconds_left())


def sightings(cell: Cell, hold: int) -> Sightings | None:
    """The objects of a condition; None where nothing can be followed.

    Of ground truth where it says which object is the same in every frame (then of those clips alone), else of
    the clean tracks. There the clean answer has the object in every frame of its track by definition.

    Parameters
    ----------
    hold : frames in a row from which an object counts as held, at least 1.
    """
    known = cell.known & (cell.truth["identity"] != ABSENT)
    if known.any():
        found = {answer: cell.found(answer) for answer in ("clean", "attacked")}
        side = np.sqrt(np.maximum(areas(cell.truth), 0))
        names = ("identity", "class")
        return _of(cell, cell.truth, known, found, side, names, GROUND_TRUTH, hold)
    tracked = cell.clean & (cell.objects["track_id"] != ABSENT)
    if not tracked.any():
        return None
    found = {"clean": tracked, "attacked": cell.objects["outcome"] == KEPT}
    side = np.sqrt(np.maximum(areas(cell.objects, "clean_"), 0))
    names = ("track_id", "clean_class")
    return _of(cell, cell.objects, tracked, found, side, names, CLEAN_TRACKS, hold)


def driving(cell: Cell, hold: int, *, seed: int) -> dict[str, Any] | None:
    """The figures of `sightings`; None where nothing can be followed.

    Sizes and seconds are medians: sizes of those held, seconds of those that the clean answer holds, where
    never held under attack counts 0. `warning_lost_s` is the mean over the objects that the clean answer
    holds, with its interval; `never_held` of these are never held under attack.
    """
    seen = sightings(cell, hold)
    if seen is None:
        return None
    lost = seen.warning_lost()
    known = ~np.isnan(lost)
    held = seen.held_clean
    return {
        "hold_frames": hold,
        "objects": len(seen.clips),
        "held_clean": int(held.sum()),
        "held_attacked": int(seen.held_attacked.sum()),
        "size_px_clean": _median(seen.size_clean),
        "size_px_attacked": _median(seen.size_attacked),
        "seconds_clean": _median(seen.seconds_clean),
        "seconds_attacked": _median(seen.seconds_left()[held]),
        "warning_lost_s": float(lost[known].mean()) if known.any() else None,
        "warning_lost_interval": interval_of(
            resampled_tracks(lost[known], seen.clips[known], "mean", seed=seed)
        ),
        "never_held": int((held & ~seen.held_attacked).sum()),
        "reference": seen.reference,
        "clips": len(np.unique(seen.clips)),
        "rows": _rows(cell, seen),
    }


def first_held(group: Ints, row: Ints, found: Bools, hold: int) -> Ints:
    """The entry from which each group is held, -1 where it never is.

    Parameters
    ----------
    group : (n,) from 0, rising; every number up to the last occurs.
    row : (n,) the frame of each entry, rising within a group; a frame that is left out ends a run.
    found : (n,) found there.
    hold : entries in a row that it takes.
    """
    count = int(group[-1]) + 1 if len(group) else 0
    first = np.full(count, -1, np.int64)
    joined = np.zeros(len(group), bool)
    joined[1:] = (group[1:] == group[:-1]) & (row[1:] == row[:-1] + 1) & found[1:] & found[:-1]
    starts = np.flatnonzero(found & ~joined)
    run = np.cumsum(found & ~joined) - 1
    lengths = np.bincount(run[found], minlength=len(starts))
    starts = starts[lengths >= hold][::-1]  # of a group's runs the first one is written last
    first[group[starts]] = starts
    return first


def _of(
    cell: Cell,
    columns: Columns,
    chosen: Bools,
    found: dict[str, Bools],
    side: Floats,
    names: tuple[str, str],
    reference: str,
    hold: int,
) -> Sightings:
    identity, label = (columns[name] for name in names)
    order = np.flatnonzero(chosen)
    order = order[np.lexsort((columns["row"][order], identity[order], columns["clip"][order]))]
    clip, identity, row = columns["clip"][order], identity[order], columns["row"][order]
    new = np.ones(len(order), bool)
    new[1:] = (clip[1:] != clip[:-1]) | (identity[1:] != identity[:-1])
    group = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(order)) - 1
    times = cell.times()[row]
    measured = []
    for answer in ("clean", "attacked"):
        first = first_held(group, row, found[answer][order], hold)
        held = first >= 0
        measured.append(np.where(held, side[order][first], np.nan))
        measured.append(np.where(held, times[ends] - times[first], np.nan))
    return Sightings(
        reference,
        clip[starts],
        identity[starts],
        label[order][starts],
        ends - starts + 1,
        measured[0],
        measured[2],
        measured[1],
        measured[3],
        ~np.isnan(times[ends]),
    )


def _median(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None


def _rows(cell: Cell, seen: Sightings) -> list[dict[str, Any]]:
    """The objects that lose most warning; those of which that is not known come last."""
    lost, left = seen.warning_lost(), seen.seconds_left()
    worst = np.lexsort((seen.identities, seen.clips, np.nan_to_num(-lost, nan=np.inf)))[:MOST_ROWS]
    return [
        {
            "clip": cell.clips[int(seen.clips[i])].name,
            "identity": int(seen.identities[i]),
            "class": cell.classes[seen.labels[i]],
            "frames": int(seen.frames[i]),
            "size_px_clean": _known(seen.size_clean[i]),
            "size_px_attacked": _known(seen.size_attacked[i]),
            "seconds_clean": _known(seen.seconds_clean[i]),
            "seconds_attacked": _known(left[i]),
            "warning_lost_s": _known(lost[i]),
        }
        for i in worst
    ]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
