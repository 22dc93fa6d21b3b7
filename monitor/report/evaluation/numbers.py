"""How the figures of an evaluation are called, in which unit they stand, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from monitor.distances import Norm, format_eps
from monitor.report.evaluation.blocks import Cell, Column
from monitor.report.evaluation.text import shown
from monitor.report.figures import percent

Tree = Mapping[str, Any]  # read back from JSON

NOTHING: Final = "\N{EN DASH}"
_LETTERS: Final = "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
NORMS: Final = {"linf": "L∞", "l2": "L2", "l1": "L1", "l0": "L0"}


@dataclass(frozen=True, slots=True)
class Figure:
    """Of an evaluation.

    Attributes
    ----------
    title : of its column.
    unit : "%" for shares, "0 to 1", "px", "s", "frames", "count".
    meaning : one sentence; "" where another figure's says it.
    """

    title: str
    unit: str
    meaning: str = ""


_OF_ONE: Final = "0 to 1"

FIGURES: Final[dict[str, Figure]] = {
    "miss_rate": Figure(
        "Miss rate",
        "%",
        "Share of the objects found in the clean frames that the attacked frames lack.",
    ),
    "relabel_rate": Figure(
        "Relabel rate", "%", "Share of the clean objects that are found again under another class."
    ),
    "fabrications_per_frame": Figure(
        "Made up", "per frame", "Objects a frame that appear only once the frame is attacked."
    ),
    "attack_success_rate": Figure(
        "Attack success",
        "%",
        "Share of the attacked frames in which the attacker's goal was met in full.",
    ),
    "score_drop": Figure(
        "Score drop",
        _OF_ONE,
        "Mean loss of confidence of a clean object; a missed one loses all of it.",
    ),
    "centre_shift_px": Figure(
        "Centre shift",
        "px",
        "Mean distance by which an object that was found again has moved, in the working frame.",
    ),
    "js_distance_classes": Figure(
        "Drift of classes",
        _OF_ONE,
        "The Jensen-Shannon distance between the histograms of the clean and the attacked classes; drift of "
        "scores is the same of the scores. 0 for equal, 1 for nothing in common.",
    ),
    "js_distance_scores": Figure("Drift of scores", _OF_ONE),
    "longest_gap_frames": Figure(
        "Longest gap", "frames", "Longest time in which one track stayed lost."
    ),
    "longest_gap_s": Figure("Longest gap", "s"),
    "track_switches": Figure(
        "Switches",
        "count",
        "How often a clean track was followed by another attacked track than before, as CLEAR MOT counts "
        "identity switches (Bernardin, Stiefelhagen 2008).",
    ),
    "time_to_loss_frames": Figure(
        "Time to loss",
        "frames",
        "From a track's first frame under attack to the first in which it was lost; median over the tracks "
        "that were lost.",
    ),
    "time_to_loss_s": Figure("Time to loss", "s"),
    "time_to_recovery_frames": Figure(
        "Time to recovery",
        "frames",
        "From a track's first loss until it was there again; median over the tracks that were found again.",
    ),
    "time_to_recovery_s": Figure("Time to recovery", "s"),
    "recall_clean": Figure(
        "Recall clean",
        "%",
        "Share of the objects of the ground truth that are found with their own class.",
    ),
    "recall_attacked": Figure("Recall attacked", "%"),
    "map_clean": Figure(
        "mAP clean",
        _OF_ONE,
        "Mean average precision over IoU 0.50 to 0.95 as COCO has it.",
    ),
    "map_attacked": Figure("mAP attacked", _OF_ONE),
    "calibration_error_clean": Figure(
        "Calib. error clean",
        _OF_ONE,
        "Expected calibration error: how far the score is from the share of detections that are right.",
    ),
    "calibration_error_attacked": Figure("Calib. error attacked", _OF_ONE),
}

WARNING: Final = "warning_lost_s"
"""Of the section on driving; criteria may speak of it."""


def written(name: str, value: float) -> str:
    """A figure's value without its unit."""
    unit = FIGURES[name].unit if name in FIGURES else ""
    if unit == "%":
        return percent(value).removesuffix(" %")
    if unit in ("px", "s"):
        return f"{value:,.2f}"
    if unit in ("frames", "count"):
        return f"{value:,.10g}"
    return f"{value:.3f}"


def with_unit(name: str, value: float) -> str:
    """A figure's value with its unit, for sentences."""
    if name == WARNING:
        return f"{value:.2f} s"
    unit = FIGURES[name].unit if name in FIGURES else ""
    unit = "" if unit in (_OF_ONE, "count") else f" {unit}"
    return written(name, value) + unit


def between(name: str, interval: Sequence[float]) -> str:
    """An interval without its unit, "11.0 to 13.9"."""
    low, high = (written(name, edge) for edge in interval)
    return f"{low} to {high}"


def column(name: str, width_mm: float) -> Column:
    """A figure's column."""
    figure = FIGURES[name]
    return Column(figure.title, figure.unit, width_mm)


@dataclass(slots=True)
class Reasons:
    """Why figures are missing, with a mark each; the notes of one table."""

    marks: dict[str, str] = field(default_factory=dict)

    def cell(self, name: str, holder: Tree) -> Cell:
        """A figure of a condition, a class or a size, with its interval or the mark of its reason."""
        value = (holder.get("figures") or {}).get(name)
        if not isinstance(value, int | float):
            return Cell(NOTHING + self._mark((holder.get("not_measured") or {}).get(name)))
        interval = (holder.get("intervals") or {}).get(name)
        return Cell(written(name, value), between(name, interval) if interval else "")

    def notes(self) -> list[str]:
        """What the marks mean."""
        return [f"{mark} Not measured: {reason}." for reason, mark in self.marks.items()]

    def _mark(self, reason: object) -> str:
        if not reason:
            return ""
        text = shown(reason).rstrip(".")
        if text not in self.marks:
            if len(self.marks) == len(_LETTERS):
                return ""
            self.marks[text] = _LETTERS[len(self.marks)]
        return self.marks[text]


def meanings(names: Sequence[str]) -> str:
    """What the figures of a table are, in one paragraph."""
    return " ".join(
        f"{FIGURES[name].title}: {FIGURES[name].meaning[:1].lower()}{FIGURES[name].meaning[1:]}"
        for name in names
        if FIGURES[name].meaning
    )


def budget(norm: object, eps: float) -> str:
    """Norm and eps as people write them, "L∞ 4/255"."""
    try:
        return f"{NORMS[str(norm)]} {format_eps(eps, Norm(str(norm)))}"
    except (KeyError, ValueError):
        return shown(f"{norm} {eps:g}")


def moment(text: object) -> str:
    """A time of the manifest, "2026-01-31 13:00:00 UTC"; as it is where it is no time."""
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return shown(text)
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if when.tzinfo else shown(text)
