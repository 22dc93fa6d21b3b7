"""What a rendered scene is."""

from __future__ import annotations

from typing import Protocol

import supervision as sv

from streams.frame import Pixels


class Scene(Protocol):
    """Pictures with exact ground truth, each a pure function of the scene's seed and a frame number."""

    @property
    def width(self) -> int:
        """Pixels."""
        ...

    @property
    def height(self) -> int:
        """Pixels."""
        ...

    @property
    def fps(self) -> float:
        """Frames a second."""
        ...

    @property
    def frame_count(self) -> int | None:
        """Frames in all, None for an endless scene."""
        ...

    def render(self, index: int) -> tuple[Pixels, sv.Detections]:
        """Return frame `index` and what is to be seen in it, boxes in pixels of that frame."""
        ...
