"""The still and its trials as HTML: one card an attack, side by side. Formatting, no arithmetic."""

from __future__ import annotations

from html import escape
from typing import Final

from monitor.catalog import CATALOG, NONE, budget_of
from monitor.conditions import goal_text
from monitor.config import Settings
from monitor.distances import format_eps
from monitor.drift.matching import FrameDrift, Outcome
from monitor.faults import FAULTS
from monitor.panel.readouts import TIMES, css_colour, outcomes_in_words
from monitor.panel.still import Progress, Result, Shot, Still, Table, Trial

STILLS: Final = "/still"
"""Where a shot can be had: `STILLS/NAME.jpg`."""

_HINT: Final = (
    "<b>Freeze a still</b> keeps the newest clean frame while the stream goes on. Several attacks and "
    "natural faults can then be set on that one frame, and what each makes of it stands here side by side."
)
_NEXT: Final = (
    "Choose attacks or faults, then <b>Attack the still</b>: a card for each will stand here."
)
_UNTOUCHED: Final = "nothing to attack"
_WORDS: Final = {
    Progress.WAITING: ("waiting", "plain"),
    Progress.WORKING: ("at work", "working"),
    Progress.FAILED: ("no result", "paused"),
    Progress.STOPPED: ("stopped", "plain"),
}
"""What the pill says, and how it looks."""


def progress_line(table: Table) -> str:
    """How far the trials have come and under which settings; "" where there are none."""
    if not table.trials:
        return ""
    count = len(table.trials)
    now = f"{table.at_work}, {table.elapsed_s:.1f} s" if table.at_work else ""
    bar = f'<progress max="{count}" value="{table.done}" aria-label="attacks done"></progress>'
    return (
        f'<div class="cd-progress"><span>{table.done} of {count} done</span>'
        f"{bar if table.busy else ''}<span>{escape(now)}</span>"
        f"<span>{_condition(table.trials[0].settings)}</span></div>"
    )


def cards(table: Table) -> str:
    """The still, then a card for each trial."""
    still = table.still
    if still is None:
        return f'<p class="cd-hint">{_HINT}</p>'
    tail = "" if table.trials else f'<p class="cd-hint">{_NEXT}</p>'
    each = "".join(_trial_card(trial, still) for trial in table.trials)
    return f'<div class="cd-cards">{_still_card(still)}{each}{tail}</div>'


def _still_card(still: Still) -> str:
    width, height = still.frame.size
    found = str(still.drift.clean_count)
    facts = [
        ("objects found", found),
        ("source", escape(still.frame.source)),
        ("frame", str(still.frame.index)),
        ("size", f"{width} {TIMES} {height} px"),
    ]
    body = picture(still.shot, still, f"the frozen still, objects found: {found}")
    return _card("the still", "clean", "plain", body + _facts(facts))


def _trial_card(trial: Trial, still: Still) -> str:
    result = trial.result
    if result is None:
        word, look = _WORDS[trial.progress]
        return _card(trial.title, word, look, _blank(trial, still))
    words = f"the still after {trial.title}: {outcomes_in_words(result.drift)}"
    body = picture(result.shot, still, words)
    body += _outcomes(result.drift) + _facts(_figures(trial, result)) + _heeded(trial)
    verdict, look = _verdict(trial, result)
    return _card(trial.title, verdict, look, body)


def _card(title: str, verdict: str, look: str, body: str) -> str:
    pill = f'<b class="cd-pill cd-{look}">{verdict}</b>'
    return f"<article><header><h4>{escape(title)}</h4>{pill}</header>{body}</article>"


def picture(shot: Shot, still: Still, words: str) -> str:
    """A shot of a still that opens by itself when it is clicked; `words` say what is to be seen."""
    width, height = still.frame.size
    place = f"{STILLS}/{shot.name}.jpg"
    return (
        f'<a class="cd-screen" href="{place}" target="_blank" title="open it by itself">'
        f'<img src="{place}" width="{width}" height="{height}" alt="{escape(words)}"></a>'
    )


def _blank(trial: Trial, still: Still) -> str:
    """Where the picture will be, or why there is none."""
    width, height = still.frame.size
    return (
        f'<div class="cd-blank cd-{trial.progress}" style="aspect-ratio:{width}/{height}">'
        f"<span>{escape(trial.reason)}</span></div>"
    )


def _verdict(trial: Trial, result: Result) -> tuple[str, str]:
    if trial.attack == NONE:  # a fault wants nothing
        changed = len(result.drift.objects) - result.drift.count(Outcome.KEPT)
        return ("answer changed", "met") if changed else ("answer kept", "unmet")
    if result.success is None:
        return _UNTOUCHED, "plain"
    return ("goal met", "met") if result.success else ("goal not met", "unmet")


def _outcomes(drift: FrameDrift) -> str:
    counts = [(drift.count(outcome), outcome) for outcome in Outcome]
    items = "".join(
        f'<li><i class="{"cd-dashed" if outcome is Outcome.MISSED else ""}" '
        f'style="--c:{css_colour(outcome)}"></i><b>{count}</b> {outcome}</li>'
        for count, outcome in counts
        if count
    )
    return f'<ul class="cd-legend">{items or "<li>nothing found</li>"}</ul>'


def _figures(trial: Trial, result: Result) -> list[tuple[str, str]]:
    norm, counts = trial.settings.attack.norm, result.counts
    unit = " px" if norm == "l0" else ""
    rows = [
        (f"distance, {norm}", format_eps(result.distance, norm) + unit),
        ("forwards", str(counts.forwards)),
        ("backwards", str(counts.backwards)),
        ("queries", str(counts.queries)),
        ("time", f"{result.took_ms:.0f} ms"),
    ]
    if counts.surrogate:
        rows.insert(3, ("passes of the surrogate", str(counts.surrogate)))
    if result.late:
        rows.append(("deadline", "missed"))
    if counts.stopped:
        rows.append(("search", "ended by queries or deadline"))
    return rows


def _facts(rows: list[tuple[str, str]]) -> str:
    each = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)
    return f"<dl>{each}</dl>"


def _heeded(trial: Trial) -> str:
    """The settings that this attack looks at beside goal and budget, with their values; what a fault is."""
    if trial.attack == NONE:
        name = trial.title.partition(":")[0]
        return f"<small>{escape(FAULTS[name].summary)}</small>"
    words = CATALOG[trial.attack].controls
    said = (f"{w.replace('_', ' ')} {_plain(trial.settings.word(w))}" for w in words)
    text = ", ".join(said)
    return f"<small>{escape(text)}</small>" if text else ""


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _condition(settings: Settings) -> str:
    """What holds for all of them alike."""
    attack = settings.attack
    norm, _, eps = budget_of(attack)
    budget = f"{norm} at most {eps}"
    deadline = f", deadline {attack.deadline_ms:g} ms" if attack.deadline_ms else ""
    threshold = f"threshold {settings.detector.threshold:g}"
    return escape(f"{goal_text(settings)}, {budget}, {threshold}{deadline}")
