"""Four corners in a frame, and how what is drawn between them is mapped.

Coordinates are of edges: the first pixel reaches from 0 to 1; its centre, where a warp begins, is at 0.5.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Quad = npt.NDArray[np.float64]
"""Corners (4, 2), x and y in pixels: upper left, upper right, lower right, lower left of what is drawn."""

Box = tuple[float, float, float, float]
"""xyxy in pixels."""

UNIT: Final[Quad] = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
"""A square of side 1 about the origin."""


def upright(centre: tuple[float, float], width: float, height: float) -> Quad:
    """A rectangle that stands straight."""
    return UNIT * (width, height) + np.asarray(centre, np.float64)


def area(quad: Quad) -> float:
    """Pixels (shoelace); never negative."""
    x, y = quad.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def perimeter(quad: Quad) -> float:
    """Pixels."""
    return float(np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1).sum())


def convex(quad: Quad) -> bool:
    """Whether four corners go round clockwise (y down), with something between them."""
    edges = np.roll(quad, -1, axis=0) - quad
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    return bool((turns > 1e-9).all())


def scaled_about(quad: Quad, factor: float) -> Quad:
    """Larger or smaller, its middle where it was."""
    middle = quad.mean(axis=0)
    scaled: Quad = middle + factor * (quad - middle)
    return scaled


def mapped(quad: Quad, points: Quad) -> Quad:
    """Points of the plane of `UNIT`, (n, 2), where that plane's unit square lies in the quad."""
    matrix = homography(UNIT, quad)
    w = points @ matrix[2, :2] + matrix[2, 2]
    moved: Quad = (points @ matrix[:2, :2].T + matrix[:2, 2]) / w[:, None]
    return moved


def homography(source: Quad, target: Quad) -> npt.NDArray[np.float64]:
    """The (3, 3) that takes four points to four others; float64, its divisor positive between the first ones.

    OpenCV sets the last element to 1, and with it the sign by where the origin lies.
    """
    found = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
    matrix = np.asarray(found, np.float64)
    return matrix if matrix[2] @ (*source.mean(axis=0), 1.0) > 0 else -matrix


def texture_matrix(
    quad: Quad, size: tuple[int, int], origin: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """From pixels of a part of the frame to a texture's, both counted from centres; see `kernels.warp`.

    Parameters
    ----------
    size : of the texture, (width, height).
    origin : (x, y) of the part's first pixel in the frame.
    """
    width, height = size
    corners = np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
    return homography(quad - np.asarray(origin, np.float64) - 0.5, corners - 0.5)


def bounds(quad: Quad, size: tuple[int, int], room: int = 0) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of the pixels that it may reach, cut to the frame; None: none.

    Parameters
    ----------
    size : of the frame, (width, height).
    room : pixels more on each side.
    """
    low = np.floor(quad.min(axis=0)) - 1 - room
    high = np.ceil(quad.max(axis=0)) + 1 + room
    left, top = (max(math.floor(value), 0) for value in low)
    right, bottom = (min(math.ceil(value), most) for value, most in zip(high, size, strict=True))
    return (left, top, right, bottom) if left < right and top < bottom else None


def covered(quad: Quad, box: Box) -> float:
    """The share of a box that lies under a convex quad, 0 to 1."""
    whole = (box[2] - box[0]) * (box[3] - box[1])
    corners = np.array([[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]])
    shared, _ = cv2.intersectConvexConvex(corners.astype(np.float32), quad.astype(np.float32))
    return float(shared) / whole if whole > 0 else 0.0
