"""What a source delivers: one picture with its two clocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import supervision as sv

Pixels = npt.NDArray[np.uint8]
"""A picture: uint8, shape (height, width, 3), channels in BGR order."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a stream; its pixels are read-only.

    Attributes
    ----------
    pixels : uint8 (H, W, 3), BGR, not writeable.
    index : position in the stream, counted from 0; a dropped frame keeps its number, so gaps show.
    media_time : seconds since the start of the recording, None where the medium has no clock.
    captured_at : seconds on the monotonic clock of this machine: when the picture came, less what it is known
        to have waited on the way. Never subtract it from `media_time`.
    source : what delivered the frame, fit to be shown (credentials removed).
    truth : ground-truth boxes in pixels of this frame, where the source knows them.
    lap : how often the recording has started again, or the camera was lost and came back, before this frame;
        the pictures on either side do not follow each other.

    Raises
    ------
    ValueError : pixels of another type or shape.
    """

    pixels: Pixels
    index: int
    media_time: float | None
    captured_at: float
    source: str
    truth: sv.Detections | None = None
    lap: int = 0

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise ValueError(
                f"a frame takes uint8 pixels of shape (H, W, 3) with H, W >= 1, "
                f"got {pixels.dtype} of shape {pixels.shape}"
            )
        # A view, so that the caller's own array keeps its flag.
        locked = pixels.view()
        locked.flags.writeable = False
        object.__setattr__(self, "pixels", locked)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True, slots=True)
class SourceProperties:
    """What is known of a source once it is open.

    Attributes
    ----------
    name : fit to be shown: a file name, "camera 0", "scene:portrait".
    width, height : pixels.
    fps : frames a second that the medium states, None where it states none.
    frame_count : frames in all, None where the source is endless or does not say.
    live : True for a source that goes on whether it is read or not (a camera).
    """

    name: str
    width: int
    height: int
    fps: float | None
    frame_count: int | None
    live: bool
