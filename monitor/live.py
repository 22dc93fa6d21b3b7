"""What a panel drives: one session, or several as one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from models.detector import Detector
from monitor.broadcast import Broadcast
from monitor.config import Settings
from monitor.pipeline import Observation
from monitor.session import Sink
from monitor.status import SessionStatus
from streams.producers.visitor import Mailbox


class Live(Protocol):
    """The part of `monitor.session.Session` that the panel calls; `monitor.group.Group` has it too."""

    @property
    def settings(self) -> Settings:
        """The settings that hold from the next frame on."""
        ...

    @property
    def applied(self) -> Settings:
        """The settings under which the newest frame was worked on."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class id -> name of the model at work."""
        ...

    @property
    def model(self) -> Detector | None:
        """The model at work."""
        ...

    @property
    def status(self) -> SessionStatus:
        """A snapshot."""
        ...

    @property
    def broadcast(self) -> Broadcast[Observation]:
        """The newest observation; another one where another session came into view."""
        ...

    @property
    def mailbox(self) -> Mailbox:
        """Where a visitor's pictures arrive."""
        ...

    def note_stage(self, stage: str, ms: float) -> None:
        """A stage outside the loop took so long on a frame."""
        ...

    def add_sink(self, sink: Sink) -> None:
        """Call `sink` with every observation of what is in view."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self, timeout: float = 2.0) -> None:
        """End."""
        ...

    def pause(self) -> None:
        """Stand still."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...

    def apply(self, changes: Mapping[str, object]) -> Settings:
        """Change settings by word."""
        ...

    def viewer(self) -> AbstractContextManager[None]:
        """While this is open somebody watches."""
        ...
