"""A run as one HTML page."""

from __future__ import annotations

import base64
import importlib.resources
from pathlib import Path
from typing import Any, Final

from monitor.errors import RunError
from monitor.report.chart import draw_charts
from monitor.report.figures import figure_rows, later_figures
from monitor.report.margin_chart import draw_margins
from monitor.report.origin import origin_rows, reproduction
from monitor.report.track_words import tracks_sentence
from monitor.report.words import (
    condition_rows,
    headline,
    limits,
    not_tested,
    plain_result,
    things,
    worst_caption,
)
from monitor.runs import Run

_TEMPLATE: Final = "report.html.j2"
_WORST_TITLES: Final = ("The worst frames", "The worst frame", "The two worst frames")
_PICTURES: Final = ("clean", "attacked", "difference")


def render(run: Run) -> str:
    """The report as HTML; whatever comes from the run is escaped.

    Raises
    ------
    RunError : the run folder is damaged.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    place = importlib.resources.files("monitor.report") / _TEMPLATE
    template = environment.from_string(place.read_text(encoding="utf-8"))
    summary: dict[str, Any] = run.summary
    condition = summary["condition"]
    worst = [_worst(run.folder, frame, summary) for frame in summary["worst_frames"]]
    return template.render(
        manifest=run.manifest,
        condition=condition,
        run_name=run.name,
        headline=headline(summary),
        plain_result=plain_result(summary),
        tracks=tracks_sentence(summary),
        condition_rows=condition_rows(summary),
        not_tested=not_tested(summary),
        figures=figure_rows(summary),
        later=later_figures(summary),
        charts=draw_charts(run),
        margins=draw_margins(summary),
        noun=things(summary, 1),
        worst=worst,
        worst_title=dict(enumerate(_WORST_TITLES)).get(len(worst), "The three worst frames"),
        several_classes=len(condition["classes"]) > 1,
        command=reproduction(run.manifest, condition),
        origin=origin_rows(run.manifest),
        limits=limits(summary),
    )


def _worst(folder: Path, frame: dict[str, Any], summary: dict[str, Any]) -> dict[str, str]:
    """One of the worst frames, in words and with its pictures as data URIs."""
    pictures = {kind: _data_uri(folder / frame[kind]) for kind in _PICTURES}
    return {
        "frame": str(frame["frame"]),
        "caption": worst_caption(frame, summary),
        "amplified": f"{frame['amplified']:g}",
        **pictures,
    }


def _data_uri(picture: Path) -> str:
    try:
        content = picture.read_bytes()
    except OSError as error:
        raise RunError(f"{picture}: cannot be read: {error.strerror}; run it again") from error
    return "data:image/png;base64," + base64.b64encode(content).decode()
