"""The panel's pictures: each drawn and encoded once, however many look, and only while somebody looks."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np

from monitor.arrays import Pixels
from monitor.panel.placeholder import failed_picture, stamped, waiting_picture
from monitor.pictures import difference_picture, legible_zoom
from monitor.pipeline import Observation
from monitor.session import Session
from monitor.status import SessionState, SessionStatus
from monitor.views import attacked_view, clean_view

log = logging.getLogger(__name__)

_PATIENCE: Final = 0.1  # seconds; how late a change of state shows while no frame comes
_QUALITY: Final = 85
_OLD: Final = 2.0  # seconds from which a picture says how old it is


class Kind(StrEnum):
    """The pictures that the panel offers."""

    CLEAN = "clean"
    ATTACKED = "attacked"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded picture; `version` grows with every picture of the gallery."""

    version: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that a picture depends on; `key` tells whether it has to be drawn again."""

    serial: int
    observation: Observation | None
    status: SessionStatus
    factor: float

    @property
    def key(self) -> tuple[object, ...]:
        return self.serial, self.status.state, self.status.message, self.stamp, self.factor

    @property
    def stamp(self) -> str:
        """A word on the picture where it is not what the camera sees now."""
        status = self.status
        if status.state in (SessionState.PAUSED, SessionState.ENDED):
            return str(status.state)
        if status.state not in (SessionState.RUNNING, SessionState.RECONNECTING):
            return ""
        age = status.age_s
        old = f"{age:.0f} s old" if age is not None and age >= _OLD else ""
        if status.state is SessionState.RECONNECTING:
            return f"camera lost, {old}" if old else "camera lost"
        return "frozen" if status.health.frozen_s else old


class Reader:
    """One client's place in the gallery: it is woken when a picture of its kinds is new.

    Made and used on the event loop; `wake` alone may be called from any thread.
    """

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self.kinds = kinds
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._seen: dict[Kind, int] = {}

    def wake(self) -> None:
        """Look again."""
        # RuntimeError: the loop has ended, and this reader with it.
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:
            self.closed = True

    def close(self) -> None:
        """End the reading; from the event loop only."""
        self.closed = True
        self._news.set()

    async def next(self, pictures: Mapping[Kind, Picture]) -> list[tuple[Kind, Picture]]:
        """The pictures that this reader has not had, once there are any; empty at the end."""
        while not self.closed:
            self._news.clear()
            fresh = [
                (kind, pictures[kind])
                for kind in self.kinds
                if kind in pictures and pictures[kind].version > self._seen.get(kind, 0)
            ]
            if fresh:
                self._seen.update({kind: picture.version for kind, picture in fresh})
                return fresh
            await self._news.wait()
        return []


class Gallery:
    """Draws what is wanted in a thread of its own; clients wait on the event loop, without a thread each.

    A slow client takes the newest picture when it comes round again; the session's loop never waits. All
    three pictures of a 320 x 240 frame take 3 ms.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._readers: set[Reader] = set()
        self._wanted: Counter[Kind] = Counter()
        self._drawn: dict[Kind, tuple[object, ...]] = {}
        self._version = 0
        self.pictures: dict[Kind, Picture] = {}
        """The newest of each kind that somebody looks at; replaced, never changed."""
        self.encoded: Counter[Kind] = Counter()
        """How many pictures were encoded."""

    def start(self) -> None:
        """Begin to draw; may be called twice."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="camdrift-gallery", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End every reading and the thread; from the event loop."""
        self._stop.set()
        with self._lock:
            readers = tuple(self._readers)
        for reader in readers:
            reader.close()

    @contextmanager
    def reader(self, *kinds: Kind) -> Iterator[Reader]:
        """A place in the gallery; while it is held, these kinds are drawn and the session has a viewer."""
        reader = Reader(kinds)
        with self._session.viewer():
            with self._lock:
                self._readers.add(reader)
                self._wanted.update(kinds)
                reader.closed = self._stop.is_set()
            try:
                yield reader
            finally:
                with self._lock:
                    self._readers.discard(reader)
                    self._wanted.subtract(kinds)
                    for kind in kinds:
                        if not self._wanted[kind]:
                            # Who comes an hour later must not see this one first.
                            self.pictures.pop(kind, None)
                            self._drawn.pop(kind, None)

    def _run(self) -> None:
        broadcast, serial = self._session.broadcast, 0
        while not self._stop.is_set():
            news = broadcast.wait(serial, _PATIENCE)
            if news is not None:
                serial = news[0]
            elif broadcast.closed:
                self._stop.wait(_PATIENCE)  # a closed broadcast no longer waits
            try:
                self._draw_wanted()
            except Exception:  # one odd frame must not end the pictures
                log.exception("a picture could not be drawn")

    def _draw_wanted(self) -> None:
        with self._lock:
            kinds = [kind for kind in Kind if self._wanted[kind] > 0]
        if not kinds:
            return
        serial, observation = self._session.broadcast.newest()
        factor = self._session.settings.panel.amplify
        scene = _Scene(serial, observation, self._session.status, factor)
        stale = [kind for kind in kinds if self._drawn.get(kind) != scene.key]
        if not stale:
            # A reader that came since finds the pictures that are there.
            return
        names = self._session.class_names
        fresh = {kind: encode(draw(kind, scene, names)) for kind in stale}
        self._version += 1
        added = {kind: Picture(self._version, jpeg) for kind, jpeg in fresh.items()}
        self.pictures.update(added)
        self._drawn.update(dict.fromkeys(stale, scene.key))
        self.encoded.update(stale)
        with self._lock:
            readers = tuple(self._readers)
        for reader in readers:
            reader.wake()


def draw(kind: Kind, scene: _Scene, names: tuple[str, ...]) -> Pixels:
    """The picture of one kind, whatever the session does: the newest frame, or what holds it up."""
    seen, status = scene.observation, scene.status
    size = (640, 480) if seen is None else seen.frame.size
    if status.state is SessionState.FAILED:
        return failed_picture(size, status.message)
    if seen is None:
        return waiting_picture(size, status.message or "waiting for the first frame")
    # A browser would enlarge boxes and text with the frame, and blur them.
    zoom = legible_zoom(seen.frame.pixels)
    if kind is Kind.CLEAN:
        picture = clean_view(seen, names, zoom=zoom)
    elif kind is Kind.ATTACKED:
        picture = attacked_view(seen, names, zoom=zoom)
    else:
        picture = difference_picture(seen.frame.pixels, seen.attacked_pixels, scene.factor)
    return stamped(picture, scene.stamp) if scene.stamp else picture


def encode(picture: Pixels) -> bytes:
    """The picture as JPEG."""
    done, data = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    if not done:
        raise ValueError(f"a picture of shape {picture.shape} could not be encoded")
    return np.asarray(data).tobytes()
