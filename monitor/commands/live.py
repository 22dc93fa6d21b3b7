"""`camdrift live`: a session, perhaps a recorder, and the panel in front of them."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Sequence

from monitor.config import Settings
from monitor.group import Group
from monitor.panel import serve
from monitor.recording import Recorder
from monitor.video import check_video


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
    check_video(settings)
    say("loading the detector and compiling; a few seconds, longer the first time ...")
    group = Group.of(settings)
    recorders = [
        Recorder(session, command=command, on_finished=lambda folder: say(f"recorded: {folder}"))
        for session in group.sessions
        if settings.run.record
    ]
    for session, recorder in zip(group.sessions, recorders, strict=False):
        session.add_sink(recorder)

    def ready(url: str) -> None:
        for status in (session.status for session in group.sessions):
            told = f" ({status.message})" if status.message else ""
            say(f"source: {status.source or 'none yet'}{told}")
        say(f"panel:  {url}   (Ctrl-C ends it)")
        if open_browser:
            webbrowser.open(url)

    try:
        serve(group, settings, on_ready=ready)
    finally:
        group.stop()
        if recorders and settings.run.video != "none":
            say("finishing the video and looking at it once more ...")
        for recorder in recorders:
            recorder.close()
