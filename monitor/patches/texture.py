"""A patch as it is drawn: colour multiplied by alpha, in sizes that halve, so that small ones are calm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.warp import Texture, edged_by_one
from monitor.patches.quads import Quad, area

LEAST_SIDE: Final = 4
"""Pixels of the smallest size that is kept."""


def level_of(quad: Quad, size: tuple[int, int]) -> int:
    """How often a texture (width, height) is halved before it is drawn there: to within a factor of 1.42."""
    shrunk = math.sqrt(size[0] * size[1] / max(area(quad), 1e-6))
    return min(max(round(math.log2(shrunk)), 0), levels_of(size) - 1)


def levels_of(size: tuple[int, int]) -> int:
    """How many sizes there are of a texture (width, height)."""
    return max(math.floor(math.log2(min(size) / LEAST_SIDE)) + 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """All sizes of one texture.

    Attributes
    ----------
    levels : uint8 (h + 2, w + 2, 4) each, the largest first, with an edge of transparent pixels.
    """

    levels: tuple[Texture, ...]

    @classmethod
    def of(cls, pixels: Pixels, mask: npt.NDArray[np.uint8]) -> Sizes:
        """From colours (h, w, 3) and what shows of them (h, w), 255 wholly."""
        alpha = mask.astype(np.float32)[..., None]
        colours = pixels.astype(np.float32) * (alpha / 255)
        whole = np.concatenate([colours, alpha], axis=2)
        count = levels_of((pixels.shape[1], pixels.shape[0]))
        levels = []
        for _ in range(count):
            levels.append(edged_by_one((whole + 0.5).astype(np.uint8)))
            whole = halved(whole)
        return cls(tuple(levels))

    def for_quad(self, quad: Quad) -> Texture:
        """The size that fits."""
        height, width = (n - 2 for n in self.levels[0].shape[:2])
        return self.levels[level_of(quad, (width, height))]


def halved(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The mean of two by two; the last row or column of an odd number is left out."""
    height, width = (n // 2 * 2 for n in values.shape[:2])
    if not (height and width):
        return values
    shrunk = cv2.resize(
        values[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA
    )
    return np.asarray(shrunk, np.float32)
