"""Figures over the clean tracks of a condition: as in `monitor.drift.ledger`, over all clips."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitor.evaluation.figures.cells import Bools, Cell, Column, Floats
from monitor.evaluation.figures.resampling import resampled_tracks

LONGEST: Final = ("longest_gap_frames", "longest_gap_s")
MEDIANS: Final = (
    "time_to_loss_frames",
    "time_to_loss_s",
    "time_to_recovery_frames",
    "time_to_recovery_s",
)
NAMES: Final = (*LONGEST, "track_switches", *MEDIANS)


def followed(cell: Cell) -> Bools:
    """Which rows of `tracks` are clean tracks."""
    clean: Bools = cell.tracks["made_up"] == 0
    return clean


def lost(cell: Cell) -> Bools:
    """Which of them were lost under attack at least once."""
    found: Bools = followed(cell) & (cell.tracks["time_to_loss_frames"] >= 0)
    return found


def track_figure(cell: Cell, name: str) -> float | None:
    """One of `NAMES`; None where no track has it, or where one that has it lacks a clock."""
    if name == "track_switches":
        switches = cell.tracks["switches"][followed(cell)]
        return int(np.maximum(switches, 0).sum()) if len(switches) else None
    values, _ = _values(cell, name)
    if not len(values) or np.isnan(values).any():
        return None
    if name in LONGEST:
        longest = float(values.max())
        return int(longest) if name.endswith("_frames") else longest
    return float(np.median(values))


def resampled_median(cell: Cell, name: str, *, seed: int) -> Floats | None:
    """One of `MEDIANS` in resamples of tracks; None for the other figures, and for fewer than ten tracks."""
    if name not in MEDIANS or track_figure(cell, name) is None:
        return None
    values, clips = _values(cell, name)
    return resampled_tracks(values, clips, "median", seed=seed)


def _values(cell: Cell, name: str) -> tuple[Floats, Column]:
    """(value, clip) of the tracks to which it happened."""
    chosen = followed(cell)
    if name in MEDIANS:
        chosen &= cell.tracks[f"{name.rpartition('_')[0]}_frames"] >= 0
    return cell.tracks[name][chosen].astype(np.float64), cell.tracks["clip"][chosen]
