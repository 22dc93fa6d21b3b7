"""The progress bars of long commands."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

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
from monitor.evaluation.progress import Progress as SuiteProgress


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
def suite_bar(*, json_lines: bool = False) -> Iterator[Callable[[SuiteProgress], None]]:
    """A bar on stderr for an evaluation; nothing where stderr is no terminal.

    Parameters
    ----------
    json_lines : instead, a line of JSON on stderr for every news, at most one a second and stage.
    """
    if json_lines:
        yield _json_teller()
        return
    with _bars(Console(stderr=True)) as bars:
        task = bars.add_task("frames", total=None, done="starting")

        def move(now: SuiteProgress) -> None:
            failed = f", {now.failed} cannot be read" if now.failed else ""
            done = f"clip {now.clips} of {now.clips_total}{failed}"
            if now.stage == "frames":
                frames = f"{now.frames} of {now.frames_total}" if now.frames_total else now.frames
                done += f", {frames} frames, {now.fps:.1f} a second{_left(now.left_s)}"
                bars.update(task, completed=now.frames, total=now.frames_total, done=done)
            else:
                whole = (now.clips, now.clips_total) if now.stage == "tables" else (None, None)
                bars.update(
                    task, description=now.stage, completed=whole[0], total=whole[1], done=done
                )

        yield move


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f", {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Seconds in words: "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _json_teller() -> Callable[[SuiteProgress], None]:
    last: tuple[str, float] = ("", 0.0)

    def tell(now: SuiteProgress) -> None:
        nonlocal last
        over = now.frames_total is not None and now.frames >= now.frames_total
        if now.stage == last[0] and time.monotonic() < last[1] + 1 and not over:
            return
        last = now.stage, time.monotonic()
        print(json.dumps(asdict(now)), file=sys.stderr, flush=True)

    return tell


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
