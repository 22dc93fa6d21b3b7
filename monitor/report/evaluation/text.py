"""Words from outside (names of clips, reasons of errors) made fit to be printed."""

from __future__ import annotations

import unicodedata
from typing import Final

_LONGEST: Final = 160
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def shown(value: object, longest: int = _LONGEST) -> str:
    """A text on one line: what cannot be seen is spelled "‹U+202E›", what is too long is cut in its middle.

    A name with a sign that turns the direction of writing would otherwise read as another name on the page
    that is signed.
    """
    text = " ".join(str(value).split(" "))
    line = "".join(
        spelled(sign) if unicodedata.category(sign) in _HIDDEN else sign
        for sign in text.replace("\n", " ").replace("\t", " ")
    )
    if len(line) <= longest:
        return line
    head = (longest - 3) * 2 // 3
    return f"{line[:head]} … {line[len(line) - (longest - 3 - head) :]}"


def spelled(sign: str) -> str:
    """A sign that cannot be shown, "‹U+202E›"."""
    return f"\u2039U+{ord(sign):04X}\u203a"


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun, "1 clip" or "12,000 clips"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: list[str], most: int = 12) -> str:
    """Names in a row, "a, b and c"; beyond `most` the rest is counted."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def capital(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]
