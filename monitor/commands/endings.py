"""How a command ends, and how it shows what it found."""

from __future__ import annotations

import sys
from typing import Any, Final, NoReturn

ERROR: Final = 2
"""Exit code of whatever the user can mend: input, settings, a full disk."""

STOPPED: Final = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""


def printed(what: Any) -> None:
    """Show a table, or whatever else rich draws."""
    from rich.console import Console

    Console().print(what)


def with_notes(message: str, error: BaseException) -> str:
    """A message and the notes of an error, on one line."""
    return " ".join("; ".join([message, *getattr(error, "__notes__", [])]).split())


def leave(message: str, code: int) -> NoReturn:
    """Say why on stderr and end with this exit code."""
    print(f"camdrift: {message}", file=sys.stderr)
    sys.exit(code)
