"""The panel's pictures of the session in view: clean, attacked, their difference, and where it lies."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monitor.arrays import Pixels
from monitor.live import Live
from monitor.panel.easel import Easel
from monitor.panel.placeholder import failed_picture, stamped, waiting_picture
from monitor.pictures import difference_picture, heat_picture, legible_zoom
from monitor.pipeline import Observation
from monitor.status import SessionState, SessionStatus
from monitor.views import attacked_view, clean_view

_PATIENCE: Final = 0.1  # seconds; how late a change of state shows while no frame comes
_OLD: Final = 2.0  # seconds from which a picture says how old it is


class Kind(StrEnum):
    """The pictures that the panel offers."""

    CLEAN = "clean"
    ATTACKED = "attacked"
    DIFFERENCE = "difference"
    HEAT = "heat"


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a picture depends on; `key` tells whether it has to be drawn again."""

    serial: int
    observation: Observation | None
    status: SessionStatus
    factor: float

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for equal pictures."""
        status = self.status
        return self.serial, status.source, status.state, status.message, self.stamp, self.factor

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


def scene_of(live: Live) -> Scene:
    """What there is to draw now."""
    serial, observation = live.broadcast.newest()
    return Scene(serial, observation, live.status, live.settings.panel.amplify)


class Gallery(Easel):
    """All four pictures of a 320 x 240 frame take 3 ms."""

    def __init__(self, live: Live) -> None:
        super().__init__(live, tuple(Kind))
        self._broadcast, self._serial = live.broadcast, 0
        self._rest = threading.Event()

    def wait(self) -> None:
        """Wait for the next frame, or a tenth of a second."""
        if self._live.broadcast is not self._broadcast:  # another camera came into view
            self._broadcast, self._serial = self._live.broadcast, 0
        news = self._broadcast.wait(self._serial, _PATIENCE)
        if news is not None:
            self._serial = news[0]
        elif self._broadcast.closed:
            self._rest.wait(_PATIENCE)  # a closed broadcast no longer waits

    def told(self, ms: float) -> None:
        """To the session, as the last stage of a frame."""
        self._live.note_stage("draw", ms)

    def fresh(self, kinds: Sequence[str]) -> Mapping[str, tuple[tuple[object, ...], Pixels | None]]:
        """The pictures that have to be drawn anew."""
        scene, names = scene_of(self._live), self._live.class_names
        seen = scene.observation
        self.captured_at = None if seen is None else seen.frame.captured_at
        stale = [Kind(kind) for kind in kinds if self.drawn(kind) != scene.key]
        return {kind: (scene.key, draw(kind, scene, names)) for kind in stale}


def draw(kind: Kind, scene: Scene, names: tuple[str, ...]) -> Pixels:
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
    elif kind is Kind.HEAT:
        picture = heat_picture(seen.frame.pixels, seen.attacked_pixels)
    else:
        picture = difference_picture(seen.frame.pixels, seen.attacked_pixels, scene.factor)
    return stamped(picture, scene.stamp) if scene.stamp else picture
