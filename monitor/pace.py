"""Frames a second and milliseconds a stage, over the last moments."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from streams.clock import Clock

SPAN = 2.0
"""Seconds that the figures look back."""


class Pace:
    """Rate and stage times of the frames of the last two seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ticks: deque[tuple[float, Mapping[str, float]]] = deque()
        self._beside: deque[tuple[float, str, float]] = deque()

    def tick(self, stages_ms: Mapping[str, float]) -> None:
        """A frame is done, now."""
        now = self._clock.monotonic()
        self._ticks.append((now, stages_ms))
        while len(self._ticks) > 2 and self._ticks[0][0] < now - SPAN:
            self._ticks.popleft()

    def note(self, stage: str, ms: float) -> None:
        """A stage that runs beside the frames, such as drawing, took so long."""
        now = self._clock.monotonic()
        self._beside.append((now, stage, ms))
        while self._beside[0][0] < now - SPAN:
            self._beside.popleft()

    def restart(self) -> None:
        """Forget; after a pause the old frames say nothing."""
        self._ticks.clear()
        self._beside.clear()

    @property
    def rate(self) -> float:
        """Events a second: N events span N - 1 intervals; 0 before the second event."""
        if len(self._ticks) < 2:
            return 0.0
        span = self._ticks[-1][0] - self._ticks[0][0]
        return (len(self._ticks) - 1) / span if span > 0 else 0.0

    @property
    def stages_ms(self) -> dict[str, float]:
        """Mean milliseconds of each stage, in the order in which a frame goes through them."""
        sums: dict[str, float] = {}
        for _, stages in self._ticks:
            for name, value in stages.items():
                sums[name] = sums.get(name, 0.0) + value
        means = {name: total / len(self._ticks) for name, total in sums.items()}
        for stage in dict.fromkeys(stage for _, stage, _ in self._beside):
            noted = [ms for _, name, ms in self._beside if name == stage]
            means[stage] = sum(noted) / len(noted)
        return means
