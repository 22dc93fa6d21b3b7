"""Bright squares on a dark ground, and a detector of them that costs nothing: for stories of many frames."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import supervision as sv

Pixels = npt.NDArray[np.uint8]

SIDE = 16


def spots(
    places: Sequence[tuple[int, int]], *, size: tuple[int, int] = (160, 120), level: int = 200
) -> Pixels:
    """A frame with a square of this brightness around each place."""
    picture = np.full((size[1], size[0], 3), 40, np.uint8)
    for x, y in places:
        corner = x - SIDE // 2, y - SIDE // 2
        cv2.rectangle(picture, (*corner, SIDE, SIDE), (level, level, level), cv2.FILLED)
    return picture


class SpotDetector:
    """Black-box: finds what is brighter than 100. The score is the brightness of the middle, 150 being 0.5:
    a square of about that level comes and goes under noise."""

    name = "spots"
    class_names = ("spot",)

    def detect(self, pixels: Pixels, threshold: float) -> sv.Detections:
        bright = (cv2.blur(pixels, (3, 3)).min(axis=2) > 100).astype(np.uint8)
        count, _, stats, middles = cv2.connectedComponentsWithStats(bright)
        scores = np.array(
            [pixels[round(y), round(x)].mean() / 300 for x, y in middles[1:count]], np.float32
        )
        corners = stats[1:count, :2]
        boxes = np.concatenate([corners, corners + stats[1:count, 2:4]], axis=1)
        kept = scores >= threshold
        return sv.Detections(
            xyxy=boxes[kept].astype(np.float32).reshape(-1, 4),
            confidence=scores[kept],
            class_id=np.zeros(int(kept.sum()), int),
            data={"class_name": np.full(int(kept.sum()), "spot")},
        )
