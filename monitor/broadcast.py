"""One writer, many readers, only the newest counts."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Broadcast(Generic[T]):
    """Hands the newest item to any number of readers; the writer never waits for one of them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._serial = 0
        self._item: T | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """True when nothing will come any more."""
        return self._closed

    def publish(self, item: T) -> None:
        """Replace the item and wake the readers."""
        with self._changed:
            self._serial += 1
            self._item = item
            self._changed.notify_all()

    def newest(self) -> tuple[int, T | None]:
        """(serial, item) as they stand; (0, None) before the first."""
        with self._changed:
            return self._serial, self._item

    def wait(self, after: int, timeout: float) -> tuple[int, T] | None:
        """The newest item of a serial over `after`; None after `timeout` seconds or at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._serial > after or self._closed, timeout)
            if self._serial > after and self._item is not None:
                return self._serial, self._item
            return None

    def close(self) -> None:
        """Wake everybody for the last time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
