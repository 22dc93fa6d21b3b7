"""Every setting of config.toml as a command-line option of the same word."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from monitor.command_line import NOT_ON_THE_COMMAND_LINE
from monitor.config import load, sections

LOCAL_CONFIG = Path("config.toml")
"""Read when it lies in the working folder and no other is named."""


def with_settings(
    *chosen: str, without: Iterable[str] = (), several_sources: bool = False
) -> Callable[..., Any]:
    """Give a command `f(settings, ...)` one option for each word of these sections of config.toml.

    What is given on the command line comes before the file, the file before the defaults. Values are
    taken as text and checked where the file's are, so that both are refused in the same words.

    Parameters
    ----------
    chosen : names of config.toml's sections, in the order of the help text.
    without : words that mean nothing to this command.
    several_sources : `--source` may be given again; what follows the first goes to `also`.
    """
    skipped = {*without, *NOT_ON_THE_COMMAND_LINE}
    fields = {
        word: setting
        for section in chosen
        for word, setting in sections()[section].model_fields.items()
        if word not in skipped
    }

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapper(**given: Any) -> None:
            config = given.pop("config")
            path = config or (LOCAL_CONFIG if LOCAL_CONFIG.is_file() else None)
            changes = {word: given.pop(word) for word in fields}
            if several_sources and changes["source"]:
                changes["source"], *others = changes["source"]
                changes["also"] = tuple(others) if changes["also"] is None else changes["also"]
            settings = load(path).changed(
                {word: value for word, value in changes.items() if value not in (None, [])}
            )
            command(settings=settings, **given)

        hints = get_type_hints(command, include_extras=True)
        own = [
            parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
            for name, parameter in inspect.signature(command).parameters.items()
            if name != "settings"
        ]
        again = {"source"} if several_sources else set()
        options = [
            _config_option(),
            *(_option(word, setting, again=word in again) for word, setting in fields.items()),
        ]
        parameters = [*own, *options]
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        del wrapper.__wrapped__
        return wrapper

    return decorate


def _config_option() -> inspect.Parameter:
    help_text = "settings to start from [default: ./config.toml if there is one]"
    annotation = Annotated[Path | None, typer.Option("--config", metavar="FILE", help=help_text)]
    return _parameter("config", annotation)


def _option(word: str, setting: Any, *, again: bool = False) -> inspect.Parameter:
    flag = "--" + word.replace("_", "-")
    default = setting.default
    text = str(setting.description)
    if isinstance(default, bool):
        names = f"{flag}/--no-{flag[2:]}"
        shown = f"{text} [default: {'yes' if default else 'no'}]"
        return _parameter(word, Annotated[bool | None, typer.Option(names, help=shown)])
    shown = f"{text} [default: {_shown(word, default)}]"
    if again:
        shown = f"{text}; again for more beside it [default: {_shown(word, default)}]"
        return _parameter(
            word, Annotated[list[str] | None, typer.Option(flag, metavar="TEXT", help=shown)]
        )
    kind = {int: "N", float: "X"}.get(type(default), "TEXT") if word != "eps" else "EPS"
    return _parameter(word, Annotated[str | None, typer.Option(flag, metavar=kind, help=shown)])


def _shown(word: str, default: object) -> str:
    if word == "eps":
        return "4/255"
    if isinstance(default, tuple):
        return ", ".join(_shown(word, part) for part in default) or "none"
    return f"{default:g}" if isinstance(default, float) else str(default)


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )
