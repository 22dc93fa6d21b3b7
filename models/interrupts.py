"""Ctrl-C that cannot get lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts() -> Iterator[Callable[[], None]]:
    """Take SIGINT and SIGTERM as KeyboardInterrupt, at once and, if that got lost, at the next check.

    Python raises wherever the main thread happens to be, and a bare `except:` in a library that is being
    imported there swallows it: a batch was seen to run on after Ctrl-C in its first frame, and a training
    too. What this gives is to be called once a frame, or a step; it raises if there was a signal. Outside
    the main thread signals stay as they are.
    """
    asked = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        del number, frame
        asked.set()
        raise KeyboardInterrupt

    def check() -> None:
        if asked.is_set():
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield check
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
