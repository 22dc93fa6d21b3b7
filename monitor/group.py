"""Several cameras at once: a session each, one model, one of them in view."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from models.detector import Detector
from monitor.assembly import load_detector
from monitor.broadcast import Broadcast
from monitor.config import ModelSettings, Settings
from monitor.pipeline import Observation
from monitor.session import Session, Sink
from monitor.status import SessionState, SessionStatus
from monitor.turns import Turns
from streams.errors import SourceUnreadable
from streams.opening import VISITOR
from streams.producers.visitor import Mailbox


class SharedModel:
    """Loads a model once for all who ask for the same one in turn."""

    def __init__(self, load: Callable[[Settings], Detector] = load_detector) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._held: tuple[tuple[str, ModelSettings], Detector] | None = None

    def __call__(self, settings: Settings) -> Detector:
        """The model that the settings name."""
        wanted = settings.detector.model, settings.model
        with self._lock:
            if self._held is None or self._held[0] != wanted:
                self._held = wanted, self._load(settings)
            return self._held[1]


class Group:
    """Sessions on several sources that are driven as one; see `monitor.live.Live`.

    Settings hold for all of them, but for `source`, which is that of the session in view. They share the
    model and take turns with it, so that N cameras run at an Nth of the rate of one each.

    Parameters
    ----------
    sessions : at least one, not started.
    """

    def __init__(self, sessions: Sequence[Session]) -> None:
        if not sessions:
            raise ValueError("a group takes at least one session")
        self.sessions = tuple(sessions)
        self._view = 0

    @classmethod
    def of(
        cls, settings: Settings, *, load_model: Callable[[Settings], Detector] = load_detector
    ) -> Group:
        """A session for `source` and for each of `also`."""
        turns, model = Turns(), SharedModel(load_model)
        sources = (settings.stream.source, *settings.stream.also)
        return cls(
            [
                Session(settings.changed({"source": source}), turn=turns, load_model=model)
                for source in sources
            ]
        )

    @property
    def view(self) -> int:
        """Which session is in view, from 0."""
        return self._view

    def show(self, number: int) -> None:
        """Bring another session into view; IndexError where there is none of that number."""
        if not 0 <= number < len(self.sessions):
            raise IndexError(f"there are {len(self.sessions)} cameras, from 0; got {number}")
        self._view = number

    @property
    def shown(self) -> Session:
        """The session in view."""
        return self.sessions[self._view]

    @property
    def settings(self) -> Settings:
        """Those of the session in view."""
        return self.shown.settings

    @property
    def applied(self) -> Settings:
        """Those of the session in view."""
        return self.shown.applied

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class id -> name."""
        return self.shown.class_names

    @property
    def model(self) -> Detector | None:
        """The model that they share."""
        return self.shown.model

    @property
    def status(self) -> SessionStatus:
        """That of the session in view."""
        return self.shown.status

    @property
    def broadcast(self) -> Broadcast[Observation]:
        """That of the session in view."""
        return self.shown.broadcast

    @property
    def mailbox(self) -> Mailbox:
        """That of the session in view."""
        return self.shown.mailbox

    def note_stage(self, stage: str, ms: float) -> None:
        """To the session in view."""
        self.shown.note_stage(stage, ms)

    def add_sink(self, sink: Sink) -> None:
        """Call `sink` with every observation of whichever session is in view."""
        for session in self.sessions:
            session.add_sink(self._if_shown(session, sink))

    def start(self) -> None:
        """Start all of them. One whose source does not open stands failed, and the others run.

        Raises
        ------
        StreamError : not a single source opens.
        ModelError, MonitorError : the model or a setting is no good.
        """
        alone = len(self.sessions) == 1 and self.settings.stream.source != VISITOR
        for session in self.sessions:
            session.start(lenient=not alone)
        states = [session.status for session in self.sessions]
        if len(states) > 1 and all(status.state is SessionState.FAILED for status in states):
            raise SourceUnreadable(states[0].message)

    def stop(self, timeout: float = 2.0) -> None:
        """End all of them at once, so that one that hangs does not hold up the others."""
        ending = [
            threading.Thread(target=session.stop, args=(timeout,), daemon=True)
            for session in self.sessions
        ]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join(timeout + 1.0)

    def pause(self) -> None:
        """Stand still, all of them."""
        for session in self.sessions:
            session.pause()

    def resume(self) -> None:
        """Go on, all of them."""
        for session in self.sessions:
            session.resume()

    def apply(self, changes: Mapping[str, object]) -> Settings:
        """Change settings of all, `source` of the one in view; what is refused changes nothing."""
        wanted = self.shown.apply(changes)
        shared = {word: value for word, value in changes.items() if word != "source"}
        if shared or not changes:
            for session in self.sessions:
                if session is not self.shown:
                    session.apply(shared)
        return wanted

    @contextmanager
    def viewer(self) -> Iterator[None]:
        """While this is open somebody watches all of them."""
        with ExitStack() as stack:
            for session in self.sessions:
                stack.enter_context(session.viewer())
            yield

    def _if_shown(self, session: Session, sink: Sink) -> Sink:
        def sink_if_shown(seen: Observation) -> None:
            if session is self.shown:
                sink(seen)

        return sink_if_shown
