"""Runs as HTML: the list, one run, two compared. Formatting, no arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from monitor.catalog import NONE
from monitor.comparison import Comparison, fault_word
from monitor.panel.readouts import NOTHING
from monitor.panel.run_files import RUNS
from monitor.panel.run_shelf import Entry
from monitor.runs import Run

_PERCENT: Final = ("miss_rate", "relabel_rate", "attack_success_rate")
_TILES: Final = (
    ("miss rate", "miss_rate"),
    ("relabel rate", "relabel_rate"),
    ("fabrications a frame", "fabrications_per_frame"),
    ("attack success", "attack_success_rate"),
    ("score drop", "score_drop"),
    ("longest gap [frames]", "longest_gap_frames"),
    ("track switches", "track_switches"),
    ("margin [eps]", "margin_eps"),
)
_MOST_FRAMES: Final = 12


def run_list(entries: Sequence[Entry], folder: str) -> str:
    """The table of all runs; what makes one where there is none."""
    if not entries:
        return (
            f'<p class="cd-hint">No runs yet in {escape(folder)}: <code>camdrift evaluate clip.mp4</code> '
            "makes one, and so does <b>Record</b> on the tab Live.</p>"
        )
    rows = "".join(_row(entry) for entry in entries)
    return (
        '<div class="cd-scroll"><table class="cd-table cd-runs"><thead><tr><th>run</th><th>source</th>'
        "<th>model</th><th>attack</th><th>eps</th><th>frames</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(entry: Entry) -> str:
    if entry.condition is None:
        return (
            f'<tr class="cd-why"><td>{escape(entry.name)}</td>'
            f'<td colspan="5">{escape(entry.trouble)}</td></tr>'
        )
    words = [entry.condition.get(word) for word in ("source", "model", "attack", "eps_text")]
    if words[2] == NONE:
        words[3] = NOTHING
    faults = entry.condition.get("faults") or []
    if faults:
        words[2] = f"{words[2]}; {', '.join(map(fault_word, faults))}"
    cells = "".join(f"<td>{escape(str(word))}</td>" for word in words)
    return f"<tr><th>{escape(entry.name)}</th>{cells}<td>{entry.frames}</td></tr>"


def run_view(run: Run, files: Sequence[str]) -> str:
    """One run: condition, figures, downloads, worst frames."""
    condition: Any = run.summary["condition"]
    parts = [
        f"{condition['attack']}, {condition['goal']}, {condition['norm']} {condition['eps_text']}",
        f"model {condition['model']}",
        f"source {condition['source']}",
        f"reference: {run.summary['reference']}",
    ]
    tiles = "".join(
        f"<div><span>{name}</span><b>{_value(word, run.summary.get(word))}</b>"
        f"<small>{_interval(run, word)}</small></div>"
        for name, word in _TILES
    )
    return (
        f'<div class="cd-run"><div class="cd-title"><h3>{escape(run.name)}</h3></div>'
        f'<p class="cd-hint">{escape("; ".join(parts))}</p><div class="cd-tiles">{tiles}</div>'
        f"{file_links(run.name, files)}{_worst(run)}</div>"
    )


def _worst(run: Run) -> str:
    worst: Any = run.summary.get("worst_frames") or []
    if not worst:
        return '<p class="cd-hint">No frame drifted.</p>'
    cards = "".join(_card(run.name, row) for row in worst[:_MOST_FRAMES])
    return f'<div class="cd-title"><h3>Worst frames</h3></div><div class="cd-worst">{cards}</div>'


def _card(name: str, row: Any) -> str:
    return (
        f"<article><h4>frame {int(row['frame'])}</h4><small>{int(row['drifted'])} of "
        f"{int(row['clean_count'])} objects drifted, score drop {float(row['score_drop']):.2f}</small>"
        f"{frame_pictures(name, row)}</article>"
    )


def file_links(name: str, files: Sequence[str]) -> str:
    """What of a run can be taken away."""
    links = "".join(
        f'<a class="cd-download" target="_blank" href="{RUNS}/{escape(name)}/{escape(file)}">'
        f"{escape(file)}</a>"
        for file in files
    )
    return f'<div class="cd-files">{links}</div>'


def frame_pictures(name: str, row: Any) -> str:
    """The pictures of one of a run's worst frames, each a link to itself."""
    pictures = "".join(
        f'<figure><a class="cd-screen" target="_blank" href="{place}"><img loading="lazy" src="{place}" '
        f'alt="frame {int(row["frame"])}, {which}"></a><figcaption>{which}</figcaption></figure>'
        for which in ("clean", "attacked", "difference")
        if row.get(which)
        for place in (f"{RUNS}/{escape(name)}/{escape(str(row[which]))}",)
    )
    return f'<div class="cd-evidence">{pictures}</div>'


def comparison_view(a: str, b: str, found: Comparison) -> str:
    """What differs between A and B; the better one is told by a word, not by a colour."""
    settings = "".join(
        f"<li><b>{escape(word)}</b> {escape(left)} \N{RIGHTWARDS ARROW} {escape(right)}</li>"
        for word, left, right in found.settings
    )
    several = (
        "<p class='cd-hint'>More than one setting differs: the figures do not say which one did it.</p>"
        if len(found.settings) > 1
        else ""
    )
    rows = "".join(
        f"<tr><th>{each.name.replace('_', ' ')}</th><td>{_value(each.name, each.a)}</td>"
        f"<td>{_value(each.name, each.b)}</td><td>{_difference(each.a, each.b)}</td>"
        f"<td>{each.better and each.better + ' better'}</td></tr>"
        for each in found.figures
    )
    return (
        f'<div class="cd-run"><div class="cd-title"><h3>A {escape(a)}</h3><span>beside</span>'
        f"<h3>B {escape(b)}</h3></div>"
        f'<ul class="cd-differs">{settings or "<li>no setting differs</li>"}</ul>{several}'
        '<div class="cd-scroll"><table class="cd-table"><thead><tr><th>figure</th><th>A</th><th>B</th>'
        f"<th>B less A</th><th></th></tr></thead><tbody>{rows}</tbody></table></div>{_frames(found)}</div>"
    )


def _frames(found: Comparison) -> str:
    if found.paired is None:
        return '<p class="cd-hint">The inputs are not the same: no frame can be paired with another.</p>'
    words = [f"{found.paired} frames were attacked in both"]
    for name, only in (("A", found.only_a), ("B", found.only_b)):
        listed = ", ".join(map(str, only[:20])) + (", ..." if len(only) > 20 else "")
        words.append(f"{len(only)} fell in {name} alone" + (f" ({listed})" if only else ""))
    return f'<p class="cd-hint">{"; ".join(words)}.</p>'


def _value(name: str, value: object) -> str:
    if not isinstance(value, int | float):
        return NOTHING
    return f"{100 * value:.1f} %" if name in _PERCENT else f"{value:.4g}"


def _difference(a: float | None, b: float | None) -> str:
    return NOTHING if a is None or b is None else f"{b - a:+.4g}"


def _interval(run: Run, name: str) -> str:
    intervals: Any = run.summary.get("intervals") or {}
    held = intervals.get(name)
    if not held:
        return ""
    return f"95 %: {_value(name, held[0])} to {_value(name, held[1])}"
