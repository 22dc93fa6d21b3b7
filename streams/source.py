"""The life cycle of a source: one reader thread, one buffer, one consumer."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

import numpy as np

from streams.buffer import BufferPolicy, FrameBuffer
from streams.clock import SYSTEM_CLOCK, Clock
from streams.errors import IllegalMove, SourceLost, SourceTimeout, StreamError
from streams.frame import Frame, SourceProperties
from streams.handover import End, Handover
from streams.health import Health
from streams.pacing import Pacer
from streams.patience import Patience
from streams.producers.producer import Producer
from streams.reader import Position, run_reader
from streams.reconnect import NEVER, Backoff, Outage
from streams.states import SourceState, check_move

_LOG: Final = logging.getLogger(__name__)
_READABLE: Final = (
    SourceState.RUNNING,
    SourceState.PAUSED,
    SourceState.RECONNECTING,
    SourceState.ENDED,
    SourceState.FAILED,
)
_FRESH: Final = Patience(reconnect=NEVER, max_age=None, frozen_after=None)


class VideoSource:
    """Frames of one producer, read in a thread of its own.

    Opening, reading and closing the producer all happen in the reader thread, because the native
    captures underneath are not made to be used from two threads. That thread always delivers its end: the
    consumer gets every buffered frame, and then None or the original exception.

    Parameters
    ----------
    producer_factory : makes the producer, in the reader thread: once, and once more for each attempt to get a
        live source back.
    policy : what happens to frames that nobody reads; None takes KEEP_NEWEST for a live source and
        WAIT for any other.
    clock : time and waiting.
    pace : release the frames of a recording at its own rate: `Frame.media_time` against the clock,
        `captured_at` being the time of release. A slower consumer just runs slower; nothing is
        dropped. A live source is never paced.
    capacity : frames buffered under WAIT.
    open_timeout : seconds that `start` waits for the producer to open. Some cameras take over ten.
    close_timeout : seconds that `close` waits for the reader thread.
    patience : what is done with a live source that is lost, late or frozen, and when a native call counts as
        hung; by default nothing is opened again and no frame is too old.
    rng : for the jitter of the attempts.
    interrupt : called at `close`, to end a wait of the producer's own.
    name : how the source is called in messages until its properties are known.

    Raises
    ------
    ValueError : `pace` together with KEEP_NEWEST: pacing never drops.
    """

    def __init__(
        self,
        producer_factory: Callable[[], Producer],
        policy: BufferPolicy | None = None,
        clock: Clock = SYSTEM_CLOCK,
        *,
        pace: bool = False,
        capacity: int = 4,
        open_timeout: float = 30.0,
        close_timeout: float = 2.0,
        patience: Patience = _FRESH,
        rng: np.random.Generator | None = None,
        interrupt: Callable[[], None] = lambda: None,
        name: str = "the source",
    ) -> None:
        if pace and policy is BufferPolicy.KEEP_NEWEST:
            raise ValueError("pacing never drops a frame: it takes BufferPolicy.WAIT, or None")
        self._factory = producer_factory
        self._policy = policy
        self._clock = clock
        self._pace = pace
        self._capacity = capacity
        self._open_timeout = open_timeout
        self._close_timeout = close_timeout
        self._patience = patience
        self._interrupt = interrupt
        self._backoff = Backoff(patience.reconnect, rng or np.random.default_rng())
        self._name = name
        # Guards the handover and everything below; notified at every change of it.
        self._changed = threading.Condition()
        self._handover = Handover(clock, self._changed)
        self._position = Position()
        self._outage: Outage | None = None
        self._reconnects = 0
        self._stale = 0
        self._same_for = 0.0
        self._abandoned = 0
        self._dropped_before = 0  # by readers that were given up
        self._state = SourceState.NEW
        self._properties: SourceProperties | None = None
        self._pacer: Pacer | None = None
        self._delivered = 0
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> SourceState:
        """Where the source stands."""
        with self._changed:
            return self._state

    @property
    def properties(self) -> SourceProperties:
        """What is known of the source; IllegalMove before it was opened."""
        with self._changed:
            if self._properties is None:
                raise IllegalMove(
                    f"{self._name}: a source that is {self._state.value} has no properties yet; "
                    "call start() first"
                )
            return self._properties

    @property
    def dropped(self) -> int:
        """Frames that were replaced by newer ones before anybody read them."""
        with self._changed:
            return self._dropped_before + self._handover.dropped

    @property
    def health(self) -> Health:
        """How the source is doing."""
        with self._changed:
            limit = self._patience.frozen_after
            frozen = limit is not None and self._outage is None and self._same_for >= limit
            return Health(
                outage=self._outage,
                reconnects=self._reconnects,
                dropped=self._dropped_before + self._handover.dropped,
                stale=self._stale,
                frozen_s=self._same_for if frozen else 0.0,
                abandoned=self._abandoned,
            )

    @property
    def delivered(self) -> int:
        """Frames that `read` has returned."""
        with self._changed:
            return self._delivered

    def __enter__(self) -> Self:
        """Start the source unless it runs already; close it if that fails."""
        if self.state not in (SourceState.RUNNING, SourceState.PAUSED, SourceState.RECONNECTING):
            try:
                self.start()
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the source."""
        self.close()

    def start(self) -> None:
        """Open the producer, in the reader thread, and wait until it is open.

        Raises
        ------
        Exception : whatever the producer raised on opening.
        SourceTimeout : it did not open in time.
        IllegalMove : the source was started before, or closed meanwhile.
        """
        with self._changed:
            self._move(SourceState.STARTING)
            thread = self._begin_reader(None)
            # A daemon that is still inside OpenCV when the interpreter goes down aborts the process
            # ("terminate called without an active exception"): it is ended before.
            atexit.register(self.close)
            error = self._wait_until_open()
        if error is not None:
            # So that the device is free when the caller tries again.
            if not isinstance(error, SourceTimeout):
                thread.join(self._close_timeout)
            raise error

    def _begin_reader(self, at: float | None) -> threading.Thread:
        """Start a reader thread; the lock is held."""
        # A daemon: a native call that never returns must not keep the process alive.
        thread = threading.Thread(
            target=run_reader,
            args=(self, self._handover, self._clock, self._position, at),
            name="stream reader",
            daemon=True,
        )
        self._thread = thread
        thread.start()
        return thread

    def _wait_until_open(self) -> BaseException | None:
        """Return why the source did not open, None if it did; the lock is held."""
        deadline = self._clock.monotonic() + self._open_timeout
        while self._state is SourceState.STARTING:
            left = deadline - self._clock.monotonic()
            if self._handover.end is None and left <= 0:
                self._handover.stopping = True
                self._handover.end = End(
                    SourceTimeout(
                        f"{self._name} did not open within {self._open_timeout:g} s; check that the "
                        "device answers and that no other program holds it"
                    )
                )
            if self._handover.end is not None:
                self._move(SourceState.FAILED)
                return self._handover.end.error
            self._clock.wait(self._changed, left)
        if self._state is SourceState.CLOSED:
            return IllegalMove(f"{self._name} was closed while it was starting; open a new one")
        return None

    def pause(self) -> None:
        """Hold frames back: a recording stays where it is, a camera goes on and drops.

        Raises
        ------
        IllegalMove : the source is not running.
        """
        with self._changed:
            self._move(SourceState.PAUSED)

    def resume(self) -> None:
        """Deliver frames again; a paced recording goes on from where it stood, without catching up.

        Raises
        ------
        IllegalMove : the source is not paused.
        """
        with self._changed:
            if self._state is not SourceState.PAUSED:
                raise IllegalMove(
                    f"a source that is {self._state.value} cannot be resumed to "
                    f"{SourceState.RUNNING.value}; only a paused one can"
                )
            self._move(SourceState.RUNNING if self._outage is None else SourceState.RECONNECTING)
            if self._pacer is not None:
                self._pacer.restart()

    def close(self) -> None:
        """End the reader thread and release the producer; from any state, any number of times.

        Returns within `close_timeout` even if the producer hangs in a native call; its thread is then left
        behind, and a warning is logged. A `read` that is waiting raises IllegalMove.
        """
        with self._changed:
            if self._state is not SourceState.CLOSED:
                self._move(SourceState.CLOSED)
            self._handover.stopping = True
            self._handover.buffer.clear()
            self._changed.notify_all()
            thread, self._thread = self._thread, None
        atexit.unregister(self.close)
        self._interrupt()
        if thread is None or thread is threading.current_thread():
            return
        thread.join(self._close_timeout)
        if thread.is_alive():
            _LOG.warning(
                "%s did not stop within %g s: it hangs in a native call; its thread is left behind "
                "and ends with the program",
                self._name,
                self._close_timeout,
            )

    def read(self, timeout: float | None = None) -> Frame | None:
        """Return the next frame, or None at the end of the stream (again and again).

        Parameters
        ----------
        timeout : seconds to wait for a frame at most, also while paused; None waits without limit.

        Raises
        ------
        SourceTimeout : nothing came in time; the next call may be luckier.
        IllegalMove : the source was never started, or is closed.
        Exception : whatever ended the reader thread, after all frames before it were delivered.
        """
        with self._changed:
            deadline = None if timeout is None else self._clock.monotonic() + timeout
            while True:
                self._check_readable()
                now = self._clock.monotonic()
                wait: float | None = None
                if self._state in (SourceState.RUNNING, SourceState.RECONNECTING):
                    self._look_after_the_reader(now)
                    self._drop_stale(now)
                    head = self._handover.buffer.head
                    if head is not None:
                        pacer = self._pacer
                        wait = 0.0 if pacer is None else pacer.delay(head.media_time, now)
                        if wait == 0.0:
                            frame = self._release()
                            return frame if pacer is None else replace(frame, captured_at=now)
                    elif self._handover.end is not None:
                        failed = self._handover.end.error is not None
                        self._move(SourceState.FAILED if failed else SourceState.ENDED)
                if self._handover.end is not None and self._state is SourceState.FAILED:
                    assert self._handover.end.error is not None
                    raise self._handover.end.error
                if self._state is SourceState.ENDED:
                    return None
                if deadline is not None:
                    left = deadline - now
                    if left <= 0:
                        raise self._nothing_came(timeout, now)
                    wait = left if wait is None else min(wait, left)
                self._clock.wait(self._changed, wait)

    def _check_readable(self) -> None:
        if self._state not in _READABLE:
            raise IllegalMove(
                f"{self._name}: a source that is {self._state.value} cannot be read; it has to be "
                f"{SourceState.RUNNING.value}"
            )

    def _release(self) -> Frame:
        frame = self._handover.buffer.pop()
        self._delivered += 1
        self._changed.notify_all()
        return frame

    def _drop_stale(self, now: float) -> None:
        """A live frame that has grown too old is not shown as if it were now; the lock is held."""
        limit, properties = self._patience.max_age, self._properties
        head = self._handover.buffer.head
        if limit is None or head is None or properties is None or not properties.live:
            return
        if now - head.captured_at > limit:
            self._handover.buffer.pop()
            self._stale += 1

    def _look_after_the_reader(self, now: float) -> None:
        """Give up a reader that hangs in a native call, and begin another; the lock is held."""
        since = self._handover.busy_since
        if since is None or self._handover.end is not None or len(self._handover.buffer):
            return
        if now - since <= self._patience.stall:
            return
        name = self._name
        error = SourceTimeout(
            f"{name} has hung for {now - since:.0f} s in a call that does not return; check the device or "
            "the disk that it comes from"
        )
        live = self._properties is not None and self._properties.live
        retry = self.lost(self._handover, error, 0.0) if live else error
        if isinstance(retry, StreamError):
            self._handover.stopping = True
            self._handover.end = End(retry)
            return
        _LOG.warning("%s; its thread is left behind and another one begins", error)
        self._abandoned += 1
        self._handover.stopping = True
        self._dropped_before += self._handover.dropped
        self._handover = Handover(self._clock, self._changed)
        self._position = replace(self._position)
        self._begin_reader(retry)

    def _nothing_came(self, timeout: float | None, now: float) -> SourceTimeout:
        if self._state is SourceState.PAUSED:
            return SourceTimeout(f"{self._name} is paused; call resume() to go on")
        if self._outage is not None:
            return SourceTimeout(self._outage.words(now))
        return SourceTimeout(
            f"{self._name}: no frame came within {timeout:g} s; check that the device is connected"
        )

    def _move(self, to: SourceState) -> None:
        """Change the state; the lock is held."""
        check_move(self._state, to)
        self._state = to
        self._changed.notify_all()

    # What the reader tells; see `streams.reader.Owner`.

    def make(self) -> Producer:
        """Another producer."""
        return self._factory()

    def opened(self, handover: Handover, properties: SourceProperties) -> bool:
        """Take the source into operation, in the reader thread; False when the reader was given up."""
        with self._changed:
            if handover.stopping:
                return False
            self._properties = properties
            self._name = properties.name
            default = BufferPolicy.KEEP_NEWEST if properties.live else BufferPolicy.WAIT
            handover.buffer = FrameBuffer(self._policy or default, self._capacity)
            if self._outage is not None:
                self._outage = None
                self._reconnects += 1
            else:
                self._pacer = Pacer() if self._pace and not properties.live else None
            if self._state is not SourceState.PAUSED:
                self._move(SourceState.RUNNING)
            return True

    def lost(self, handover: Handover, error: StreamError, ran: float) -> float | StreamError:
        """A live source is gone after so many seconds; when to try again [s, monotonic], or the last word."""
        with self._changed:
            if handover.stopping:
                return error
            self._backoff.ran(ran)
            tried = self._backoff.attempt
            wait = self._backoff.next()
            if wait is None:
                return SourceLost(f"{error}; given up after {tried} attempts") if tried else error
            now = self._clock.monotonic()
            before, at = self._outage, now + wait
            if before is None:
                _LOG.warning("%s; trying again", error)
                self._outage = Outage(str(error), now, self._backoff.attempt, at)
            else:
                self._outage = replace(before, attempt=self._backoff.attempt, retry_at=at)
            self._same_for = 0.0
            handover.forget()
            if self._state is SourceState.RUNNING:
                self._move(SourceState.RECONNECTING)
            return at

    def same_for(self, handover: Handover, seconds: float) -> None:
        """For how long a live picture has been the same."""
        if not handover.stopping:
            self._same_for = seconds
