"""The objects that patches hang at, kept from frame to frame: a print does not go when a detector blinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import supervision as sv

from monitor.pairing import pair
from monitor.patches.quads import Box

BLINK: Final = 15
"""Frames that an object is waited for where it was going; then its patch is taken down."""

_SAME: Final = 0.2  # overlap with where an object was expected from which it is the same
_CALM: Final = 0.5  # of the last box's size that stays: a detector's boxes tremble
_STEADY: Final = 0.7  # of the last motion that stays

Corners = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Anchor:
    box: Corners
    motion: Corners
    unseen: int = 0


class Anchors:
    """Objects of one stream."""

    def __init__(self) -> None:
        self._held: list[_Anchor] = []

    def forget(self) -> None:
        """Begin anew."""
        self._held = []

    def update(self, found: sv.Detections, size: tuple[int, int]) -> list[Box]:
        """Boxes in this frame, of objects that are found and of those that were a moment ago.

        Parameters
        ----------
        found : the objects that count, in the clean frame.
        size : of the frame, (width, height): what has left it is let go of.
        """
        for anchor in self._held:
            anchor.box = anchor.box + anchor.motion
            anchor.unseen += 1
        expected = np.array([anchor.box for anchor in self._held]).reshape(-1, 4)
        fresh = set(range(len(found)))
        for mine, theirs, _ in pair(sv.Detections(xyxy=expected), found, _SAME):
            fresh.discard(theirs)
            _moved(self._held[mine], found.xyxy[theirs].astype(np.float64))
        self._held += [
            _Anchor(found.xyxy[i].astype(np.float64), np.zeros(4)) for i in sorted(fresh)
        ]
        self._held = [one for one in self._held if one.unseen <= BLINK and _within(one.box, size)]
        return [(one.box[0], one.box[1], one.box[2], one.box[3]) for one in self._held]


def _moved(anchor: _Anchor, box: Corners) -> None:
    expected, anchor.unseen = anchor.box, 0
    middle = (box[:2] + box[2:]) / 2
    half = _CALM * (expected[2:] - expected[:2]) / 2 + (1 - _CALM) * (box[2:] - box[:2]) / 2
    anchor.box = np.concatenate([middle - half, middle + half])
    anchor.motion = anchor.motion + (1 - _STEADY) * (anchor.box - expected)


def _within(box: Corners, size: tuple[int, int]) -> bool:
    grown = box[2] > box[0] and box[3] > box[1]
    return bool(grown and box[2] > 0 and box[3] > 0 and box[0] < size[0] and box[1] < size[1])
