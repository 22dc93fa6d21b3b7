"""The settings as the part of the page's address after '#', so that a demonstration can be shared as a link.

That part never reaches the server's logs: a browser does not send it. A link changes nothing by itself:
whoever opens it is asked, for others may be looking at the same session, and any page can open a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from monitor.config import Settings
from monitor.distances import Norm
from monitor.panel.controls import WORDS
from streams.naming import without_credentials
from streams.opening import SCENE_PREFIX

TABS: Final = ("live", "sweep", "compare", "runs", "learn")
"""The tabs by their word in the address, in the order in which they stand."""

_ALWAYS: Final = ("source", "attack", "norm", "eps")
_LONGEST: Final = 2000  # characters


def address_of(settings: Settings) -> str:
    """The panel's settings that differ from the defaults, and those that say what a demonstration is."""
    usual = Settings()
    told: dict[str, str] = {}
    for word in WORDS:
        value = settings.word(word)
        if word == "source":
            if value != without_credentials(value):
                continue  # a camera's login is for nobody's eyes
        elif word not in _ALWAYS and value == usual.word(word):
            continue
        told[word] = _spelled(word, value, settings.attack.norm)
    return urlencode(told, safe="/:,")


def changes_of(fragment: str, settings: Settings) -> dict[str, str]:
    """What a link asks for that does not hold already; words that are no settings of it are left out."""
    asked = dict(parse_qsl(fragment.removeprefix("#")[:_LONGEST], keep_blank_values=True))
    held = dict(parse_qsl(address_of(settings), keep_blank_values=True))
    usual = dict(parse_qsl(address_of(Settings()), keep_blank_values=True))
    return {
        word: value
        for word, value in asked.items()
        if word in WORDS and value != held.get(word, usual.get(word))
    }


def tab_of(fragment: str) -> str:
    """The tab that a link opens; the first where it names none that there is."""
    named = dict(parse_qsl(fragment.removeprefix("#")[:_LONGEST])).get("tab", "")
    return named if named in TABS else TABS[0]


def sharable(changes: Mapping[str, str]) -> bool:
    """False where a link asks for a source other than a scene: a link switches on no camera."""
    source = changes.get("source")
    return source is None or source.startswith(SCENE_PREFIX)


def _spelled(word: str, value: Any, norm: Norm) -> str:
    if word == "eps" and norm is Norm.LINF:
        return f"{round(value * 255, 4):g}/255"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
