"""Settings -> the source of a live session, started."""

from __future__ import annotations

from collections.abc import Callable

from monitor.config import Settings
from streams.clock import Clock
from streams.opening import AUTO, open_source, resolve_auto
from streams.source import VideoSource

OpenSource = Callable[[Settings, Clock], VideoSource]


def open_live(settings: Settings, clock: Clock) -> VideoSource:
    """The source of a live session: released at its own pace, a file over and over if `loop` says so."""
    return open_source(
        settings.stream.source,
        seed=settings.run.seed,
        pace=True,
        loop=settings.stream.loop,
        clock=clock,
    )


def start_source(
    settings: Settings, open_live: OpenSource, clock: Clock
) -> tuple[VideoSource, str]:
    """(the source, running; what "auto" came to, or ""). What does not start is closed.

    Raises
    ------
    StreamError : it cannot be opened.
    """
    spec, note = settings.stream.source, ""
    if spec == AUTO:
        choice = resolve_auto(clock=clock)
        spec, note = choice.spec, choice.why
    source = open_live(settings.changed({"source": spec}), clock)
    try:
        source.start()
    except BaseException:
        source.close()
        raise
    return source, note
