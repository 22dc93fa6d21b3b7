"""What every scene is filmed with: a size, a rate, a length."""

from __future__ import annotations


class Filmed:
    """The common part of the scenes; a base for `Scene`s.

    Parameters
    ----------
    what : the scene, with its article, for messages.
    seed : of all that is drawn.
    size : (width, height) of a frame in pixels.
    fps : frames a second.
    frames : frames in all, None for an endless scene.

    Raises
    ------
    ValueError : a negative seed, no frames, or a rate that is none.
    """

    def __init__(
        self, what: str, seed: int, size: tuple[int, int], fps: float, frames: int | None
    ) -> None:
        if seed < 0 or fps <= 0 or (frames is not None and frames < 1):
            raise ValueError(
                f"{what} takes a seed >= 0, fps > 0 and frames >= 1, got {seed}, {fps}, {frames}"
            )
        self._size = size
        self._fps = fps
        self._frames = frames

    @property
    def width(self) -> int:
        """Pixels."""
        return self._size[0]

    @property
    def height(self) -> int:
        """Pixels."""
        return self._size[1]

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self._fps

    @property
    def frame_count(self) -> int | None:
        """Frames in all, None for an endless scene."""
        return self._frames
