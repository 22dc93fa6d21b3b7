"""A camera that pans and zooms over a photograph, with the boxes that were drawn on it."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log2
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
import supervision as sv

from streams.errors import SourceUnreadable
from streams.frame import Pixels
from streams.scenes.camera_path import Sway
from streams.scenes.filmed import Filmed
from streams.scenes.options import COMMON, Option, switch, words
from streams.scenes.photo.boxes import Box, find_labels
from streams.scenes.photo.still import read_still
from streams.scenes.truth import Seen, truth_of

OPTIONS: Final[Mapping[str, Option]] = MappingProxyType(
    {**COMMON, "boxes": words("a file of boxes, or none"), "still": switch()}
)
"""What may follow `photo:PATH?`."""

_WIDTH: Final = 640
_LARGEST: Final = 4096  # pixels of the longer side that are kept in memory
_SMALLEST: Final = 16
_MOST_ENLARGED: Final = (
    1.3  # frame pixels of a photograph's pixel; beyond, a picture is visibly soft
)
_ZOOM: Final = 3.0  # between the whole photograph and the closest view
_PANNING_ROOM: Final = 1.03
_EDGE: Final = 1.0  # pixels of the photograph that interpolation may look further than the view
_FOCUS_MARGIN: Final = 0.06  # of the frame, between the box that is followed and the frame's edge
_PERIOD: Final = 40.0  # seconds after which the way of an endless shot closes
_LEAST_SIDE: Final = 4.0


class Photo(Filmed):
    """A hand-held look at a photograph.

    Frame i is a pure function of (file, seed, i). The way closes after the last frame (an endless shot: every
    40 s), so a loop has no seam. The camera does not roll, so boxes stay exact. Where there are boxes, it
    keeps them in view, or the largest where they lie too far apart.

    Parameters
    ----------
    path : of the picture.
    seed : not negative; chooses the camera's way.
    width, height : pixels; None: as wide as the photograph, 640 at most, and of its shape.
    fps : frames a second.
    frames : frames in all, None for an endless shot.
    boxes : the file of boxes, "none" for none, None to look for one; see `find_labels`.
    still : show the whole picture without motion; `height` must not be given then.

    Raises
    ------
    ValueError : a negative seed, no frames, or a rate that is none.
    SourceNotFound, SourceUnreadable, SourceTruncated : the picture or its boxes cannot be read.
    """

    def __init__(
        self,
        path: str | Path,
        seed: int = 0,
        *,
        width: int | None = None,
        height: int | None = None,
        fps: float = 30.0,
        frames: int | None = None,
        boxes: str | None = None,
        still: bool = False,
    ) -> None:
        if still and height is not None:
            raise ValueError(
                "a still photo is shown whole: give its width, and leave the height out"
            )
        path = Path(path).expanduser()
        photo = _not_too_large(read_still(path))
        whole = (photo.shape[1], photo.shape[0])
        if min(whole) < _SMALLEST:
            raise SourceUnreadable(
                f"{path.name}: {whole[0]}x{whole[1]} pixels are too few; give a larger picture"
            )
        super().__init__("a photo", seed, _frame_size(whole, width, height), fps, frames)
        self._labels = find_labels(path, boxes, whole)
        self._whole = whole
        self._still = self._shrunk(photo) if still else None
        self._levels = [] if still else _levels(photo)
        cover = max(self._size[0] / whole[0], self._size[1] / whole[1])
        low = _PANNING_ROOM * cover
        high = max(low, min(_ZOOM * cover, _MOST_ENLARGED))
        self._focus, fitting = self._chosen(1.4 * low)
        self._zooms = (low, max(low, min(high, fitting)))
        rng = np.random.default_rng(seed)
        period = _PERIOD if frames is None else frames / fps
        self._pans = (Sway.drawn(rng, period), Sway.drawn(rng, period))
        self._zoom = Sway.drawn(rng, period)

    def render(self, index: int) -> tuple[Pixels, sv.Detections]:
        """Return frame `index` and the boxes that lie in it, at least half of each.

        `data["ignore"]` tells those that the side file does not want to be counted.
        """
        if self._still is not None:
            return self._still.copy(), self._truth((self._whole[0] / 2, self._whole[1] / 2), None)
        zoom, middle = self._pose(index / self._fps)
        return self._picture(zoom, middle), self._truth(middle, zoom)

    def _pose(self, seconds: float) -> tuple[float, tuple[float, float]]:
        """Frame pixels of a photograph's pixel, and the point of the photograph in the frame's middle."""
        low, high = self._zooms
        zoom = low * (high / low) ** ((1.0 + self._zoom.at(seconds)) / 2.0)
        middle = []
        for axis in (0, 1):
            half = self._size[axis] / 2 / zoom
            first, last = half + _EDGE, self._whole[axis] - half - _EDGE
            first, last = self._in_view(axis, half, first, last)
            middle.append(first + (last - first) * (1.0 + self._pans[axis].at(seconds)) / 2)
        return zoom, (middle[0], middle[1])

    def _chosen(self, wanted: float) -> tuple[Box | None, float]:
        """What the camera keeps in view, and the closest zoom at which it fits.

        All boxes together if a zoom that is `wanted` has room for them, else the largest.
        """
        boxes = np.array([label.box for label in self._labels if not label.ignore])
        if not len(boxes):
            return None, np.inf
        sides = (boxes[:, 2:] - boxes[:, :2]) * self._whole
        largest = boxes[np.argmax(sides.prod(axis=1))]
        for box in (np.array([*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)]), largest):
            extent = np.maximum((box[2:] - box[:2]) * self._whole, 1.0)
            fitting = float(np.min((1 - 2 * _FOCUS_MARGIN) * np.array(self._size) / extent))
            x1, y1, x2, y2 = box.tolist()
            focus = (x1, y1, x2, y2)
            if fitting >= wanted:
                break
        return focus, fitting

    def _in_view(self, axis: int, half: float, first: float, last: float) -> tuple[float, float]:
        """Narrow the way so that the focus stays in view, as far as the photograph's edge allows."""
        if self._focus is None:
            return first, last
        ends = [self._focus[i] * self._whole[axis] for i in (axis, axis + 2)]
        middle = sum(ends) / 2
        room = max(0.0, half * (1 - 2 * _FOCUS_MARGIN) - (ends[1] - ends[0]) / 2)
        # Both ends move into what the photograph allows, so that the way stays whole and smooth.
        return (
            min(max(first, middle - room), last),
            max(min(last, middle + room), first),
        )

    def _picture(self, zoom: float, middle: tuple[float, float]) -> Pixels:
        # Between two sizes of the photograph the picture goes over smoothly: neither flickers nor jumps.
        depth = max(0.0, -log2(zoom))
        level = min(floor(depth), len(self._levels) - 1)
        share = min(depth - level, 1.0)
        seen = self._warped(level, zoom, middle)
        if share > 0.02 and level + 1 < len(self._levels):
            other = self._warped(level + 1, zoom, middle)
            seen = np.asarray(cv2.addWeighted(seen, 1 - share, other, share, 0), dtype=np.uint8)
        return seen

    def _warped(self, level: int, zoom: float, middle: tuple[float, float]) -> Pixels:
        photo = self._levels[level]
        sx, sy = photo.shape[1] / self._whole[0], photo.shape[0] / self._whole[1]
        # Points count from between the pixels, warpAffine from the centre of pixel 0: half a pixel less.
        matrix = np.array(
            [
                [zoom / sx, 0, self.width / 2 - zoom * middle[0] + 0.5 * zoom / sx - 0.5],
                [0, zoom / sy, self.height / 2 - zoom * middle[1] + 0.5 * zoom / sy - 0.5],
            ]
        )
        how = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_LINEAR
        seen = cv2.warpAffine(photo, matrix, self._size, flags=how, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(seen, dtype=np.uint8)

    def _shrunk(self, photo: Pixels) -> Pixels:
        method = cv2.INTER_AREA if self._size[0] < self._whole[0] else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(photo, self._size, interpolation=method), dtype=np.uint8)

    def _truth(self, middle: tuple[float, float], zoom: float | None) -> sv.Detections:
        """Carry the boxes through the camera; without a zoom the photograph fills the frame exactly."""
        scale = [self._size[axis] / self._whole[axis] if zoom is None else zoom for axis in (0, 1)]
        seen = []
        for number, label in enumerate(self._labels):
            x1, y1, x2, y2 = (
                self._size[i % 2] / 2 + scale[i % 2] * (share * self._whole[i % 2] - middle[i % 2])
                for i, share in enumerate(label.box)
            )
            seen.append(Seen(label.class_id, label.name, number, (x1, y1, x2, y2)))
        truth = truth_of(seen, self._size, least=_LEAST_SIDE)
        ignored = [self._labels[int(number)].ignore for number in truth.data["object_id"]]
        truth.data["ignore"] = np.array(ignored, dtype=np.bool_)
        return truth


def _frame_size(whole: tuple[int, int], width: int | None, height: int | None) -> tuple[int, int]:
    """Frame of the photograph's shape where only one side, or none, is given."""
    if width is None:
        width = min(whole[0], _WIDTH) if height is None else round(height * whole[0] / whole[1])
    if height is None:
        height = round(width * whole[1] / whole[0])
    return max(1, width), max(1, height)


def _not_too_large(photo: Pixels) -> Pixels:
    longer = max(photo.shape[:2])
    if longer <= _LARGEST:
        return photo
    share = _LARGEST / longer
    size = (max(1, round(photo.shape[1] * share)), max(1, round(photo.shape[0] * share)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _levels(photo: Pixels) -> list[Pixels]:
    """The photograph, half of it, a quarter, ..."""
    levels = [photo]
    while min(levels[-1].shape[:2]) >= 64:
        height, width = levels[-1].shape[:2]
        size = (width // 2, height // 2)
        half = cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(half, dtype=np.uint8))
    return levels
