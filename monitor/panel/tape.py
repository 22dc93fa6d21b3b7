"""Recording from the panel: a button that begins a run folder and ends it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from monitor.command_line import live_command
from monitor.errors import MonitorError
from monitor.pipeline import Observation
from monitor.recording import Recorder
from monitor.session import Session


class Tape:
    """Records every session of the panel while it is on. Any thread may call it.

    Parameters
    ----------
    sessions : each gets a run folder of its own.
    """

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._sessions = tuple(sessions)
        self._lock = threading.Lock()
        self._recorders: dict[Session, Recorder] = {}
        self._finishing: threading.Thread | None = None
        self._done: list[Path] = []
        self._trouble = ""
        for session in self._sessions:
            session.add_sink(partial(self._take, session))

    @property
    def on(self) -> bool:
        """True while frames are written."""
        return bool(self._recorders)

    @property
    def finishing(self) -> bool:
        """True while the folders of the last recording are finished."""
        return self._finishing is not None and self._finishing.is_alive()

    @property
    def trouble(self) -> str:
        """Why the last recording broke off; "" if it did not."""
        return self._trouble

    @property
    def done(self) -> tuple[str, ...]:
        """The runs that were recorded since the start, oldest first."""
        with self._lock:
            return tuple(folder.name for folder in self._done)

    def at_work(self) -> tuple[str, int]:
        """(name, frames) of the run that is written now; the first session's where there are several."""
        recorder = next(iter(self._recorders.values()), None)
        return ("", 0) if recorder is None else (recorder.run, recorder.frames)

    def press(self) -> None:
        """Begin, or end and finish in a thread of its own."""
        if self.on:
            self._end()
            return
        if self.finishing:
            return
        with self._lock:
            self._trouble = ""
            self._recorders = {
                session: Recorder(
                    session, command=live_command(session.settings), on_finished=self._note
                )
                for session in self._sessions
            }

    def close(self, timeout: float = 10.0) -> None:
        """End and wait for what is finished."""
        self._end()
        if self._finishing is not None:
            self._finishing.join(timeout)

    def _take(self, session: Session, seen: Observation) -> None:
        """In a session's loop."""
        if not self._recorders:
            return
        with self._lock:
            recorder = self._recorders.get(session)
            if recorder is None:
                return
            try:
                recorder(seen)
                return
            except (MonitorError, OSError) as error:
                self._trouble = f"the recording broke off: {error}"
        self._end()

    def _end(self) -> None:
        with self._lock:
            recorders, self._recorders = list(self._recorders.values()), {}
            if not recorders:
                return
            self._finishing = threading.Thread(
                target=self._finish, args=(recorders,), name="camdrift-tape", daemon=True
            )
            self._finishing.start()

    def _finish(self, recorders: list[Recorder]) -> None:
        for recorder in recorders:
            try:
                recorder.close()
            except (MonitorError, OSError) as error:
                self._trouble = f"the recording could not be finished: {error}"

    def _note(self, folder: Path) -> None:
        with self._lock:
            self._done.append(folder)
