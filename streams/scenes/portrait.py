"""A person in front of a camera: a virtual camera that moves over one photograph.

The photograph is scikit-image's `data.astronaut`, Eileen Collins, by NASA, in the public domain; it ships
inside scikit-image's wheel, so that nothing is downloaded.
"""

from __future__ import annotations

from importlib import import_module
from math import cos, hypot, radians, sin
from typing import Final

import cv2
import numpy as np
import supervision as sv

from streams.frame import Pixels
from streams.scenes.camera_path import Sway
from streams.scenes.filmed import Filmed
from streams.scenes.sensor import Grain

# The face in the photograph, measured by eye at five times its size: cheek to cheek, and from the hairline
# that the fringe covers to the chin. x1, y1, x2, y2 in pixels, counted between pixels (0 is the left edge).
FACE_BOX: Final = (181.0, 62.0, 270.0, 178.0)
_FACE_MID: Final = ((FACE_BOX[0] + FACE_BOX[2]) / 2, (FACE_BOX[1] + FACE_BOX[3]) / 2)
_FACE_HALF: Final = ((FACE_BOX[2] - FACE_BOX[0]) / 2, (FACE_BOX[3] - FACE_BOX[1]) / 2)

_LARGEST_ROLL: Final = radians(2.2)
_FACE_AT_MOST: Final = 0.47  # of the frame's height
_FACE_MARGIN: Final = 0.03  # of the frame's height, between the face and the frame's edge
# Cubic interpolation looks two pixels further than the view; a little of the photograph is kept
# for panning.
_EDGE: Final = 3.0
_PANNING_ROOM: Final = 1.02

# Share of the allowed way that is used, across and down: looking lower would often cut off the hair.
_WAY_USED: Final = (1.0, 0.6)

_EXPOSURE_SWING: Final = 0.05
_ENDLESS_PERIOD: Final = 60.0


