"""A rendered scene, read like a recording."""

from __future__ import annotations

from collections.abc import Callable

from streams.frame import SourceProperties
from streams.producers.producer import Picture
from streams.scenes.scene import Scene


class SceneProducer:
    """Frames 0, 1, 2, ... of a scene, with their truth.

    Parameters
    ----------
    name : what the source is called, as in "scene:portrait".
    factory : makes the scene; called at `open`, for a scene may take a moment to prepare.
    """

    def __init__(self, name: str, factory: Callable[[], Scene]) -> None:
        self._name = name
        self._factory = factory
        self._scene: Scene | None = None
        self._next = 0

    def open(self) -> SourceProperties:
        """Prepare the scene."""
        scene = self._factory()
        self._scene, self._next = scene, 0
        return SourceProperties(
            name=self._name,
            width=scene.width,
            height=scene.height,
            fps=scene.fps,
            frame_count=scene.frame_count,
            live=False,
        )

    def read(self) -> Picture | None:
        """Render the next frame; None after the last, if there is one."""
        scene, index = self._scene, self._next
        if scene is None or (scene.frame_count is not None and index >= scene.frame_count):
            return None
        self._next += 1
        pixels, truth = scene.render(index)
        return Picture(pixels=pixels, media_time=index / scene.fps, truth=truth)

    def close(self) -> None:
        """Forget the scene."""
        self._scene = None
