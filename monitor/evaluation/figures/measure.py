"""Every figure of a condition by its name: its value, interval and one-sided bound, or why there is none."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from monitor.drift.intervals import MIN_FRAMES
from monitor.evaluation.figures import calibration, histograms, precision, rates, tracks
from monitor.evaluation.figures.cells import Cell, Floats, Ints
from monitor.evaluation.figures.driving import sightings
from monitor.evaluation.figures.rates import ALL, Selection
from monitor.evaluation.figures.resampling import interval_of, resampled_tracks

PRECISIONS: Final = ("map_clean", "map_attacked")
CALIBRATIONS: Final = ("calibration_error_clean", "calibration_error_attacked")
OF_TRUTH: Final = (*rates.OF_TRUTH, *PRECISIONS, *CALIBRATIONS)
NAMES: Final = (
    *(name for name in rates.NAMES if name not in rates.OF_TRUTH),
    *tracks.NAMES,
    *histograms.NAMES,
    *OF_TRUTH,
)
"""The figures of a condition, in the order in which they stand in summary.json."""

WARNING: Final = "warning_lost_s"
"""Mean seconds of warning that the attack takes; `driving` has the rest."""

NO_BOUND: Final = {
    **dict.fromkeys(
        tracks.LONGEST, "the longest of all tracks is no mean that resamples could vary"
    ),
    "track_switches": "a total over all tracks is no mean that resamples could vary",
}
"""Figures that have no interval, and why."""


def value_of(cell: Cell, name: str, chosen: Selection = ALL, *, hold: int = 1) -> float | None:
    """A figure, one of `NAMES` or `WARNING`; None where it was not measured.

    Parameters
    ----------
    chosen : of a class or a size: those of `rates.OF_OBJECTS`; of a class also `WARNING`.
    hold : for `WARNING`: frames in a row from which an object is held.
    """
    if name in rates.NAMES:
        return rates.series(cell, name, chosen).value()
    if name in tracks.NAMES:
        return tracks.track_figure(cell, name)
    if name in histograms.NAMES:
        return histograms.distance(cell, name)
    answer = name.rpartition("_")[2]
    if name in PRECISIONS:
        return precision.mean_precision(cell, answer)
    if name in CALIBRATIONS:
        return calibration.calibration_error(cell, answer)
    lost, _ = _warning(cell, chosen, hold)
    return float(lost.mean()) if len(lost) else None


def interval(cell: Cell, name: str, value: float | None, *, seed: int) -> list[float] | None:
    """[low, high] of the 95 % interval of one of `NAMES`; None where there is none."""
    if name in rates.NAMES:
        return rates.series(cell, name).interval(seed=seed)
    return None if value is None else interval_of(_resamples(cell, name, value, ALL, 1, seed))


def bound(
    cell: Cell, name: str, side: str, level: float, chosen: Selection, *, hold: int, seed: int
) -> float | None:
    """The one-sided bound of a figure that holds with a confidence of `level`; None where there is none.

    Parameters
    ----------
    side : "upper": the figure is at most that; "lower": at least.
    """
    if name in rates.NAMES:
        return rates.series(cell, name, chosen).bound(side, level, seed=seed)
    value = value_of(cell, name, chosen, hold=hold)
    if value is None:
        return None
    drawn = _resamples(cell, name, value, chosen, hold, seed)
    if drawn is None:
        return None
    return float(np.quantile(drawn, level if side == "upper" else 1 - level))


def why_not(cell: Cell, name: str) -> str:
    """Why one of `NAMES` was not measured, for people."""
    if name in OF_TRUTH:
        return _why_no_truth(cell, name)
    if name == "attack_success_rate":
        return _why_no_success(cell)
    if cell.clean.any() and name in tracks.NAMES:
        return _why_no_track(cell, name)
    if not cell.clean.any():
        return "the detector found no object in the clean frames"
    if name == "centre_shift_px":
        return "no object was found in both answers"
    return "the attacked answers hold no object, so there is no histogram to compare"


def why_no_interval(cell: Cell, name: str) -> str:
    """Why a figure that was measured has no interval and no bound."""
    if name in NO_BOUND:
        return NO_BOUND[name]
    if cell.count < MIN_FRAMES or name in tracks.NAMES or name == WARNING:
        return f"too few frames or objects for a bound: it takes {MIN_FRAMES}"
    return "too few frames with such objects for a bound"


def _resamples(
    cell: Cell, name: str, value: float, chosen: Selection, hold: int, seed: int
) -> Floats | None:
    if name in histograms.NAMES:
        return histograms.resampled_distance(cell, name, value, seed=seed)
    if name in CALIBRATIONS:
        return calibration.resampled_error(cell, name.rpartition("_")[2], value, seed=seed)
    if name in PRECISIONS:
        return precision.resampled_precision(cell, name.rpartition("_")[2], value, seed=seed)
    if name == WARNING:
        lost, clips = _warning(cell, chosen, hold)
        return resampled_tracks(lost, clips, "mean", seed=seed)
    return tracks.resampled_median(cell, name, seed=seed) if name in tracks.NAMES else None


def _warning(cell: Cell, chosen: Selection, hold: int) -> tuple[Floats, Ints]:
    """(seconds of warning lost, clip) of each object that the clean answer holds."""
    seen = sightings(cell, hold)
    if seen is None:
        return np.empty(0), np.empty(0, np.int64)
    lost = seen.warning_lost()
    mine = ~np.isnan(lost)
    if chosen.label is not None:
        mine &= seen.labels == chosen.label
    return lost[mine], seen.clips[mine]


def _why_no_truth(cell: Cell, name: str) -> str:
    if not any(clip.truth for clip in cell.clips.values()):
        return "no clip has ground truth"
    if not cell.with_truth().any():
        return "no clip with ground truth was evaluated here"
    if name in CALIBRATIONS:
        return (
            f"the {name.rpartition('_')[2]} answers hold no object in the clips with ground truth"
        )
    if not len(cell.truth["row"]):
        return "the ground truth holds no object"
    return "the ground truth holds no object of a class that the model knows"


def _why_no_success(cell: Cell) -> str:
    eps = cell.row["eps"]
    if eps is not None and math.isclose(eps, 0) and not cell.row["faults"]:
        return "a budget of 0 leaves every frame as it is"
    return f"the goal {cell.row['goal']} applied to no frame: nothing was there that it speaks of"


def _why_no_track(cell: Cell, name: str) -> str:
    if not tracks.followed(cell).any():
        return "no object was found in two frames in a row, so that it could be followed"
    if name in tracks.MEDIANS:
        if not tracks.lost(cell).any():
            return "no track was lost under attack"
        found_again = tracks.followed(cell) & (cell.tracks["time_to_recovery_frames"] >= 0)
        if name.startswith("time_to_recovery") and not found_again.any():
            return "no track that was lost was found again"
    return "not every clip states a time for its frames"
