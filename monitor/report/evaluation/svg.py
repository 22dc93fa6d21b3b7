"""A panel as SVG that follows the page's light or dark colours."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from monitor.report.evaluation.chart import SIZE, Dot, Fill, Panel, Point, Stroke, Word


def svg(panel: Panel) -> Markup:
    """The <svg> element; words from outside are escaped."""
    shapes = "".join(map(_shape, panel.items))
    return Markup(
        f'<svg viewBox="0 0 {panel.width:g} {panel.height:g}" role="img" '
        f'aria-label="{escape(panel.told)}" font-size="{SIZE:g}">{shapes}</svg>'
    )


def _shape(item: Stroke | Fill | Dot | Word) -> str:
    if isinstance(item, Stroke):
        colour = _colour(item.role, item.series)
        dashes = f' stroke-dasharray="{_numbers(item.dashes)}"' if item.dashes else ""
        return (
            f'<polyline points="{_path(item.points)}" fill="none" style="stroke:{colour}" '
            f'stroke-width="{item.width:g}" stroke-linejoin="round"{dashes}/>'
        )
    if isinstance(item, Fill):
        colour = _colour("series", item.series)
        return f'<polygon points="{_path(item.points)}" style="fill:{colour}" fill-opacity=".13"/>'
    if isinstance(item, Dot):
        x, y = item.at
        return (
            f'<circle cx="{x:g}" cy="{y:g}" r="2.6" style="fill:{_colour("series", item.series)}"/>'
        )
    x, y = item.at
    weight = ' font-weight="650"' if item.bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{item.anchor}"{weight} '
        f'style="fill:{_colour(item.role, item.series)}">{escape(item.text)}</text>'
    )


def _colour(role: str, series: int) -> str:
    return f"var(--s{series})" if role == "series" else f"var(--{role})"


def _path(points: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:g}" for value in values)
