"""A plane of the scene, followed from frame to frame by the points that lie on it.

Corners (Shi, Tomasi 1994) followed by pyramidal Lucas-Kanade, there and back, and the homography that most of
them agree on (RANSAC), all by OpenCV. The motion is taken from a frame that is kept until it looks too
different, not from the last one, so that errors do not add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.patches.quads import Quad, area, convex, scaled_about

FEWEST: Final = 8
"""Points that have to agree."""

_MOST: Final = 200
_ROUND: Final = 0.5  # sides round the quad whose points count as on its plane
_BACK: Final = 1.0  # pixels that a point may miss its origin by when followed back
# Pixels, of RANSAC. At 2 a strip that passed by slowly dragged 31 of 36 planes along; at 0.5 it dragged none,
# 22 stayed where they were and 14 were lost.
_AGREE: Final = 0.5
_FOLLOWED: Final = 0.3  # share of its points that must be found again, or it is another picture
_AGREED: Final = 0.5  # share of these that must move as one plane does
_RENEW: Final = 0.5  # share of its points with which a kept frame is replaced
_WAY: Final[dict[str, Any]] = {"winSize": (21, 21), "maxLevel": 3}
_AREA: Final = (0.05, 20.0)  # of the first quad; beyond is no plane that is still followed

Grey = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    """A frame that motion is counted from: where the quad and its points were, and how many."""

    quad: Quad
    points: Points
    count: int


class PlaneFollower:
    """Follows one plane; a plane that is lost stays lost.

    Parameters
    ----------
    quad : in the first frame that `update` is given.
    """

    def __init__(self, quad: Quad) -> None:
        self._first = quad
        self._key: _Key | None = None
        self._grey: Grey | None = None
        self._points: Points | None = None
        self.lost = False

    def update(self, pixels: Pixels) -> Quad | None:
        """Where the quad is in this frame; None once it is lost."""
        if self.lost:
            return None
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
        quad = self._first if self._key is None else self._moved(self._key, grey)
        if self._key is None:
            self._begin(grey, self._first)
        if quad is None or self._key is None:
            self.lost = True
            return None
        return quad

    def _begin(self, grey: Grey, quad: Quad) -> None:
        """Count motion from this frame on, if there are points enough on the plane."""
        region = np.zeros(grey.shape, np.uint8)
        wide = scaled_about(quad, 1 + 2 * _ROUND)
        cv2.fillConvexPoly(region, np.rint(wide).astype(np.int32), 255)
        found: Any = cv2.goodFeaturesToTrack(grey, _MOST, 0.01, 4, mask=region)
        if found is None or len(found) < FEWEST:
            return
        points = np.asarray(found, np.float32).reshape(-1, 2)
        self._key = _Key(quad, points, len(points))
        self._grey, self._points = grey, points

    def _moved(self, key: _Key, grey: Grey) -> Quad | None:
        assert self._grey is not None
        assert self._points is not None
        now, there = _followed(self._grey, grey, self._points)
        back, again = _followed(grey, self._grey, now)
        good = there & again & (np.abs(back - self._points).max(axis=1) < _BACK)
        if good.sum() < max(FEWEST, _FOLLOWED * len(good)):
            return None
        origin, now = key.points[good], now[good]
        matrix, agreed = cv2.findHomography(origin, now, cv2.RANSAC, _AGREE)
        if matrix is None or agreed.sum() < max(FEWEST, _AGREED * len(agreed)):
            return None
        where = cv2.perspectiveTransform(key.quad[None], matrix)[0]
        quad: Quad = np.asarray(where, np.float64)
        least, most = (share * area(self._first) for share in _AREA)
        if not (np.isfinite(quad).all() and convex(quad) and least < area(quad) < most):
            return None
        kept = agreed[:, 0] > 0
        self._key = _Key(key.quad, origin[kept], key.count)
        self._grey, self._points = grey, now[kept]
        if kept.sum() < _RENEW * key.count:
            self._begin(grey, quad)
        return quad


def _followed(before: Grey, now: Grey, points: Points) -> tuple[Points, npt.NDArray[np.bool_]]:
    """(where the points are now, whether they were found)."""
    found: Any
    found, seen, _ = cv2.calcOpticalFlowPyrLK(before, now, points, None, **_WAY)  # type: ignore[call-overload]
    return np.asarray(found, np.float32), np.asarray(seen)[:, 0] > 0
