"""All cameras of a group, small and side by side: each as it is attacked."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np

from monitor.arrays import Pixels
from monitor.group import Group
from monitor.panel.easel import Easel
from monitor.panel.gallery import Kind, draw, scene_of

_BETWEEN: Final = 0.1  # seconds; ten pictures a second of each are enough to see that it lives
_WIDTH: Final = 320  # pixels


class Wall(Easel):
    """One picture a session, called "camera0", "camera1", ..."""

    def __init__(self, group: Group) -> None:
        super().__init__(group, [f"camera{i}" for i in range(len(group.sessions))])
        self._sessions = dict(zip(self.kinds, group.sessions, strict=True))
        self._rest = threading.Event()

    def wait(self) -> None:
        """Wait a tenth of a second."""
        self._rest.wait(_BETWEEN)

    def fresh(self, kinds: Sequence[str]) -> Mapping[str, tuple[tuple[object, ...], Pixels | None]]:
        """The pictures that have to be drawn anew."""
        done: dict[str, tuple[tuple[object, ...], Pixels | None]] = {}
        for kind in kinds:
            session = self._sessions[kind]
            scene = scene_of(session)
            if self.drawn(kind) != scene.key:
                picture = draw(Kind.ATTACKED, scene, session.class_names)
                done[kind] = scene.key, _small(picture)
        return done


def _small(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    if width <= _WIDTH:
        return picture
    size = _WIDTH, max(1, round(height * _WIDTH / width))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
