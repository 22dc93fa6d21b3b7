"""Jobs for engines: at the top of a module, so that another process can import them."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def doubled(number: int) -> int:
    return 2 * number


def refused(number: int) -> int:
    if number == 3:
        raise ValueError("three is refused")
    return number


def deadly_once(order: tuple[int, str]) -> int:
    """Dies at the first try of number 3, and leaves a mark that the second finds."""
    number, folder = order
    mark = Path(folder) / "died"
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def deadly(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def process(number: int) -> int:
    del number
    return os.getpid()
