"""A frame that sprites are painted on, from far to near, and that knows what is still to be seen of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, dist, floor
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from streams.frame import Pixels
from streams.scenes.sprite import Points, Sprite

_CORNERS: Final = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


@dataclass(frozen=True, slots=True)
class Light:
    """How a thing is lit and how much air is before it.

    Attributes
    ----------
    gain : factor on blue, green, red.
    haze : share of the air's colour, 0 to 1.
    air : that colour, BGR.
    opacity : less than 1 for what comes into sight.
    """

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    haze: float = 0.0
    air: tuple[float, float, float] = (0.0, 0.0, 0.0)
    opacity: float = 1.0

    def matrix(self) -> npt.NDArray[np.float32]:
        """(3, 4) from premultiplied BGRA to lit BGR."""
        clear = 1.0 - self.haze
        rows = np.zeros((3, 4), dtype=np.float32)
        for channel in range(3):
            rows[channel, channel] = self.gain[channel] * clear
            rows[channel, 3] = self.air[channel] * self.haze / 255.0
        return rows


PLAIN: Final = Light()


@dataclass(slots=True, eq=False)
class Watched:
    """One painted thing and how much of it later ones have left to be seen.

    Attributes
    ----------
    left, top : of the patch, in pixels.
    alpha : float32 (H, W), what it covered when it was painted, 0 to 255.
    seen : float32 (H, W), the share that later ones left of that.
    """

    left: int
    top: int
    alpha: npt.NDArray[np.float32]
    seen: npt.NDArray[np.float32]

    @property
    def visible(self) -> float:
        """Share of it that is still to be seen, 0 to 1."""
        total = float(self.alpha.sum())
        return float((self.alpha * self.seen).sum()) / total if total else 0.0

    def cover(self, left: int, top: int, alpha: npt.NDArray[np.uint8]) -> None:
        """Take away what a patch that is painted over it hides."""
        height, width = alpha.shape
        rows, columns = self.seen.shape
        x1, x2 = max(left, self.left), min(left + width, self.left + columns)
        y1, y2 = max(top, self.top), min(top + height, self.top + rows)
        if x1 >= x2 or y1 >= y2:
            return
        over = alpha[y1 - top : y2 - top, x1 - left : x2 - left]
        mine = self.seen[y1 - self.top : y2 - self.top, x1 - self.left : x2 - self.left]
        mine *= 1.0 - over.astype(np.float32) / 255.0


@dataclass(slots=True, eq=False)
class Canvas:
    """Paints sprites into a frame, far ones first.

    Coordinates count between the pixels: 0 is the left edge of the first one.

    Attributes
    ----------
    pixels : the frame, changed in place.
    watched : what is asked after, see `stamp`.
    """

    pixels: Pixels
    watched: list[Watched] = field(default_factory=list)

    def stamp(
        self, sprite: Sprite, corners: Points, light: Light = PLAIN, *, watch: bool = False
    ) -> Watched | None:
        """Paint a sprite onto a quadrilateral.

        Parameters
        ----------
        sprite : what to paint.
        corners : (4, 2) in pixels: where its top left, top right, bottom right and bottom left go.
        light : how it is lit.
        watch : keep account of what is painted over it.

        Returns
        -------
        The account if `watch`; None where nothing of it lies in the frame.
        """
        area = self._area(corners)
        if area is None:
            return None
        left, top, width, height = area
        a, b, c, d = corners.tolist()
        level = sprite.level_for(max(dist(a, b), dist(c, d)), max(dist(a, d), dist(b, c)))
        source = _CORNERS * (level.shape[1], level.shape[0]) - 0.5
        target = corners - (left, top) - 0.5
        matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
        patch = cv2.warpPerspective(level, matrix, (width, height), flags=cv2.INTER_LINEAR)
        return self.blend(np.asarray(patch, np.uint8), left, top, light, watch=watch)

    def blend(
        self,
        patch: npt.NDArray[np.uint8],
        left: int,
        top: int,
        light: Light = PLAIN,
        *,
        watch: bool = False,
    ) -> Watched | None:
        """Paint a premultiplied BGRA patch whose top left pixel goes to (left, top); see `stamp`."""
        height, width = self.pixels.shape[:2]
        x1, x2 = max(0, left), min(width, left + patch.shape[1])
        y1, y2 = max(0, top), min(height, top + patch.shape[0])
        if x1 >= x2 or y1 >= y2:
            return None
        patch = patch[y1 - top : y2 - top, x1 - left : x2 - left]
        if light.opacity < 1.0:
            patch = np.asarray(cv2.convertScaleAbs(patch, alpha=max(0.0, light.opacity)), np.uint8)
        under = self.pixels[y1:y2, x1:x2]
        alpha = np.ascontiguousarray(patch[..., 3])
        if light.gain == PLAIN.gain and not light.haze:
            lit = cv2.cvtColor(patch, cv2.COLOR_BGRA2BGR)
        else:
            lit = cv2.transform(patch, light.matrix())
        uncovered = cv2.cvtColor(cv2.bitwise_not(alpha), cv2.COLOR_GRAY2BGR)
        under[:] = cv2.add(cv2.multiply(under, uncovered, scale=1 / 255), lit)
        for one in self.watched:
            one.cover(x1, y1, alpha)
        if not watch:
            return None
        account = Watched(x1, y1, alpha.astype(np.float32), np.ones(alpha.shape, np.float32))
        self.watched.append(account)
        return account

    def _area(self, corners: Points) -> tuple[int, int, int, int] | None:
        """The pixels that a quadrilateral can touch: left, top, width, height."""
        height, width = self.pixels.shape[:2]
        columns, lines = corners[:, 0].tolist(), corners[:, 1].tolist()
        x1, x2 = max(0, floor(min(columns)) - 1), min(width, ceil(max(columns)) + 1)
        y1, y2 = max(0, floor(min(lines)) - 1), min(height, ceil(max(lines)) + 1)
        return (x1, y1, x2 - x1, y2 - y1) if x1 < x2 and y1 < y2 else None


def upright(x: float, bottom: float, width: float, height: float) -> Points:
    """Corners of an upright rectangle by the middle of its lower edge, in pixels."""
    half = width / 2
    return np.array(
        [
            [x - half, bottom - height],
            [x + half, bottom - height],
            [x + half, bottom],
            [x - half, bottom],
        ]
    )


def placed(outline: Points, corners: Points) -> Points:
    """Carry points of the unit square onto a quadrilateral, as `stamp` does."""
    matrix = cv2.getPerspectiveTransform(_CORNERS.astype(np.float32), corners.astype(np.float32))
    moved = cv2.perspectiveTransform(outline[None].astype(np.float64), np.asarray(matrix))
    return np.asarray(moved[0], dtype=np.float64)


def box_around(points: Points) -> tuple[float, float, float, float]:
    """x1, y1, x2, y2 of some points."""
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)


def clipped(box: Sequence[float], width: int, height: int) -> tuple[float, float, float, float]:
    """Cut a box to the frame; a box outside has no area."""
    x1, y1, x2, y2 = box
    return (
        min(max(x1, 0.0), width),
        min(max(y1, 0.0), height),
        min(max(x2, 0.0), width),
        min(max(y2, 0.0), height),
    )
