"""Tables with a row for each condition, class or size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from monitor.report.evaluation.blocks import Block, Cell, Column, Subheading, Table, Text
from monitor.report.evaluation.numbers import FIGURES, NOTHING, Reasons, Tree, column, meanings
from monitor.report.evaluation.text import shown

MOST_CONDITIONS: Final = 100
MOST_GROUPS: Final = 210
_ANSWER: Final = (
    "miss_rate",
    "relabel_rate",
    "fabrications_per_frame",
    "attack_success_rate",
    "score_drop",
)
_SHIFT: Final = ("centre_shift_px", "js_distance_classes", "js_distance_scores")
_TRACKS: Final = (
    "track_switches",
    "time_to_loss_frames",
    "time_to_loss_s",
    "time_to_recovery_frames",
    "time_to_recovery_s",
    "longest_gap_frames",
    "longest_gap_s",
)
_TRUTH: Final = (
    "recall_clean",
    "recall_attacked",
    "map_clean",
    "map_attacked",
    "calibration_error_clean",
    "calibration_error_attacked",
)
_COUNTS: Final = (
    ("frames", "Frames"),
    ("clean_objects", "Clean objects"),
    ("missed", "Missed"),
    ("relabelled", "Relab."),
    ("fabricated", "Made up"),
    ("frames_attacked", "Frames attacked"),
    ("frames_fallen", "of them fell"),
)
_WORK: Final = (("forwards", "Forwards"), ("backwards", "Backwards"), ("queries", "Queries"))

assert set(FIGURES) == {*_ANSWER, *_SHIFT, *_TRACKS, *_TRUTH}, "a figure stands in no table"


def condition_blocks(summary: Tree) -> list[Block]:
    """What became of the answers, condition by condition, and what it is counted over."""
    return [
        Text(
            "Small figures below a value are its 95 % interval, from a block bootstrap over the frames. "
            "Conditions keep their number in all tables."
        ),
        _of_figures(summary, _ANSWER, 20),
        Subheading("How far what is left has moved"),
        _of_figures(summary, _SHIFT, 25),
        Subheading("What the figures are counted over"),
        _of_counts(
            summary, _COUNTS, 15.5, "An object counts once for every frame that it is seen in."
        ),
        Subheading("What the attacks cost"),
        _of_counts(
            summary,
            _WORK,
            25,
            "Passes through the model, clean answers included; queries are the answers that a black-box "
            "attack asked for.",
        ),
    ]


def track_blocks(summary: Tree) -> list[Block]:
    """How long objects were lost."""
    return [
        Text("A track is an object that the clean answers hold over several frames."),
        _of_figures(summary, _TRACKS, 14.5, counts=(("tracks", "Tracks"), ("tracks_lost", "Lost"))),
    ]


def truth_blocks(summary: Tree) -> list[Block]:
    """Against the ground truth, where there is any."""
    if not any((row.get("counts") or {}).get("truth_objects") for row in summary["conditions"]):
        return [
            Text(
                "Not measured: no clip has ground truth. All figures are against the clean answers."
            )
        ]
    return [_of_figures(summary, _TRUTH, 18.5, counts=(("truth_objects", "Truth objects"),))]


def _of_figures(
    summary: Tree,
    names: Sequence[str],
    width_mm: float,
    counts: Sequence[tuple[str, str]] = (),
) -> Table:
    reasons = Reasons()
    rows = [
        (*_named(row), *_counted(row, counts), *(reasons.cell(name, row) for name in names))
        for row in summary["conditions"][:MOST_CONDITIONS]
    ]
    columns = (
        *_CONDITION,
        *(Column(title, "count", 12.5) for _, title in counts),
        *(column(name, width_mm) for name in names),
    )
    return Table(columns, rows, [*reasons.notes(), *_left(summary), meanings(names)])


_CONDITION: Final = (Column("No.", "", 8), Column("Condition", number=False))


def _named(row: Tree) -> tuple[Cell, Cell]:
    return Cell(str(row["condition"])), Cell(shown(row["name"], 90))


def _counted(row: Tree, names: Sequence[tuple[str, str]]) -> list[Cell]:
    counts = {**(row.get("counts") or {}), "frames": row.get("frames")}
    return [
        Cell(f"{counts[key]:,}" if isinstance(counts.get(key), int) else NOTHING)
        for key, _ in names
    ]


def _of_counts(
    summary: Tree, names: Sequence[tuple[str, str]], width_mm: float, note: str
) -> Table:
    rows = [
        (*_named(row), *_counted(row, names)) for row in summary["conditions"][:MOST_CONDITIONS]
    ]
    columns = (*_CONDITION, *(Column(title, "count", width_mm) for _, title in names))
    return Table(columns, rows, [note, *_left(summary)])


def class_blocks(summary: Tree) -> list[Block]:
    """By the class of the clean object."""
    return [_groups(summary, "by_class", "Class")]


def size_blocks(summary: Tree) -> list[Block]:
    """By the size of the clean object."""
    table = _groups(summary, "by_size", "Size")
    note = "Sizes as COCO has them, at the working size: small below 32² px, medium below 96², large above."
    return [Table(table.columns, table.rows, [*table.notes, note])]


def _groups(summary: Tree, key: str, title: str) -> Table:
    """A row for each condition and class or size; where there are many, those with the most misses."""
    names: list[str] = ["miss_rate", "relabel_rate", "score_drop"]
    found = [
        (row, group, of)
        for row in summary["conditions"]
        for group, of in (row.get(key) or {}).items()
    ]
    if any((of.get("figures") or {}).get("recall_clean") is not None for _, _, of in found):
        names += ["recall_clean", "recall_attacked"]
    left = len(found) - MOST_GROUPS
    if left > 0:
        found.sort(key=lambda each: -_rate(each[2]))
        found = found[:MOST_GROUPS]
        found.sort(key=lambda each: int(each[0]["condition"]))
    reasons, rows, before = Reasons(), [], None
    for row, group, of in found:
        new = row["condition"] != before
        before = row["condition"]
        rows.append(
            (
                *(_named(row) if new else (_named(row)[0], Cell(""))),
                Cell(shown(group, 50)),
                Cell(f"{of['objects']:,}" if isinstance(of.get("objects"), int) else NOTHING),
                *(reasons.cell(name, of) for name in names),
            )
        )
    columns = (
        *_CONDITION,
        Column(title, "", 25, number=False),
        Column("Objects", "count", 16),
        *(column(name, 18.5) for name in names),
    )
    notes = reasons.notes()
    if left > 0:
        notes.append(
            f"The {MOST_GROUPS} rows with the highest miss rate; {left:,} more are in summary.json."
        )
    return Table(columns, rows, notes)


def _rate(of: Tree) -> float:
    rate = (of.get("figures") or {}).get("miss_rate")
    return float(rate) if isinstance(rate, int | float) else -1.0


def _left(summary: Tree) -> list[str]:
    left = len(summary["conditions"]) - MOST_CONDITIONS
    return [f"{left:,} more conditions are in summary.json."] if left > 0 else []
