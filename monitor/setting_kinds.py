"""What sections of config.toml are made of: the section itself, and values written in more than one way."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from monitor.distances import parse_eps
from monitor.errors import ConfigError


class Section(BaseModel):
    """A section: frozen, without unknown keys, its defaults checked like any value."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def _eps(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("write a fraction like 4/255 or a number like 0.0157")
    try:
        return parse_eps(value)
    except ConfigError:
        raise ValueError("write a fraction like 4/255 or a number like 0.0157") from None


def _listed(value: object) -> object:
    """A list in TOML, text with commas on the command line."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _three(value: object) -> object:
    """Three numbers; one stands for all three."""
    value = [value] if isinstance(value, int | float) else _listed(value)
    return list(value) * 3 if isinstance(value, list | tuple) and len(value) == 1 else value


def _size(value: object) -> object:
    """A size in one spelling: "auto", "640x480", or 640 for a square."""
    if value == "auto":
        return value
    sides = str(value).lower().split("x")
    if len(sides) > 2 or not all(side.strip().isdecimal() and int(side) for side in sides):
        raise ValueError('write "auto", width x height like "640x480", or one number for a square')
    return f"{int(sides[0])}x{int(sides[-1])}"


Eps = Annotated[float, BeforeValidator(_eps)]
Size = Annotated[str, BeforeValidator(_size)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Triple = Annotated[tuple[float, float, float], BeforeValidator(_three)]
