"""The progress bars of long commands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from monitor.evaluate import EvaluateProgress


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[EvaluateProgress], None]]:
    """A bar on stderr, and the callback that moves it; nothing where stderr is no terminal."""
    with _bars(Console(stderr=True)) as bars:
        task = bars.add_task(name, total=None, done="starting")

        def move(progress: EvaluateProgress) -> None:
            frames = (
                f"{progress.frames} of {progress.total}" if progress.total else f"{progress.frames}"
            )
            done = f"{frames} frames, {progress.fps:.1f} a second"
            bars.update(task, completed=progress.frames, total=progress.total, done=done)

        yield move


@contextmanager
def steps_bar() -> Iterator[Callable[[str, int, int, str], None]]:
    """A bar on stderr for work in several parts; where stderr is no terminal a line every tenth of a part.

    The callback takes (what is done, how much of it, of how much, in words).
    """
    console = Console(stderr=True)
    told: dict[str, int] = {}
    with _bars(console) as bars:
        tasks: dict[str, TaskID] = {}

        def move(what: str, done: int, of: int, words: str) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of, done=words)
            bars.update(tasks[what], completed=done, total=of, done=words)
            tenth = 10 * done // max(of, 1)
            if not console.is_terminal and tenth > told.get(what, -1):
                told[what] = tenth
                print(f"{what}: {done} of {of}, {words}", file=sys.stderr, flush=True)

        yield move


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[done]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
