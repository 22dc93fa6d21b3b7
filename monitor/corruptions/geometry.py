"""What a lens does by its shape: dark corners, and straight lines that bulge."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.corruptions.fault import GAMMA, Shape, at_severity
from monitor.kernels.veil import flat, veil

Plane = npt.NDArray[Any]


class Vignetting:
    """Natural vignetting: light falls with the fourth power of the cosine of its angle to the axis."""

    tangents = (0.7, 1.05, 1.5, 2.1, 3.0)
    """Of the angle at which light arrives in the corners."""

    gamma = GAMMA
    """Of the picture: the law holds for light, not for grey levels."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del seed
        self._square = corner_squares(shape)
        self._mask = np.zeros(shape[:2], np.uint8)
        self._built_for = 0.0

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        if severity != self._built_for:
            gains = self.gains(at_severity(self.tangents, severity, 0))
            self._mask, self._built_for = np.rint(255 * (1 - gains)).astype(np.uint8), severity
        out = np.empty(pixels.shape, np.uint8)
        veil(np.ascontiguousarray(pixels), out, self._mask, flat(0, 0, 0))
        return out

    def gains(self, tangent: float) -> Plane:
        """Of the grey levels, by place: cos^4, in the picture's gamma."""
        return np.asarray((1 + tangent**2 * self._square) ** (-2 / self.gamma))


class Distortion:
    """Barrel distortion of a wide lens (Brown 1966, first radial term); the middles of the
    longer sides stay where they are, and past the corners nothing is seen.
    """

    terms = (-0.05, -0.1, -0.15, -0.2, -0.26)
    """k1, with radii in halves of the frame's diagonal. Under -1/3 the corners would fold."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del seed
        self._shape = shape
        self._maps: tuple[Plane, Plane] | None = None
        self._built_for = 0.0

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        if self._maps is None or severity != self._built_for:
            x, y = self.sources(at_severity(self.terms, severity, 0))
            places, parts = cv2.convertMaps(x, y, cv2.CV_16SC2)
            self._maps, self._built_for = (np.asarray(places), np.asarray(parts)), severity
        bent = cv2.remap(
            pixels, self._maps[0], self._maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )
        return np.asarray(bent, dtype=np.uint8).reshape(pixels.shape)

    def sources(self, term: float) -> tuple[Plane, Plane]:
        """Where in the straight picture each pixel of the bent one comes from: x and y, float32 (H, W).

        The model gives the way from the straight radius to the bent one, r (1 + k1 r^2); it is inverted by a
        table. It is scaled so that the middles of the longer sides are kept.
        """
        height, width = self._shape[:2]
        kept = max(width, height) / float(np.hypot(width, height))
        # To where the picture would fold; nothing of it lies past 1.
        straight = np.linspace(0, min(1.5, (-3 * term) ** -0.5 if term else 1.5), 4097)
        bent = straight * (1 + term * straight**2) / (1 + term * kept**2)
        radius = np.sqrt(corner_squares(self._shape))
        ratio = np.interp(radius, bent, straight, right=2.0) / np.maximum(radius, 1e-9)
        ratio = np.where(radius < 1e-6, 1 + term * kept**2, ratio)
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        x = middle_x + ratio * (np.arange(width) - middle_x)
        y = middle_y + ratio * (np.arange(height) - middle_y)[:, None]
        return x.astype(np.float32), y.astype(np.float32)


def corner_squares(shape: Shape) -> Plane:
    """Squares of the distance of each pixel to the middle, (H, W); 1 in the corners."""
    height, width = shape[:2]
    x = np.arange(width) - (width - 1) / 2
    y = np.arange(height) - (height - 1) / 2
    square = x**2 + y[:, None] ** 2
    return np.asarray(square / max(float(square.max()), 1e-9))
