"""Where searches begin that know no slope: patterns that models are weak to, whatever the picture."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from monitor.arrays import Gradient, Pixels

Signs = npt.NDArray[np.int8]
"""-1 or 1 for every value of a frame, (H, W, 3)."""

GREY = 128


def stripes(shape: tuple[int, ...], rng: np.random.Generator) -> Signs:
    """Vertical stripes: every column of every channel up or down (Andriushchenko et al. 2020, section 3.3).

    Their broad spectrum is what convolutions are weak to (Yin et al. 2019).
    """
    columns = rng.choice(np.array([-1, 1], np.int8), (1, *shape[1:]))
    return np.ascontiguousarray(np.broadcast_to(columns, shape))


def beginnings(shape: tuple[int, ...], count: int, rng: np.random.Generator) -> Iterator[Signs]:
    """Sign vectors to begin with: `count` stripes, each followed by its opposite; brighter and darker.

    Where a model is nearly linear, one of two opposites falls.
    """
    for _ in range(count):
        drawn = stripes(shape, rng)
        yield drawn
        yield -drawn
    yield np.ones(shape, np.int8)
    yield np.full(shape, -1, np.int8)


def offsets(x: Pixels, rng: np.random.Generator) -> Iterator[Gradient]:
    """Ways to go from a frame until it falls, far ones too: float32 (H, W, 3) in grey levels, the whole way.

    Stripes, a white and a black frame, a strong blur, plain grey and noise.
    """
    base = x.astype(np.float32)
    for signs in beginnings(x.shape, 3, rng):
        yield 255 * signs.astype(np.float32)
    yield cv2.GaussianBlur(base, (0, 0), max(min(x.shape[:2]) / 16, 1)) - base
    yield GREY - base
    yield rng.uniform(0, 255, x.shape).astype(np.float32) - base
