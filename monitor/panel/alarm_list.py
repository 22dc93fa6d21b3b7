"""The newest alarms as HTML, each with its evidence. Formatting, no arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from monitor.alarm_facts import ALARMS
from monitor.alarming import Alarm, Evidence

MOST: Final = 5
"""Alarms that are shown; the API has the last hundred."""

_NAMES: Final = {
    Evidence.BEFORE: "before",
    Evidence.CHANGE: "at the change",
    Evidence.CALL: "at the call",
}


def alarm_list(alarms: Sequence[Alarm], *, on: bool) -> str:
    """The newest first, the frames of each under a fold.

    Parameters
    ----------
    alarms : oldest first.
    on : False: none will come, for the settings have them off.
    """
    if not alarms:
        words = "none so far" if on else "off: `alarms = true` in config.toml turns them on"
        return f'<p class="cd-hint">{words}</p>'
    items = "".join(_item(alarm) for alarm in list(alarms)[: -MOST - 1 : -1])
    more = len(alarms) - MOST
    rest = f'<li class="cd-aside">and {more} before these</li>' if more > 0 else ""
    return f'<ul class="cd-alarms" aria-label="alarms, newest first">{items}{rest}</ul>'


def _item(alarm: Alarm) -> str:
    at = datetime.fromtimestamp(alarm.at, UTC)
    shots = "".join(
        f'<figure><a class="cd-screen" href="{_place(alarm, which)}" target="_blank">'
        f'<img loading="lazy" src="{_place(alarm, which)}" alt="{name}: clean beside attacked"></a>'
        f"<figcaption>{name}, frame {frame}</figcaption></figure>"
        for (which, name), frame in zip(_NAMES.items(), alarm.frames, strict=True)
    )
    return (
        f"<li><details><summary><time>{at:%H:%M:%S} UTC</time> <b>alarm {alarm.number}</b> "
        f"<span>{escape(alarm.words)}; {escape(alarm.attack)}; seen by {escape(str(alarm.change.detector))}"
        f'</span></summary><div class="cd-evidence">{shots}</div></details></li>'
    )


def _place(alarm: Alarm, which: Evidence) -> str:
    return f"{ALARMS}/{alarm.number}/{which}.jpg"
