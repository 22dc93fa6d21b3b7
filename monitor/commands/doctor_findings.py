"""What a check of `camdrift doctor` says, and how one that raises or hangs is held."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from models.errors import ModelError, reason
from monitor.errors import MonitorError
from streams.errors import StreamError

T = TypeVar("T")


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer.

    Attributes
    ----------
    check : what was looked at.
    state : whether it will do.
    found : what is there.
    remedy : what to do; empty where there is nothing to be done.
    """

    check: str
    state: State
    found: str
    remedy: str = ""


def guarded(name: str, check: Callable[[], list[Finding]], remedy: str) -> list[Finding]:
    """What a check finds; where it raises, one line that is wrong; our own errors bring their remedy."""
    try:
        return check()
    except (ModelError, MonitorError, StreamError) as error:
        found, own = told(error)
        return [Finding(name, State.WRONG, found, own or remedy)]
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        return [Finding(name, State.WRONG, reason(error), remedy)]


def told(error: Exception) -> tuple[str, str]:
    """An error's line as what was found and what to do; all errors of the three packages are written so."""
    found, _, remedy = " ".join(str(error).split()).partition("; ")
    return found, remedy


def bounded(call: Callable[[], T], seconds: float) -> T:
    """The call's result. A call that hangs is left to hang in its thread, which does not hold up the end.

    Raises
    ------
    TimeoutError : there was none within that time.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - not swallowed: the caller gets it
            future.set_exception(error)

    threading.Thread(target=work, daemon=True, name="doctor").start()
    return future.result(timeout=max(seconds, 0.0))
