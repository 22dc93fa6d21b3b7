"""The progress bar of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from monitor.evaluate import EvaluateProgress


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[EvaluateProgress], None]]:
    """A bar on stderr, and the callback that moves it; nothing where stderr is no terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[done]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(name, total=None, done="starting")

        def move(progress: EvaluateProgress) -> None:
            frames = (
                f"{progress.frames} of {progress.total}" if progress.total else f"{progress.frames}"
            )
            done = f"{frames} frames, {progress.fps:.1f} a second"
            bar.update(task, completed=progress.frames, total=progress.total, done=done)

        yield move
