"""A live session on a photograph, for the tests of all that is driven by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from models.centerface import CenterFace
from monitor.config import Settings
from monitor.session import Session
from monitor.status import SessionState
from streams.clock import Clock
from streams.frame import SourceProperties
from streams.producers.producer import Picture
from streams.source import VideoSource

PATIENCE = 10.0
"""Seconds that a test waits for something that takes milliseconds."""


class Stills:
    """A producer of one photograph, over and over or a number of times; may fail on the way."""

    def __init__(
        self, picture: np.ndarray, count: int | None = None, error: Exception | None = None
    ) -> None:
        self.picture, self.count, self.error = picture, count, error
        self.given = 0
        self.closed = False

    def open(self) -> SourceProperties:
        height, width = self.picture.shape[:2]
        return SourceProperties("stills", width, height, 25.0, self.count, live=False)

    def read(self) -> Picture | None:
        if self.count is not None and self.given >= self.count:
            if self.error is not None:
                raise self.error
            return None
        self.given += 1
        return Picture(self.picture, self.given / 25)

    def close(self) -> None:
        self.closed = True


def settings(**words: object) -> Settings:
    return Settings().changed({"source": "stills", "idle_after": 0, **words})


@contextmanager
def running(
    faces: CenterFace, producer: Callable[[], object], **words: object
) -> Iterator[Session]:
    def opened(_: Settings, clock: Clock) -> VideoSource:
        return VideoSource(producer, clock=clock, name="stills")  # type: ignore[arg-type]

    session = Session(settings(**words), open_live=opened, load_model=lambda _: faces)
    try:
        session.start()
        yield session
    finally:
        session.stop()
        assert session.status.state is SessionState.STOPPED


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
