"""The rolling chart, drawn as SVG on the server.

The lines are an SVG that stretches with the page; the words are HTML over it, so that they keep their size
on a narrow screen. With four lines of 240 points, twice a second, Chromium's main thread works 64 ms a second
for it; for Gradio's LinePlot with two lines 210 ms. Neither ever showed a frame without lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from monitor.alarming import Alarm
from monitor.panel.readouts import MINUS, NOTHING
from monitor.panel.watch import HISTORY, Point

_TICKS_X: Final = (240, 180, 120, 60, 0)
_ROWS: Final = 100.0  # the SVG's height in its own units
_LOWEST: Final = -1.0
_NEARLY_ZERO: Final = -0.02
_FLAG: Final = '<li><i class="cd-flag"></i>alarm</li>'


@dataclass(frozen=True, slots=True)
class Mark:
    """An alarm on the chart.

    Attributes
    ----------
    index, lap : of the frame at which it was called.
    number : of the alarm.
    words : what it says.
    """

    index: int
    lap: int
    number: int
    words: str


def marks_of(alarms: Sequence[Alarm], source: str) -> list[Mark]:
    """The alarms of a source as marks."""
    return [
        Mark(alarm.frames[-1], alarm.lap, alarm.number, alarm.words)
        for alarm in alarms
        if alarm.source == source
    ]


def chart(points: Sequence[Point], window: int, marks: Sequence[Mark] = ()) -> str:
    """Miss rate and score drop over the last frames; newest at the right.

    Parameters
    ----------
    points : oldest first.
    window : frames that the bold lines are taken over, for the legend.
    marks : alarms; those whose frame is on the chart are shown.
    """
    drops = [point.frame_score_drop for point in points if point.frame_score_drop is not None]
    # A score drop below zero (the attack raised scores) is rare; only then is half the height given to it.
    low = _LOWEST if drops and min(drops) < _NEARLY_ZERO else 0.0
    ticks = (1.0, 0.5, 0.0) if low == 0 else (1.0, 0.0, -1.0)
    lines = "".join(
        f'<path class="{css}" d="{_path(points, value, low)}"/>'
        for css, value in (
            ("cd-faint cd-miss", lambda point: point.frame_miss_rate),
            ("cd-faint cd-drop", lambda point: point.frame_score_drop),
            ("cd-bold cd-miss", lambda point: point.miss_rate),
            ("cd-bold cd-drop", lambda point: point.score_drop),
        )
    )
    grid = "".join(f'<path class="cd-grid" d="M0 {_y(v, low)}H{HISTORY}"/>' for v in ticks)
    left = "".join(
        f'<span style="top:{_y(v, low)}%">{v:g}</span>'.replace("-", MINUS) for v in ticks
    )
    below = "".join(
        f'<span style="left:{100 - 100 * back / HISTORY:g}%">{MINUS + str(back) if back else "now"}</span>'
        for back in _TICKS_X
    )
    empty = "" if points else '<em class="cd-empty">waiting for frames</em>'
    return (
        f'<div class="cd-chart">{_key(points, window)}'
        f'<div class="cd-plot"><div class="cd-y">{left}</div><div class="cd-lines">'
        f'<svg viewBox="0 0 {HISTORY} {_ROWS:g}" preserveAspectRatio="none" aria-hidden="true">'
        f"{grid}{lines}</svg>{_marks(points, marks)}{empty}</div></div>"
        f'<div class="cd-x">{below}</div><p>frames before now</p></div>'
    )


def _key(points: Sequence[Point], window: int) -> str:
    last = points[-1] if points else Point(None, None, None, None)
    rows = (
        ("cd-miss", "miss rate", last.miss_rate, "share of clean objects"),
        ("cd-drop", "score drop", last.score_drop, "clean less attacked score"),
    )
    items = "".join(
        f'<li title="{unit}"><svg viewBox="0 0 24 6" aria-hidden="true">'
        f'<path class="{css} cd-bold" d="M0 3H24"/></svg>{name} '
        f"<b>{NOTHING if value is None else f'{value:.2f}'.replace('-', MINUS)}</b></li>"
        for css, name, value, unit in rows
    )
    lines = f'<li class="cd-aside">bold: last {window}; thin: each frame</li>'
    return f'<ul class="cd-key">{items}{_FLAG}{lines}</ul>'


def _marks(points: Sequence[Point], marks: Sequence[Mark]) -> str:
    """A line and a flag where an alarm was called."""
    first = HISTORY - len(points) + 1
    places = {(point.lap, point.index): first + i for i, point in enumerate(points)}
    return "".join(
        f'<div class="cd-mark" style="left:{100 * places[mark.lap, mark.index] / HISTORY:.2f}%" '
        f'title="alarm {mark.number}: {escape(mark.words)}"><span>{mark.number}</span></div>'
        for mark in marks
        if (mark.lap, mark.index) in places
    )


def _path(points: Sequence[Point], value: Callable[[Point], float | None], low: float) -> str:
    """SVG path of one line; a frame without a value is a gap."""
    steps, pen_down = [], False
    first = HISTORY - len(points) + 1
    for i, point in enumerate(points):
        here = value(point)
        if here is not None:
            steps.append(f"{'L' if pen_down else 'M'}{first + i} {_y(here, low)}")
        pen_down = here is not None
    return "".join(steps)


def _y(value: float, low: float) -> str:
    share = (1.0 - min(max(value, low), 1.0)) / (1.0 - low)
    return f"{_ROWS * share:.4g}"
