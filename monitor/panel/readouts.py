"""The panel's texts and figures as HTML: status, captions, legend, counters. Formatting, no arithmetic."""

from __future__ import annotations

import math
from html import escape
from typing import Final

from monitor.conditions import attack_text
from monitor.config import Settings
from monitor.distances import Norm, format_eps
from monitor.drift.matching import FrameDrift, Outcome
from monitor.margin import median_margin
from monitor.panel.tape import Tape
from monitor.panel.watch import Reading
from monitor.pictures import COLOURS
from monitor.pipeline import Observation
from monitor.status import SessionState, SessionStatus

NOTHING: Final = "\N{EN DASH}"
TIMES: Final = "\N{MULTIPLICATION SIGN}"
MINUS: Final = "\N{MINUS SIGN}"

_WORDS: Final = {
    SessionState.NEW: "starting",
    SessionState.RUNNING: "running",
    SessionState.PAUSED: "paused",
    SessionState.RECONNECTING: "reconnecting",
    SessionState.IDLE: "idle",
    SessionState.ENDED: "ended",
    SessionState.FAILED: "failed",
    SessionState.STOPPED: "stopped",
}
_MEANINGS: Final = {
    Outcome.KEPT: "found in both",
    Outcome.RELABELLED: "found as another class",
    Outcome.MISSED: "lost under attack",
    Outcome.FABRICATED: "only there under attack",
}
_STAGES: Final = {
    "wait": "wait",
    "scale": "scale",
    "clean": "clean answer",
    "attack": "attack",
    "attacked": "attacked answer",
    "drift": "compare",
    "margin": "margin",
    "draw": "draw",
}


_SHOWN_MS: Final = 0.05


def status_line(status: SessionStatus) -> str:
    """State, source and pace in one line."""
    facts = [escape(status.source or "no source")]
    if status.state is SessionState.RUNNING:
        facts.append(f"{status.fps:.1f} frames/s")
    text = "".join(f"<span>{fact}</span>" for fact in facts)
    pill = f'<b class="cd-pill cd-{status.state}">{_WORDS[status.state]}</b>'
    return f'<div class="cd-status">{pill}{text}</div>'


def halted(status: SessionStatus) -> str:
    """Why there are no new pictures, "" while there are."""
    if status.state is SessionState.FAILED:
        return _banner(status.message, "cd-bad")
    if status.trouble:
        return _banner(status.trouble, "cd-bad")
    return _banner(status.message, "cd-note") if status.state is SessionState.ENDED else ""


def note(status: SessionStatus) -> str:
    """What the session says beside its work: a source that did not open, what "auto" came to."""
    stopped = status.state in (SessionState.FAILED, SessionState.ENDED)
    return "" if stopped else _banner(status.message, "cd-note")


def refusal(reason: str) -> str:
    """Why a change was not made, "" if it was."""
    return _banner(reason, "cd-bad")


def remark(text: str) -> str:
    """Something that a visitor is told and may heed, "" where there is nothing."""
    return _banner(text, "cd-note")


def clean_caption(reading: Reading) -> str:
    """How many objects the clean answer holds."""
    seen = reading.observation
    if seen is None:
        return _caption("no frame yet")
    width, height = seen.frame.size
    found = _count(seen.drift.clean_count, "object")
    return _caption(f"{found} found", f"{width} {TIMES} {height} px, frame {seen.frame.index}")


def attacked_caption(reading: Reading, settings: Settings) -> str:
    """What became of them, and under which attack."""
    seen = reading.observation
    if seen is None:
        return _caption("no frame yet")
    return _caption(_outcomes(seen.drift), escape(attack_text(settings)))


def difference_caption(reading: Reading, settings: Settings) -> str:
    """How far the two frames are apart."""
    seen = reading.observation
    if seen is None:
        return _caption("no frame yet")
    apart = {norm: format_eps(seen.distances.under(norm), norm) for norm in Norm}
    distances = (
        f"L<sub>∞</sub> {apart[Norm.LINF]}, L<sub>2</sub> {apart[Norm.L2]}, "
        f"L<sub>1</sub> {apart[Norm.L1]}, L<sub>0</sub> {apart[Norm.L0]} px"
    )
    return _caption(distances, f"grey: unchanged, shown {TIMES} {settings.panel.amplify:g}")


def heat_caption(reading: Reading) -> str:
    """The largest change of a channel."""
    seen = reading.observation
    if seen is None:
        return _caption("no frame yet")
    most = format_eps(seen.distances.under(Norm.LINF), Norm.LINF)
    return _caption(f"brightest: largest change, at most {most}", "smoothed; dark: least changed")


def recorded(tape: Tape) -> str:
    """What is being recorded, or was last."""
    if tape.on:
        name, frames = tape.at_work()
        words = f"recording {escape(name)}, {_count(frames, 'frame')}" if name else "recording"
        return f'<span class="cd-rec" role="status"><i></i>{words}</span>'
    if tape.finishing:
        return '<span role="status">finishing the run folder</span>'
    if tape.trouble:
        return f'<span class="cd-trouble" role="alert">{escape(tape.trouble)}</span>'
    if tape.done:
        return f'<span role="status">recorded {escape(tape.done[-1])}; see Runs</span>'
    return ""


def legend() -> str:
    """The outcomes and their colours, which the boxes carry in both pictures."""
    items = "".join(
        f'<li><i class="{"cd-dashed" if outcome is Outcome.MISSED else ""}" '
        f'style="--c:{css_colour(outcome)}"></i><b>{outcome}</b> {_MEANINGS[outcome]}</li>'
        for outcome in Outcome
    )
    return f'<ul class="cd-legend" aria-label="colours of the boxes">{items}</ul>'


