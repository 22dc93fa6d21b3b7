"""A listener's place beside a session: it loses pictures when it is slow, never records."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from monitor.errors import SubscriptionFull
from monitor.pipeline import Observation
from monitor.records import DriftRecord

MOST_RECORDS: Final = 1_000_000
"""Records that wait for one listener, about 1 GB: eleven hours at 25 frames a second."""


class Subscription:
    """The records of a session in order, and its newest picture; made by `Session.subscribe`.

    The session's loop only appends: no listener can slow it. A listener that does not come for its records
    until `most` of them wait is cut off, and told so when it comes: nothing is lost in silence.

    Parameters
    ----------
    most : records that wait at most.
    on_close : called once, when the listener leaves.
    """

    def __init__(
        self,
        most: int = MOST_RECORDS,
        on_close: Callable[[Subscription], None] = lambda _: None,
    ) -> None:
        if most < 1:
            raise ValueError(f"a subscription holds at least 1 record, got {most}")
        self._most = most
        self._on_close = on_close
        self._changed = threading.Condition()
        self._records: deque[DriftRecord] = deque()
        self._picture: Observation | None = None
        self._ended = False
        self._full = False
        self._pictures_lost = 0

    def __enter__(self) -> Self:
        """Nothing to begin: records come from the moment of subscribing."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave."""
        self.close()

    @property
    def ended(self) -> bool:
        """The session is over, or the listener left; what waits can still be taken."""
        with self._changed:
            return self._ended

    @property
    def pictures_lost(self) -> int:
        """Pictures that a newer one replaced before they were taken."""
        with self._changed:
            return self._pictures_lost

    def records(self, timeout: float | None = None) -> list[DriftRecord]:
        """All records since the last call, oldest first; waits for one. Empty: none in time, or the end.

        Parameters
        ----------
        timeout : seconds; None waits without limit.

        Raises
        ------
        SubscriptionFull : the listener stayed away too long; told after what had waited was taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._records or self._ended, timeout)
            taken = list(self._records)
            self._records.clear()
            if self._full and not taken:
                raise SubscriptionFull(
                    f"{self._most} records waited and nobody came for them; this listener was cut off: call "
                    "records() more often"
                )
            return taken

    def picture(self, timeout: float | None = None) -> Observation | None:
        """The newest observation that was not taken yet; None: none in time, or the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._picture is not None or self._ended, timeout)
            taken, self._picture = self._picture, None
            return taken

    def close(self) -> None:
        """Leave; harmless twice."""
        self.end()
        self._on_close(self)

    # The session's side.

    def offer(self, seen: Observation, record: DriftRecord) -> None:
        """Take a frame in; returns at once."""
        with self._changed:
            if self._ended:
                return
            if len(self._records) >= self._most:
                self._full = self._ended = True
            else:
                self._records.append(record)
                self._pictures_lost += self._picture is not None
                self._picture = seen
            self._changed.notify_all()

    def end(self) -> None:
        """No more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class Subscribers:
    """All listeners of one session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: tuple[Subscription, ...] = ()
        self._over = False

    def add(self, most: int) -> Subscription:
        """Another listener; where the session is over it is at its end at once."""
        new = Subscription(most, self._remove)
        with self._lock:
            self._all = (*self._all, new)
            if self._over:
                new.end()
        return new

    def offer(self, seen: Observation) -> None:
        """Give a frame to all of them."""
        everybody = self._all
        if everybody:
            record = DriftRecord.of(seen)
            for each in everybody:
                each.offer(seen, record)

    def end(self) -> None:
        """No more will come to any of them."""
        with self._lock:
            self._over = True
            everybody = self._all
        for each in everybody:
            each.end()

    def _remove(self, leaving: Subscription) -> None:
        with self._lock:
            self._all = tuple(each for each in self._all if each is not leaving)
