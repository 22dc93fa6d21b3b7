"""Milliseconds a stage."""

from __future__ import annotations

import time


class Stopwatch:
    """Laps since construction, by name, in milliseconds."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        """End the stage `name` now; the next one starts here."""
        now = time.perf_counter()
        self.laps[name] = (now - self._since) * 1e3
        self._since = now