def counters(status: SessionStatus, reading: Reading) -> str:
    """Rates over the window, pace, cost, and milliseconds a stage."""
    rates, seen = reading.rates, reading.observation
    window = f"last {_count(reading.window, 'frame')}"
    drift = [
        ("miss rate", _percent(rates.miss_rate), window),
        ("relabel rate", _percent(rates.relabel_rate), window),
        ("fabrications", _plain(rates.fabrications_per_frame), "a frame"),
        ("attack success", _percent(rates.attack_success_rate), "goal met"),
    ]
    forwards = NOTHING if seen is None else str(seen.counts.forwards)
    backwards = NOTHING if seen is None else str(seen.counts.backwards)
    work = [
        ("frames/s", f"{status.fps:.1f}", "last 2 s"),
        ("frames", f"{status.frames:,}".replace(",", " "), f"{status.dropped} dropped"),
        ("forwards", forwards, "a frame"),
        ("backwards", backwards, _search(seen)),
    ]
    tiles = "".join(
        _tile(*row) for row in drift + track_figures(reading) + margin_figures(reading) + work
    )
    return f'<div class="cd-tiles">{tiles}</div>{stages(status)}'


def _search(seen: Observation | None) -> str:
    """What else the newest frame's attack spent, and whether it was cut short."""
    if seen is None:
        return "a frame"
    if seen.late:
        return "deadline missed"
    if seen.counts.stopped:
        return "a frame; stopped early"
    return "a frame"


def track_figures(reading: Reading) -> list[tuple[str, str, str]]:
    """(name, value, unit) of what tracking says; times and switches since the attack was last changed."""
    figures, counts = reading.tracks, reading.track_counts
    switches = NOTHING if figures.track_switches is None else str(figures.track_switches)
    lost = f"{counts.tracks_lost} of {_count(counts.tracks_attacked, 'track')}"
    time, unit = _time(figures.time_to_loss_s, figures.time_to_loss_frames)
    return [
        ("lost now", str(reading.lost_now), f"of {_count(reading.in_sight, 'track')}"),
        ("switches", switches, f"{_count(counts.tracks, 'track')} so far"),
        (f"time to loss{unit}", time, f"median, {lost}" if counts.tracks_lost else "none was lost"),
        ("trails apart", _pixels(reading.distance_px), "px, the widest pair"),
    ]


def margin_figures(reading: Reading) -> list[tuple[str, str, str]]:
    """The robustness margin of the newest frame that was searched and the median."""
    if not reading.margins:
        return [("margin", NOTHING, "set margin every, or fmn")]
    norm = reading.norm
    known = [margin for margin in reading.margins if math.isfinite(margin)]
    newest = reading.margins[-1]
    shown = format_eps(newest, norm) if math.isfinite(newest) else "none found"
    middle = median_margin(reading.margins)
    words = NOTHING if middle is None else format_eps(middle, norm)
    fell = f"{len(known)} of {_count(len(reading.margins), 'frame')} fell"
    return [
        ("margin", shown, f"{norm}, the newest frame"),
        ("median margin", words, f"{norm}, {fell}"),
    ]


def stages(status: SessionStatus) -> str:
    """Milliseconds a stage, mean over the last two seconds, as a bar in proportion and in figures."""
    times = {name: status.stages_ms.get(name, 0.0) for name in _STAGES}
    if times["margin"] < _SHOWN_MS:  # most sessions measure none
        del times["margin"]
    bar = "".join(f'<i style="flex-grow:{value:.3f}"></i>' for value in times.values())
    figures = "".join(
        f"<li><i></i>{_STAGES[name]} <b>{value:.1f}</b> ms</li>" for name, value in times.items()
    )
    return (
        f'<div class="cd-stages"><h4>capture to picture, {status.latency_ms:.0f} ms</h4>'
        f'<div class="cd-bar" aria-hidden="true">{bar}</div><ul>{figures}</ul></div>'
    )


def css_colour(outcome: Outcome) -> str:
    """An outcome's colour as CSS writes it."""
    blue, green, red = COLOURS[outcome]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _banner(text: str, look: str) -> str:
    return f'<div class="cd-banner {look}" role="alert">{escape(text)}</div>' if text else ""


def _caption(main: str, side: str = "") -> str:
    return f'<div class="cd-caption"><span>{main}</span><span>{side}</span></div>'


def _outcomes(drift: FrameDrift) -> str:
    counts = [(drift.count(outcome), outcome) for outcome in Outcome]
    return ", ".join(f"{count} {outcome}" for count, outcome in counts if count) or "nothing found"


def _tile(name: str, value: str, unit: str) -> str:
    return f"<div><span>{name}</span><b>{value}</b><small>{unit}</small></div>"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _time(seconds: float | None, frames: float | None) -> tuple[str, str]:
    """A time and its unit: seconds, or frames where the source has no clock."""
    if seconds is not None:
        return f"{seconds:.2f}", " [s]"
    return (NOTHING, "") if frames is None else (f"{frames:g}", " [frames]")


def _pixels(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.0%}".replace("%", " %")


def _plain(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def outcomes_in_words(drift: FrameDrift) -> str:
    """How many objects ended how: "2 missed, 1 fabricated"."""
    counts = [(drift.count(outcome), outcome) for outcome in Outcome]
    return ", ".join(f"{count} {outcome}" for count, outcome in counts if count) or "nothing found"
