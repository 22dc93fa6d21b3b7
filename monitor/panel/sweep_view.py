"""A sweep as HTML: progress, the chart of success against eps with the margin in it, and the table.

Formatting, no arithmetic but that of the axes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from monitor.conditions import goal_text
from monitor.distances import Norm, format_eps
from monitor.panel.cards import picture
from monitor.panel.controls import EPS
from monitor.panel.readouts import NOTHING, TIMES
from monitor.panel.sweep_bench import Curve, Sweep
from monitor.sweep import SweepPoint, least_eps

_HINT: Final = (
    "<b>Freeze a frame</b>, choose attacks, then <b>Run the sweep</b>: each attack is tried at one budget "
    "after the other, and the chart shows where the answer gives way. The stream goes on beside it."
)
_WIDE, _HIGH = 600.0, 240.0  # of the SVG, in its own units
_LOOKS: Final = 8  # curves that style.css tells apart, by colour and by marker
_SHAPES: Final = ("circle", "square", "diamond", "triangle")


def sweep_progress(sweep: Sweep) -> str:
    """How far the tries have come and under which settings; "" where there are none."""
    if sweep.settings is None:
        return ""
    words = sweep.settings
    condition = (
        f"{goal_text(words)}, {words.attack.norm}, threshold {words.detector.threshold:g}, "
        f"model {words.detector.model}"
    )
    bar = f'<progress max="{sweep.total}" value="{sweep.done}" aria-label="tries done"></progress>'
    state = f"{sweep.done} of {sweep.total} done"
    if sweep.stopped:
        state += ", stopped"
    now = escape(sweep.at_work) if sweep.busy else ""
    return (
        f'<div class="cd-progress"><span>{state}</span>{bar if sweep.busy else ""}'
        f"<span>{now}</span><span>{escape(condition)}</span></div>"
    )


def sweep_view(sweep: Sweep) -> str:
    """The frozen frame, the chart and the table beside it."""
    if sweep.still is None:
        return f'<p class="cd-hint">{_HINT}</p>'
    right = f'<p class="cd-hint">{_HINT}</p>'
    if sweep.settings is not None:
        right = f"{_chart(sweep)}{_table(sweep)}"
    return f'<div class="cd-sweep">{_frame(sweep)}<div>{right}</div></div>'


def _frame(sweep: Sweep) -> str:
    still = sweep.still
    assert still is not None
    width, height = still.frame.size
    count = still.drift.clean_count
    return (
        f"<figure>{picture(still.shot, still, f'the frozen frame, objects: {count}')}"
        f"<figcaption>{escape(still.frame.source)}, frame {still.frame.index}, {width} {TIMES} {height} "
        f"px; objects found: {count}</figcaption></figure>"
    )


def _chart(sweep: Sweep) -> str:
    assert sweep.settings is not None
    norm = sweep.settings.attack.norm
    low, high = _range(sweep)

    def x(eps: float) -> float:
        return _WIDE * (math.log(eps) - math.log(low)) / (math.log(high) - math.log(low))

    grid = "".join(f'<path class="cd-grid" d="M0 {_y(v):g}H{_WIDE:g}"/>' for v in (0, 0.5, 1))
    lines, marks = [], []
    for i, curve in enumerate(sweep.curves):
        known = [(x(p.eps), p) for p in curve.points if p.success is not None]
        look = f"cd-c{i % _LOOKS}"
        lines.append(f'<path class="cd-thin {look}" d="{_line(known, fooled=True)}"/>')
        lines.append(f'<path class="cd-curve {look}" d="{_line(known, fooled=False)}"/>')
        marks += [_mark(at, point, i, curve.attack, norm) for at, point in known]
    margin = ""
    if sweep.margin is not None and math.isfinite(sweep.margin):
        at = 100 * x(min(max(sweep.margin, low), high)) / _WIDE
        words = f"margin {format_eps(sweep.margin, norm)}"
        side = " cd-left" if at > 60 else ""
        margin = f'<div class="cd-margin{side}" style="left:{at:.2f}%"><span>{words}</span></div>'
    below = "".join(
        f'<span style="left:{100 * x(eps) / _WIDE:.2f}%">{_eps(eps, norm)}</span>'
        for eps in _ticks(sweep.grid)
    )
    left = "".join(
        f'<span style="top:{100 * (1 - v):g}%">{100 * v:.0f} %</span>' for v in (1, 0.5, 0)
    )
    return (
        f'<div class="cd-chart cd-success">{_key(sweep)}<div class="cd-plot"><div class="cd-y">{left}</div>'
        f'<div class="cd-lines"><svg viewBox="0 0 {_WIDE:g} {_HIGH:g}" preserveAspectRatio="none" '
        f'role="img" aria-label="success against eps">{grid}{"".join(lines)}</svg>{"".join(marks)}'
        f'{margin}</div></div><div class="cd-x">{below}</div>'
        f"<p>{_axis(norm)}; bold: goal met, share of the tries; thin: objects fooled, share</p></div>"
    )


def _range(sweep: Sweep) -> tuple[float, float]:
    """The axis: the grid's, wider where the margin lies outside, but not more than twice."""
    low, high = sweep.grid[0], sweep.grid[-1]
    if sweep.margin is not None and math.isfinite(sweep.margin):
        low = max(min(low, sweep.margin), low / 2)
    return low * 0.93, high * 1.07


