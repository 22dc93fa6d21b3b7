"""`camdrift live`: a session, perhaps a recorder, and the panel in front of them."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from monitor.config import Settings
from monitor.panel import check_address, serve
from monitor.runs import RunWriter
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
    """
    check_address(settings)  # before the camera's light goes on
    say("loading the detector and compiling (a few seconds the first time) ...")
    session = Session(settings)
    with ExitStack() as stack:
        stack.callback(session.stop)
        session.prepare()
        status = session.status
        say(f"source: {status.source}" + (f" ({status.message})" if status.message else ""))
        if settings.run.record:
            writer = stack.enter_context(_recorder(session, settings, command))
            stack.callback(session.stop)  # the last frame is in before the recorder closes
            session.add_sink(writer.add)
            say(f"recording into {settings.run.runs}")
        session.start()

        def ready(url: str) -> None:
            say(f"panel:  {url}   (Ctrl-C ends it)")
            if open_browser:
                webbrowser.open(url)

        serve(session, settings, on_ready=ready)


def _recorder(session: Session, settings: Settings, command: Sequence[str]) -> RunWriter:
    name = session.status.source
    file = Path(settings.stream.source)
    return RunWriter(
        settings,
        name,
        class_names=session.class_names,
        input_file=file if file.is_file() else None,
        command=command,
    )
