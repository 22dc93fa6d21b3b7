"""`camdrift live`: a session, perhaps a recorder, and the panel in front of them."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Sequence

from monitor.config import Settings
from monitor.panel import serve
from monitor.recording import Recorder
from monitor.session import Session


def run_live(
    settings: Settings,
    *,
    open_browser: bool,
    say: Callable[[str], None],
    command: Sequence[str] = (),
) -> None:
    """Open the source, serve the panel, and tidy up when it is told to end (Ctrl-C).

    Raises
    ------
    ConfigError, StreamError, ModelError : what cannot be opened, before anything is served.
    RunError : a recording that could not be finished.
    """
    say("loading the detector and compiling; a few seconds, longer the first time ...")
    session = Session(settings)
    recorder = Recorder(
        session, command=command, on_finished=lambda folder: say(f"recorded: {folder}")
    )
    if settings.run.record:
        session.add_sink(recorder)

    def ready(url: str) -> None:
        status = session.status
        say(f"source: {status.source}" + (f" ({status.message})" if status.message else ""))
        say(f"panel:  {url}   (Ctrl-C ends it)")
        if open_browser:
            webbrowser.open(url)

    try:
        serve(session, settings, on_ready=ready)
    finally:
        session.stop()
        recorder.close()
