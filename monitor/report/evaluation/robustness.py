"""Robustness curves, the area under them, and the least budget at which an object falls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from monitor.distances import Norm, format_eps
from monitor.report.evaluation.blocks import Block, Cell, Charts, Column, Subheading, Table, Text
from monitor.report.evaluation.chart import SERIES, Axis, Line, panel
from monitor.report.evaluation.numbers import NORMS, NOTHING, Tree, budget, written
from monitor.report.evaluation.text import shown

_SHOWN: Final = ("miss_rate", "attack_success_rate")
_TITLES: Final = {"miss_rate": "Miss rate [%]", "attack_success_rate": "Attack success rate [%]"}
_MOST_CHARTS: Final = 24
_MOST_ROWS: Final = 120


def curve_blocks(summary: Tree) -> list[Block]:
    """A chart for each model, goal and norm with the attacks as lines, and the table of areas."""
    curves = summary["curves"]
    if not curves:
        return [Text("There is no curve: no attack was run under a budget.")]
    seeded = _seeded(curves)
    charts = [_chart(title, members, seeded) for title, members in _groups(curves)]
    blocks: list[Block] = [
        Text(
            "A dot is a condition that was run; between two dots nothing was measured. At eps 0 a curve is "
            "0 by definition, or what the camera fault does alone; where that was not run it begins at its "
            "first budget. The band is the 95 % interval. Higher is worse for the model; a better attack "
            "can only raise a curve.",
        ),
        *charts[:_MOST_CHARTS],
    ]
    if len(charts) > _MOST_CHARTS:
        blocks.append(
            Text(
                f"{len(charts) - _MOST_CHARTS} more charts are left out; see summary.json.", "note"
            )
        )
    return [*blocks, Subheading("Area under the curves"), _areas(curves)]


def front_chart(summary: Tree) -> Charts | None:
    """The chart with the highest miss rate in it; None where no attack was run under a budget."""
    groups = list(_groups(summary["curves"]))
    if not groups:
        return None
    highest = [max(map(_highest, members)) for _, members in groups]
    title, members = groups[highest.index(max(highest))]
    return _chart(title, members, _seeded(summary["curves"]))


def _highest(curve: Tree) -> float:
    return max((point["miss_rate"] or 0.0 for point in curve["points"]), default=0.0)


def _seeded(curves: list[Tree]) -> bool:
    return len({curve.get("seed") for curve in curves}) > 1


def _groups(curves: list[Tree]) -> Iterator[tuple[str, list[Tree]]]:
    """(title, curves) of each chart: those of one model, goal and norm, so many as can be told apart."""
    groups: dict[tuple[str, ...], list[Tree]] = {}
    for curve in curves:
        key = tuple(str(curve.get(word) or "") for word in ("model", "goal", "target", "norm"))
        groups.setdefault(key, []).append(curve)
    for (model, goal, target, norm), members in groups.items():
        aim = f"{goal} ({target})" if target else goal
        for start in range(0, len(members), SERIES):
            part = f", part {start // SERIES + 1}" if len(members) > SERIES else ""
            title = f"{shown(model)}, goal {shown(aim)}, {NORMS.get(norm, shown(norm))}{part}"
            yield title, members[start : start + SERIES]


def _chart(title: str, curves: list[Tree], seeded: bool) -> Charts:
    return Charts(title, [_panel(name, str(curves[0]["norm"]), curves, seeded) for name in _SHOWN])


def _panel(name: str, norm: str, curves: list[Tree], seeded: bool) -> Any:
    scale = 255.0 if norm == "linf" else 1.0
    unit = {"linf": "1/255", "l0": "pixels"}.get(norm, "pixel units")
    words = {
        float(point["eps"]): _tick(norm, float(point["eps"]), scale)
        for curve in curves
        for point in curve["points"]
    }
    lines = [
        Line(
            label=line_name(curve, seeded),
            eps=[float(point["eps"]) for point in curve["points"]],
            rates=[point.get(name) for point in curve["points"]],
            intervals=[_pair(point.get(f"{name}_interval")) for point in curve["points"]],
        )
        for curve in curves
    ]
    axis = Axis(f"budget eps, {NORMS.get(norm, shown(norm))} [{unit}]", sorted(words.items()))
    return panel(_TITLES[name], axis, lines)


def _pair(interval: Any) -> tuple[float, float] | None:
    return None if interval is None else (float(interval[0]), float(interval[1]))


def _tick(norm: str, eps: float, scale: float) -> str:
    text = f"{eps * scale:.3g}" if norm in ("linf", "l0") else f"{eps:.4g}"
    return text if eps else "0"


def line_name(curve: Tree, seeded: bool) -> str:
    """Attack, faults and seed of a curve: what tells it from others in its chart."""
    parts = [str(curve["attack"])]
    if curve.get("faults"):
        parts.append(str(curve["faults"]))
    if seeded:
        parts.append(f"seed {curve['seed']}")
    return shown(", ".join(parts), 60)


def _full_name(curve: Tree, seeded: bool) -> str:
    return (
        f"{shown(curve['model'], 50)}, {line_name(curve, seeded)}, {shown(curve['goal'])}"
        f"{' ' + shown(curve['target']) if curve.get('target') else ''}"
    )


def _areas(curves: list[Tree]) -> Table:
    seeded = _seeded(curves)
    rows = []
    for curve in curves[:_MOST_ROWS]:
        last = max((float(point["eps"]) for point in curve["points"]), default=0.0)
        rows.append(
            (
                Cell(_full_name(curve, seeded)),
                Cell(f"0 to {budget(curve['norm'], last)}"),
                *(Cell(_share(name, (curve.get("area") or {}).get(name))) for name in _SHOWN),
            )
        )
    columns = (
        Column("Curve", number=False),
        Column("Budgets", "", 32, number=False),
        Column("Area, miss rate", "%", 28),
        Column("Area, attack success", "%", 28),
    )
    note = (
        "The mean height of the curve over the budgets, by the trapezoidal rule: 0 % where nothing ever "
        "fell, 100 % where everything fell at once; none where the curve does not begin at eps 0."
    )
    return Table(columns, rows, [note, *_left(len(curves))])


def minimal_blocks(summary: Tree) -> list[Block]:
    """The least budget of the sweep at which an object was missed or relabelled, by curve and class."""
    curves = [curve for curve in summary["curves"] if curve.get("minimal_eps")]
    if not curves:
        return [Text("Not measured: no attack was run under several budgets.")]
    seeded = _seeded(curves)
    rows: list[tuple[Cell, ...]] = []
    for curve in curves:
        minimal = curve["minimal_eps"]
        rows.append((Cell(_full_name(curve, seeded)), Cell("all"), *_minimal(curve, minimal)))
        by_class = minimal.get("by_class") or {}
        if len(by_class) > 1:
            for name in by_class:
                row = _minimal(curve, by_class[name])
                rows.append((Cell(""), Cell(shown(name, 50)), *row))
    columns = (
        Column("Curve", number=False),
        Column("Class", "", 30, number=False),
        Column("Objects", "count", 18),
        Column("Never fell", "%", 18),
        Column("5th percentile", "eps", 24),
        Column("Median", "eps", 22),
    )
    note = (
        "The least budget of the sweep at which one object (of one frame) is missed or relabelled: only "
        "budgets that were run can stand here. “>”: beyond the largest one."
    )
    return [Table(columns, rows[:_MOST_ROWS], [note, *_left(len(rows))])]


def _minimal(curve: Tree, of: Tree) -> tuple[Cell, ...]:
    objects, never = int(of["objects"]), int(of["never"])
    largest = max((float(point["eps"]) for point in curve["points"]), default=0.0)

    def least(eps: float | None) -> Cell:
        norm = str(curve["norm"])
        if not objects:
            return Cell(NOTHING)
        text = _eps(norm, largest if eps is None else eps)
        return Cell(f"> {text}" if eps is None else text)

    return (
        Cell(f"{objects:,}"),
        Cell(written("miss_rate", never / objects) if objects else NOTHING),
        least(of.get("p05")),
        least(of.get("median")),
    )


def _eps(norm: str, eps: float) -> str:
    try:
        return format_eps(eps, Norm(norm))
    except ValueError:
        return f"{eps:.4g}"


def _share(name: str, value: object) -> str:
    return written(name, value) if isinstance(value, int | float) else NOTHING


def _left(count: int) -> list[str]:
    return [f"{count - _MOST_ROWS:,} more rows are in summary.json."] if count > _MOST_ROWS else []
