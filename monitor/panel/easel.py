"""Where pictures are drawn for whoever looks: each once, in a thread of its own, and only while wanted."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from monitor.arrays import Pixels
from monitor.live import Live
from monitor.pictures import jpeg

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded picture.

    Attributes
    ----------
    version : grows with every picture of its easel.
    jpeg : the picture.
    captured_at : when its frame came, seconds on the monotonic clock; None where it shows no frame.
    """

    version: int
    jpeg: bytes
    captured_at: float | None = None

    def age_ms(self, now: float) -> float | None:
        """Milliseconds since its frame came; `now` on the same clock."""
        return None if self.captured_at is None else (now - self.captured_at) * 1e3


class Reader:
    """One client's place: it is woken when a picture of its kinds is new.

    Made and used on the event loop; `wake` alone may be called from any thread.
    """

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self.kinds = kinds
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._seen: dict[str, int] = {}

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

    async def next(self, pictures: Mapping[str, Picture]) -> list[tuple[str, Picture]]:
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


class Easel(ABC):
    """Draws what is wanted; clients wait on the event loop, without a thread each.

    A slow client takes the newest picture when it comes round again; the session's loop never waits.

    Parameters
    ----------
    live : what is drawn; it has a viewer while somebody reads.
    kinds : the pictures that there are.
    """

    def __init__(self, live: Live, kinds: Sequence[str]) -> None:
        self._live = live
        self.kinds = tuple(kinds)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._readers: set[Reader] = set()
        self._wanted: Counter[str] = Counter()
        self._drawn: dict[str, tuple[object, ...]] = {}
        self._version = 0
        self.pictures: dict[str, Picture] = {}
        """The newest of each kind that somebody looks at; replaced, never changed."""
        self.encoded: Counter[str] = Counter()
        """How many pictures were encoded."""
        self.captured_at: float | None = None
        """When the frame came that `fresh` took last; None where there is none."""

    @abstractmethod
    def wait(self) -> None:
        """Wait for news, a tenth of a second at most."""

    @abstractmethod
    def fresh(self, kinds: Sequence[str]) -> Mapping[str, tuple[tuple[object, ...], Pixels | None]]:
        """(key, picture) of these kinds; a picture is None where its key is that of the one drawn last."""

    def told(self, ms: float) -> None:
        """What the pictures that are new took to draw and encode; nobody is told here."""
        del ms

    def drawn(self, kind: str) -> tuple[object, ...] | None:
        """The key of the picture of a kind that was drawn last."""
        return self._drawn.get(kind)

    def start(self) -> None:
        """Begin to draw; may be called twice."""
        if self._thread is None:
            name = f"camdrift-{type(self).__name__.lower()}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End every reading and the thread; from the event loop."""
        self._stop.set()
        with self._lock:
            readers = tuple(self._readers)
        for reader in readers:
            reader.close()

    @contextmanager
    def reader(self, *kinds: str) -> Iterator[Reader]:
        """A place; while it is held, these kinds are drawn and the session has a viewer."""
        reader = Reader(kinds)
        with self._live.viewer():
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
        while not self._stop.is_set():
            self.wait()
            try:
                self._draw_wanted()
            except Exception:  # one odd frame must not end the pictures
                log.exception("a picture could not be drawn")

    def _draw_wanted(self) -> None:
        with self._lock:
            kinds = [kind for kind in self.kinds if self._wanted[kind] > 0]
        if not kinds:
            return
        began = time.perf_counter()
        done = {
            kind: (key, jpeg(picture))
            for kind, (key, picture) in self.fresh(kinds).items()
            if picture is not None
        }
        if not done:
            # A reader that came since finds the pictures that are there.
            return
        self.told((time.perf_counter() - began) * 1e3)
        self._version += 1
        self.pictures.update(
            {
                kind: Picture(self._version, jpeg, self.captured_at)
                for kind, (_, jpeg) in done.items()
            }
        )
        self._drawn.update({kind: key for kind, (key, _) in done.items()})
        self.encoded.update(done.keys())
        with self._lock:
            readers = tuple(self._readers)
        for reader in readers:
            reader.wake()