def _key(sweep: Sweep) -> str:
    items = "".join(
        f'<li><i class="{_dot(i)}"></i>{escape(curve.attack)}</li>'
        for i, curve in enumerate(sweep.curves)
    )
    return f'<ul class="cd-key">{items}</ul>'


def _dot(i: int) -> str:
    """The classes of the i-th curve's marker: colour and shape, so that neither is needed alone."""
    return f"cd-dot cd-{_SHAPES[i % len(_SHAPES)]} cd-c{i % _LOOKS}"


def _line(known: Sequence[tuple[float, SweepPoint]], *, fooled: bool) -> str:
    steps: list[str] = []
    for at, point in known:
        value = point.fooled if fooled else point.success
        if value is not None:
            steps.append(f"{'L' if steps else 'M'}{at:.1f} {_y(value):.1f}")
    return "".join(steps)


def _mark(at: float, point: SweepPoint, i: int, attack: str, norm: Norm) -> str:
    assert point.success is not None
    fooled = "" if point.fooled is None else f", objects fooled {100 * point.fooled:.0f} %"
    title = f"{attack} at {_eps(point.eps, norm)}: goal met {100 * point.success:.0f} %{fooled}"
    return (
        f'<i class="{_dot(i)}" title="{escape(title)}" '
        f'style="left:{100 * at / _WIDE:.2f}%;top:{100 * (1 - point.success):.1f}%"></i>'
    )


def _table(sweep: Sweep) -> str:
    assert sweep.settings is not None
    norm = sweep.settings.attack.norm
    rows = "".join(_row(curve, norm) for curve in sweep.curves)
    return (
        '<div class="cd-scroll"><table class="cd-table"><thead><tr><th>attack</th>'
        "<th>least eps that met the goal</th><th>tries each</th><th>forwards</th><th>backwards</th>"
        "</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{_margin_words(sweep, norm)}"
    )


def _row(curve: Curve, norm: Norm) -> str:
    least = least_eps(curve.points)
    none = "none" if curve.points else NOTHING
    shown = none if least is None else _eps(least, norm)
    forwards = sum(point.forwards for point in curve.points)
    backwards = sum(point.backwards for point in curve.points)
    tries = curve.points[0].tries if curve.points else NOTHING
    why = f'<tr class="cd-why"><td colspan="5">{escape(curve.reason)}</td></tr>'
    return (
        f"<tr><th>{escape(curve.attack)}</th><td>{shown}</td><td>{tries}</td><td>{forwards}</td>"
        f"<td>{backwards}</td></tr>{why if curve.reason else ''}"
    )


def _margin_words(sweep: Sweep, norm: Norm) -> str:
    if sweep.margin is None:
        note = sweep.margin_note or (
            "stopped before it was measured" if sweep.stopped else "at work"
        )
        text = f"Robustness margin of this frame: {note}."
    elif math.isfinite(sweep.margin):
        text = (
            f"Robustness margin of this frame: {format_eps(sweep.margin, norm)} ({norm}), the nearest frame "
            "that FMN found to meet the goal (Pintor et al. 2021): an upper bound of the true one."
        )
    else:
        text = "Robustness margin of this frame: none found; FMN met the goal at no distance."
    return f'<p class="cd-hint">{escape(text)}</p>'


def _ticks(grid: Sequence[float]) -> list[float]:
    """Every second budget from the largest down, so that words keep apart on a narrow screen."""
    return list(grid[::-1][::2])[::-1]


def _eps(eps: float, norm: Norm) -> str:
    return format_eps(eps, norm) if norm is Norm.LINF else f"{eps / EPS[norm].unit:.3g}"


def _axis(norm: Norm) -> str:
    unit = {Norm.LINF: "grey levels of 255", Norm.L0: "pixels"}.get(norm, "pixel units of [0, 1]")
    return f"eps, {norm}, {unit}"


def _y(value: float) -> float:
    return _HIGH * (1 - value)
