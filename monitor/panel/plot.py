"""A few lines over a few places as SVG, for charts that are drawn once; words are HTML over it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from monitor.panel.readouts import MINUS

_WIDE, _HIGH = 600.0, 240.0  # of the SVG, in its own units
_MOST_TICKS: Final = 7
_SHAPES: Final = ("circle", "square", "diamond", "triangle")


@dataclass(frozen=True, slots=True)
class Series:
    """One line.

    Attributes
    ----------
    name : for the legend.
    values : one a place; what is not finite is left out.
    thin : drawn thin and dashed, without markers: what is compared with.
    """

    name: str
    values: Sequence[float]
    thin: bool = False


def plot(series: Sequence[Series], places: Sequence[str], caption: str) -> str:
    """The lines with legend, axes and caption.

    Parameters
    ----------
    series : all of one length.
    places : the names of the places along x, evenly spaced.
    caption : what is shown, with its unit.
    """
    finite = [value for line in series for value in line.values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    room = 0.04 * (high - low)
    low, high = low - room, high + room
    last = max(len(places) - 1, 1)

    def x(i: int) -> float:
        return i / last

    def y(value: float) -> float:
        return (high - value) / (high - low)

    ticks = (high - room, (low + high) / 2, low + room)
    grid = "".join(f'<path class="cd-grid" d="M0 {_HIGH * y(v):.1f}H{_WIDE:g}"/>' for v in ticks)
    lines, marks, key = [], [], []
    for k, line in enumerate(series):
        known = [(x(i), y(v), v, i) for i, v in enumerate(line.values) if math.isfinite(v)]
        path = "L".join(f"{_WIDE * across:.1f} {_HIGH * down:.1f}" for across, down, _, _ in known)
        look = "cd-thin" if line.thin else "cd-curve"
        lines.append(f'<path class="{look} cd-c{k}" d="{"M" + path if path else ""}"/>')
        dot = f"cd-dot cd-{_SHAPES[k % len(_SHAPES)]} cd-c{k}"
        if not line.thin:
            marks += [
                f'<i class="{dot}" title="{escape(f"{line.name}, {places[i]}: {v:.4g}")}" '
                f'style="left:{100 * across:.2f}%;top:{100 * down:.2f}%"></i>'
                for across, down, v, i in known
            ]
        swatch = f'<i class="{dot}"></i>' if not line.thin else f'<i class="cd-dash cd-c{k}"></i>'
        key.append(f"<li>{swatch}{escape(line.name)}</li>")
    left = "".join(f'<span style="top:{100 * y(v):.1f}%">{_short(v)}</span>' for v in ticks)
    step = max(math.ceil(len(places) / _MOST_TICKS), 1)
    below = "".join(
        f'<span style="left:{100 * x(i):.2f}%">{escape(place)}</span>'
        for i, place in enumerate(places)
        if i % step == 0
    )
    return (
        f'<div class="cd-chart cd-success"><ul class="cd-key">{"".join(key)}</ul>'
        f'<div class="cd-plot"><div class="cd-y">{left}</div><div class="cd-lines">'
        f'<svg viewBox="0 0 {_WIDE:g} {_HIGH:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(caption)}">{grid}{"".join(lines)}</svg>{"".join(marks)}</div></div>'
        f'<div class="cd-x">{below}</div><p>{escape(caption)}</p></div>'
    )


def _short(value: float) -> str:
    return (f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}").replace("-", MINUS)
