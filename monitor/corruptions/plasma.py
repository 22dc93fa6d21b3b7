"""Clouds that wrap around: the diamond-square fractal that ImageNet-C makes its fog of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]

SHAPED = 3
"""Scales, from the largest, that fall by `SHAPE` whatever the decay: maps of one seed have the same clouds,
so that a picture is not by chance nearer to the rougher of them."""

SHAPE = 1.5


def plasma(side: int, decay: float, rng: np.random.Generator) -> Plane:
    """A periodic height map of mean 0 and deviation 1 (diamond-square; Fournier, Fussell, Carpenter 1982).

    Parameters
    ----------
    side : of the map, a power of two.
    decay : by which the square root of the offsets falls from one scale to the next, as ImageNet-C counts.
    rng : draws are in the same order for every `decay`, so that maps of one seed resemble each other.
    """
    heights = np.zeros((side, side), np.float32)
    step, wibble = side, 1.0
    for scale in range(side.bit_length() - 1):
        half = step // 2
        corners = heights[::step, ::step]
        rows = corners + np.roll(corners, -1, 0)
        _moved(rows + np.roll(rows, -1, 1), wibble, rng, heights[half::step, half::step])
        middles = heights[half::step, half::step]
        above = corners + np.roll(corners, -1, 1) + middles + np.roll(middles, 1, 0)
        _moved(above, wibble, rng, heights[::step, half::step])
        beside = corners + np.roll(corners, -1, 0) + middles + np.roll(middles, 1, 1)
        _moved(beside, wibble, rng, heights[half::step, ::step])
        step, wibble = half, wibble / (SHAPE if scale < SHAPED else decay) ** 2
    heights -= heights.mean()
    heights /= heights.std()
    return heights


def _moved(sums: Plane, wibble: float, rng: np.random.Generator, out: Plane) -> None:
    draws = rng.random(sums.shape, dtype=np.float32)
    out[...] = sums / 4 + wibble * (2 * draws - 1)
