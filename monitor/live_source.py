"""Settings -> the source of a live session, started."""

from __future__ import annotations

from collections.abc import Callable

from monitor.config import Settings, StreamSettings
from streams.clock import Clock
from streams.opening import AUTO, open_source, resolve_auto
from streams.patience import Patience
from streams.producers.visitor import Mailbox
from streams.reconnect import Reconnect
from streams.source import VideoSource

OpenSource = Callable[[Settings, Clock], VideoSource]


def open_live(settings: Settings, clock: Clock, *, mailbox: Mailbox | None = None) -> VideoSource:
    """The source of a live session: released at its own pace, a file over and over if `loop` says so."""
    return open_source(
        settings.stream.source,
        seed=settings.run.seed,
        pace=True,
        loop=settings.stream.loop,
        patience=patience_of(settings.stream),
        mailbox=mailbox,
        apart=True,
        clock=clock,
    )


def patience_of(words: StreamSettings) -> Patience:
    """Section [stream] in the words of the package `streams`."""
    most = words.reconnect_wait
    return Patience(
        open_timeout=words.open_timeout,
        read_timeout=words.read_timeout,
        reconnect=Reconnect(
            attempts=None if words.reconnect < 0 else words.reconnect,
            first=min(0.5, most),
            most=most,
        ),
        max_age=words.max_age or None,
        frozen_after=words.frozen_after or None,
        # V4L2 itself waits 10 s for a picture.
        stall=max(20.0, 2 * (words.open_timeout + words.read_timeout)),
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
