"""An evaluation of many clips as HTML: verdicts, a row a condition, files, worst frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from monitor.panel.readouts import NOTHING
from monitor.panel.run_view import file_links, frame_pictures

_MOST: Final = 100
"""Conditions that are shown; the report has all."""
_FIGURES: Final = (
    ("miss rate", "miss_rate"),
    ("attack success", "attack_success_rate"),
    ("recall, clean", "recall_clean"),
    ("recall, attacked", "recall_attacked"),
)


def evaluation_view(name: str, summary: Mapping[str, Any], files: Sequence[str]) -> str:
    """Formatting, no arithmetic.

    Parameters
    ----------
    name : of the run folder.
    summary : of the evaluation.
    files : what of it can be taken away.
    """
    conditions = list(summary["conditions"])
    heads = "".join(f"<th>{title}</th>" for title, _ in _FIGURES)
    rows = "".join(_row(one) for one in conditions[:_MOST])
    left = len(conditions) - _MOST
    more = f'<p class="cd-hint">and {left} more in the report</p>' if left > 0 else ""
    failed = "".join(
        f'<p class="cd-hint">not read: {escape(str(one["reason"]))}</p>'
        for one in summary["failed"]
    )
    words = (
        f"suite {summary['suite']}; {summary['clips']} clips, {summary['frames']} frames; "
        f"{summary['reference']}"
    )
    return (
        f'<div class="cd-run"><div class="cd-title"><h3>{escape(name)}</h3></div>'
        f'<p class="cd-hint">{escape(words)}</p>{_verdicts(summary["criteria"])}'
        f'{file_links(name, files)}<div class="cd-scroll"><table class="cd-table cd-runs">'
        f"<thead><tr><th>condition</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"{more}{failed}{_worst(name, summary.get('worst_frames') or ())}</div>"
    )


def _verdicts(criteria: Sequence[Mapping[str, Any]]) -> str:
    if not criteria:
        return ""
    items = "".join(
        f"<li><b>{escape(str(one['verdict']))}</b>: {escape(str(one['text']))} "
        f"<small>({escape(str(one['reason']))})</small></li>"
        for one in criteria
    )
    return f"<ul>{items}</ul>"


def _row(one: Mapping[str, Any]) -> str:
    cells = ""
    for _, key in _FIGURES:
        value, interval = one["figures"].get(key), one["intervals"].get(key)
        shown = NOTHING if value is None else f"{100 * float(value):.1f} %"
        low_high = "" if not interval else f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}"
        cells += f"<td>{shown}<br><small>{low_high}</small></td>"
    return f"<tr><th>{escape(str(one['name']))}</th>{cells}</tr>"


def _worst(name: str, worst: Sequence[Mapping[str, Any]]) -> str:
    cards = ""
    for one in worst:
        cards += (
            f"<article><h4>{escape(str(one['clip_name']))}, frame {int(one['frame'])}</h4>"
            f"<small>{escape(str(one['condition_name']))}: {escape(str(one['caption']))}</small>"
            f"{frame_pictures(name, one)}</article>"
        )
    if not cards:
        return ""
    return f'<div class="cd-title"><h3>Worst frames</h3></div><div class="cd-worst">{cards}</div>'