class Portrait(Filmed):
    """A hand-held shot of one face, with the face's box in every frame.

    Frame i is a pure function of (seed, i); the way of the camera closes after the last frame (an endless
    scene: every 60 s), so a loop has no seam.

    Parameters
    ----------
    seed : not negative; chooses the camera's way and the noise.
    width, height : pixels.
    fps : frames a second.
    frames : frames in all, None for an endless scene.

    Raises
    ------
    ValueError : a negative seed, no frames, a rate that is none, or a shape so wide or tall that the
        photograph cannot fill it with the face at most half as high as the frame.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        width: int = 640,
        height: int = 480,
        fps: float = 25.0,
        frames: int | None = None,
    ) -> None:
        super().__init__("a portrait", seed, (width, height), fps, frames)
        self._photo = _photograph()
        self._zooms = self._zoom_range()
        rng = np.random.default_rng(seed)
        period = _ENDLESS_PERIOD if frames is None else frames / fps
        self._pan_x, self._pan_y, self._zoom, self._roll, self._light = (
            Sway.drawn(rng, period) for _ in range(5)
        )
        self._grain = Grain(seed, rng, width, height)

    def render(self, index: int) -> tuple[Pixels, sv.Detections]:
        """Return frame `index` and its one face, class 0.

        Measured: 1.8 ms for 640x480 with two threads, 3.1 ms with one; drawing fresh normal noise instead of
        cutting it out of a sheet would add 7 ms.
        """
        zoom, roll, middle = self._pose(index / self._fps)
        return self._picture(index, zoom, roll, middle), self._truth(zoom, roll, middle)

    def _pose(self, seconds: float) -> tuple[float, float, tuple[float, float]]:
        """Zoom, roll [rad] and the point of the photograph that is in the middle of the frame."""
        low, high = self._zooms
        zoom = low * (high / low) ** ((1.0 + self._zoom.at(seconds)) / 2.0)
        roll = _LARGEST_ROLL * self._roll.at(seconds)
        pans = (self._pan_x.at(seconds), self._pan_y.at(seconds))
        half_view = self._half_view(zoom)
        photo = (self._photo.shape[1], self._photo.shape[0])
        middle = []
        for axis in (0, 1):
            # What is seen lies within the photograph, and the face within what is seen. Both hold for any
            # roll, so that the ends move with the zoom alone, smoothly.
            room = self._size[axis] / 2 / zoom - self._half_face(axis, zoom)
            first = max(half_view[axis] + _EDGE, _FACE_MID[axis] - room)
            last = min(photo[axis] - half_view[axis] - _EDGE, _FACE_MID[axis] + room)
            way = _WAY_USED[axis] * (last - first)
            middle.append(first + way * (1.0 + pans[axis]) / 2)
        return zoom, roll, (middle[0], middle[1])

    def _half_view(self, zoom: float) -> tuple[float, float]:
        """Half the extent of the photograph that is seen, at the largest roll."""
        width, height = self._size
        c, s = cos(_LARGEST_ROLL), sin(_LARGEST_ROLL)
        return (width * c + height * s) / 2 / zoom, (width * s + height * c) / 2 / zoom

    def _half_face(self, axis: int, zoom: float) -> float:
        """Half the face with its margin and what the roll can move it by, in pixels of the photograph."""
        width, height = self._size
        shift = sin(_LARGEST_ROLL) * hypot(width, height) / 2 / zoom
        return _FACE_HALF[axis] + shift + _FACE_MARGIN * height / zoom

    def _zoom_range(self) -> tuple[float, float]:
        width, height = self._size
        if width < 1 or height < 1:
            raise ValueError(f"a portrait is at least 1x1 pixels, got {width}x{height}")
        half = self._half_view(1.0)
        photo = (self._photo.shape[1] - 2 * _EDGE, self._photo.shape[0] - 2 * _EDGE)
        low = _PANNING_ROOM * max(2 * half[0] / photo[0], 2 * half[1] / photo[1])
        high = _FACE_AT_MOST * height / (2 * _FACE_HALF[1])
        room = width / 2 / max(high, low) - self._half_face(0, max(high, low))
        if low > high or room < 0:
            raise ValueError(
                f"a portrait of {width}x{height} cannot show the face in full over the whole frame; "
                "take a shape between 3:4 and 16:9"
            )
        return low, high

    def _picture(self, index: int, zoom: float, roll: float, middle: tuple[float, float]) -> Pixels:
        c, s = zoom * cos(roll), zoom * sin(roll)
        # Points count from between the pixels, warpAffine from the centre of pixel 0: half a pixel less.
        x, y = middle[0] - 0.5, middle[1] - 0.5
        matrix = np.array(
            [
                [c, -s, (self.width - 1) / 2 - c * x + s * y],
                [s, c, (self.height - 1) / 2 - s * x - c * y],
            ]
        )
        # Where the view lies within the photograph no border is ever seen; replicating one is
        # for the last digit of a rounding error.
        pixels = cv2.warpAffine(
            self._photo,
            matrix,
            self._size,
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        light = 1.0 + _EXPOSURE_SWING * self._light.at(index / self._fps)
        pixels = cv2.convertScaleAbs(pixels, alpha=light)
        return self._grain.over(np.asarray(pixels, dtype=np.uint8), index)

    def _truth(self, zoom: float, roll: float, middle: tuple[float, float]) -> sv.Detections:
        """Carry the face through the camera, as the ellipse that fills its box.

        A face is round: the box around its box turned by two degrees would be five pixels too wide.
        """
        c, s = cos(roll), sin(roll)
        dx, dy = _FACE_MID[0] - middle[0], _FACE_MID[1] - middle[1]
        x = self.width / 2 + zoom * (c * dx - s * dy)
        y = self.height / 2 + zoom * (s * dx + c * dy)
        half_width = zoom * hypot(_FACE_HALF[0] * c, _FACE_HALF[1] * s)
        half_height = zoom * hypot(_FACE_HALF[0] * s, _FACE_HALF[1] * c)
        return sv.Detections(
            xyxy=np.array(
                [[x - half_width, y - half_height, x + half_width, y + half_height]],
                dtype=np.float32,
            ),
            class_id=np.array([0]),
            data={"class_name": np.array(["face"])},
        )


def _photograph() -> Pixels:
    # Here, because scikit-image takes its time to import.
    photograph = import_module("skimage.data").astronaut()
    return np.asarray(cv2.cvtColor(photograph, cv2.COLOR_RGB2BGR), dtype=np.uint8)
