"""What may follow a scene's name: `road?frames=300&width=320`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any

Value = int | float | bool | str
"""What an option is read as."""

LARGEST_SIDE = 3840
"""Pixels; a rendered frame is no wider or taller."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: how its text is read, and what to write instead when it cannot be.

    Attributes
    ----------
    read : text -> value; raises ValueError.
    wanted : what a good value is, to finish the sentence "... takes".
    """

    read: Callable[[str], Value]
    wanted: str


def whole(low: int, high: int) -> Option:
    """An option that takes a whole number from `low` to `high`."""

    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return Option(read, f"a whole number from {low} to {high}")


def number(low: float, high: float) -> Option:
    """An option that takes a number from `low` to `high`."""

    def read(text: str) -> float:
        value = float(text)
        if not (isfinite(value) and low <= value <= high):
            raise ValueError(text)
        return value

    return Option(read, f"a number from {low:g} to {high:g}")


def one_of(*names: str) -> Option:
    """An option that takes one of some words."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    return Option(read, " or ".join(names))


def switch() -> Option:
    """An option that is on or off; without a value it is on."""
    words = {
        "": True,
        "1": True,
        "yes": True,
        "true": True,
        "0": False,
        "no": False,
        "false": False,
    }

    def read(text: str) -> bool:
        if text.lower() not in words:
            raise ValueError(text)
        return words[text.lower()]

    return Option(read, "1 or 0")


def words(meaning: str) -> Option:
    """An option that takes any text but none."""

    def read(text: str) -> str:
        if not text:
            raise ValueError(text)
        return text

    return Option(read, meaning)


COMMON: Mapping[str, Option] = {
    "width": whole(64, LARGEST_SIDE),
    "height": whole(64, LARGEST_SIDE),
    "fps": number(1, 240),
    "frames": whole(1, 10_000_000),
}
"""Options of every scene: pixels, pixels, frames a second, frames in all."""


def read_options(text: str, known: Mapping[str, Option]) -> dict[str, Any]:
    """Read `key=value&key=value`.

    Parameters
    ----------
    text : what stands behind the question mark; may be empty.
    known : the options that there are.

    Raises
    ------
    ValueError : an unknown option (the nearest is named), one given twice, or a value that it does not take.
    """
    found: dict[str, Any] = {}
    for part in filter(None, text.split("&")):
        key, _, value = part.partition("=")
        if key not in known:
            near = get_close_matches(key.lower(), known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise ValueError(f"there is no option {key!r}; {hint}")
        if key in found:
            raise ValueError(f"the option {key} is given twice; give it once")
        try:
            found[key] = known[key].read(value)
        except ValueError:
            raise ValueError(f"{key} takes {known[key].wanted}, got {value!r}") from None
    return found
