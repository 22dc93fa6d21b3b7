"""Drops of water on a lens: in each, the scene upside down, with a dark rim and a highlight."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.blocks import read_only

Plane = npt.NDArray[Any]

REACH = np.float32(1.35)
"""Of an outline, in half widths and heights of its ellipse; `LEAST` and `MOST` keep it inside."""

LEAST, MOST = np.float32(0.6), np.float32(1.3)


def refract_numpy(frame: Pixels, small: Pixels, drops: Plane) -> None:
    """The same in plain numpy; see `refract`."""
    height, width = frame.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for middle, level, wide, tall, taper, skew, wave in drops:
        if min(wide, tall) < 0.5:
            continue
        u, v = (x - middle) / wide, (y - level) / tall
        shape = 1 + taper * v + skew * u * v + wave * u * (u * u - 3 * v * v)
        square = (u * u + v * v) / np.clip(shape, LEAST, MOST) ** 2
        near = (np.abs(u) < REACH) & (np.abs(v) < REACH)
        edge = 2 / min(wide, tall) + np.float32(0.06)
        cover = np.where(near, np.clip((1 - square) / edge, 0, 1), 0)[..., None]
        shown = _sampled(small, *_scene(u, v, square, middle / width, level / height))
        lit = np.float32(1) - np.float32(0.62) * square**3
        lit += np.float32(0.16) * v
        shine = np.maximum(1 - ((u + np.float32(0.32)) ** 2 + (v + np.float32(0.42)) ** 2) * 22, 0)
        seen = shown * lit[..., None] + (190 * shine)[..., None]
        mixed = frame + cover * (np.clip(seen, 0, 255) - frame)
        frame[...] = (mixed + np.float32(0.5)).astype(np.uint8)


def _scene(u: Plane, v: Plane, square: Plane, x: float, y: float) -> tuple[Plane, Plane]:
    spread = np.float32(-0.2) - np.float32(0.14) * square
    return x + spread * u, y + spread * np.float32(1.2) * v


def _sampled(small: Pixels, x: Plane, y: Plane) -> Plane:
    rows, columns = small.shape[:2]
    across = _folded(x) * (columns - 1)
    down = _folded(y) * (rows - 1)
    left, top = across.astype(np.int32), down.astype(np.int32)
    right, low = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
    dx, dy = (across - left)[..., None], (down - top)[..., None]
    upper = small[top, left] * (1 - dx) + small[top, right] * dx
    lower = small[low, left] * (1 - dx) + small[low, right] * dx
    return np.asarray(upper * (1 - dy) + lower * dy)


def _folded(place: Plane) -> Plane:
    """Into [0, 1], reflected at the ends."""
    once = np.abs(place)
    return np.asarray(np.clip(np.where(once > 1, 2 - once, once), 0, 1))


@numba.njit(inline="always", cache=True, nogil=True)
def _fold(place: Any) -> Any:
    once = abs(place)
    once = np.float32(2) - once if once > np.float32(1) else once
    return min(max(once, np.float32(0)), np.float32(1))


@numba.njit(cache=True, nogil=True)
def _refract(frame: Pixels, small: Pixels, drops: Plane) -> None:
    zero, one, two, white = np.float32(0), np.float32(1), np.float32(2), np.float32(255)
    height, width = frame.shape[:2]
    rows, columns = small.shape[:2]
    for i in range(drops.shape[0]):
        middle, level, wide, tall = drops[i, 0], drops[i, 1], drops[i, 2], drops[i, 3]
        taper, skew, wave = drops[i, 4], drops[i, 5], drops[i, 6]
        if min(wide, tall) < np.float32(0.5):
            continue
        home_x, home_y = middle / np.float32(width), level / np.float32(height)
        edge = one / (two / min(wide, tall) + np.float32(0.06))
        first = max(math.ceil(level - REACH * tall), 0)
        last = min(math.floor(level + REACH * tall), height - 1)
        begin = max(math.ceil(middle - REACH * wide), 0)
        end = min(math.floor(middle + REACH * wide), width - 1)
        for y in range(first, last + 1):
            v = (np.float32(y) - level) / tall
            for x in range(begin, end + 1):
                u = (np.float32(x) - middle) / wide
                shape = one + taper * v + skew * u * v
                shape += wave * u * (u * u - np.float32(3) * v * v)
                shape = min(max(shape, LEAST), MOST)
                square = (u * u + v * v) / (shape * shape)
                if square >= one:
                    continue
                cover = min((one - square) * edge, one)
                spread = np.float32(-0.2) - np.float32(0.14) * square
                across = _fold(home_x + spread * u) * np.float32(columns - 1)
                down = _fold(home_y + spread * np.float32(1.2) * v) * np.float32(rows - 1)
                left, top = np.int32(across), np.int32(down)
                right, low = min(left + 1, columns - 1), min(top + 1, rows - 1)
                dx, dy = across - np.float32(left), down - np.float32(top)
                lit = one - np.float32(0.62) * square * square * square
                lit += np.float32(0.16) * v
                a, b = u + np.float32(0.32), v + np.float32(0.42)
                shine = np.float32(190) * max(one - (a * a + b * b) * np.float32(22), zero)
                for c in range(3):
                    upper = small[top, left, c] * (one - dx) + small[top, right, c] * dx
                    lower = small[low, left, c] * (one - dx) + small[low, right, c] * dx
                    seen = (upper * (one - dy) + lower * dy) * lit + shine
                    was = np.float32(frame[y, x, c])
                    mixed = was + cover * (min(max(seen, zero), white) - was)
                    frame[y, x, c] = np.uint8(mixed + np.float32(0.5))


def refract(frame: Pixels, small: Pixels, drops: Plane) -> None:
    """Draw drops onto a frame, in place; a later one lies on an earlier one.

    Parameters
    ----------
    frame : uint8 (H, W, 3), C-contiguous.
    small : uint8 (h, w, 3), C-contiguous: the scene in fewer pixels, which is seen in the drops.
    drops : float32 (N, 7), C-contiguous: x and y of the middle, half of width and height (pixels; a drop
        under half a pixel is left out), and how its outline departs from an ellipse: narrower above,
        skewed, three-cornered.
    """
    _refract(frame, read_only(small).reshape(small.shape), drops)
