"""A texture drawn in perspective: bilinear, transparent beyond its edges."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Texture = npt.NDArray[np.uint8]
"""uint8 (h, w, 4): BGR already multiplied by the alpha that is its fourth channel."""

Matrix = npt.NDArray[np.float64]

FAR = 1e-9
"""Of the divisor: from there on a pixel looks past the horizon of the texture's plane."""


def warp_numpy(texture: Texture, matrix: Matrix, out: Texture) -> None:
    """The same in plain numpy; see `warp`."""
    height, width = texture.shape[:2]
    y, x = np.mgrid[: out.shape[0], : out.shape[1]].astype(np.float64)
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in matrix)
    seen = w > FAR
    w = np.where(seen, w, 1.0)
    u, v = u / w, v / w
    seen &= (u > -1) & (v > -1) & (u < width) & (v < height)
    u, v = np.where(seen, u, 0.0), np.where(seen, v, 0.0)
    # A hair before the edge, adding 1 rounds up to it.
    column, row = (
        np.minimum((u + 1).astype(np.int64), width),
        np.minimum((v + 1).astype(np.int64), height),
    )
    right = (u + 1 - column).astype(np.float32)[..., None]
    below = (v + 1 - row).astype(np.float32)[..., None]
    edged = edged_by_one(texture).astype(np.float32)
    upper, lower = edged[row, column], edged[row + 1, column]
    upper = upper + right * (edged[row, column + 1] - upper)
    lower = lower + right * (edged[row + 1, column + 1] - lower)
    mixed = upper + below * (lower - upper)
    out[...] = np.where(seen[..., None], (mixed + np.float32(0.5)).astype(np.uint8), 0)


@numba.njit(cache=True, nogil=True)
def _warp(edged: Any, matrix: Any, out: Any) -> None:
    height, width = edged.shape[0] - 2, edged.shape[1] - 2
    for y in range(out.shape[0]):
        base_u = matrix[0, 1] * y + matrix[0, 2]
        base_v = matrix[1, 1] * y + matrix[1, 2]
        base_w = matrix[2, 1] * y + matrix[2, 2]
        for x in range(out.shape[1]):
            w = matrix[2, 0] * x + base_w
            u = v = -1.0
            if w > FAR:
                inverse = 1.0 / w
                u = (matrix[0, 0] * x + base_u) * inverse
                v = (matrix[1, 0] * x + base_v) * inverse
            if u <= -1 or v <= -1 or u >= width or v >= height:
                for c in range(4):
                    out[y, x, c] = 0
                continue
            column, row = min(int(u + 1.0), width), min(int(v + 1.0), height)
            right, below = np.float32(u + 1.0 - column), np.float32(v + 1.0 - row)
            for c in range(4):
                upper = np.float32(edged[row, column, c])
                upper += right * (np.float32(edged[row, column + 1, c]) - upper)
                lower = np.float32(edged[row + 1, column, c])
                lower += right * (np.float32(edged[row + 1, column + 1, c]) - lower)
                out[y, x, c] = np.uint8(upper + below * (lower - upper) + np.float32(0.5))


def warp(edged: Texture, matrix: Matrix, out: Texture) -> None:
    """Draw a texture into all of `out`, as `cv2.warpPerspective` does with linear interpolation.

    One thread: 200 x 200 pixels take 0.4 ms, less than numba's threads may wait for each other.

    Parameters
    ----------
    edged : uint8 (h + 2, w + 2, 4), the texture with an edge of transparent pixels round it (`edged_by_one`).
    matrix : float64 (3, 3), from pixels of `out` (x, y, 1) to pixels of the texture without its edge; a
        pixel's centre has whole coordinates.
    out : uint8 (H, W, 4), written.
    """
    _warp(edged, matrix, out)


def edged_by_one(texture: Texture) -> Texture:
    """With one transparent pixel more on each side."""
    return np.pad(texture, ((1, 1), (1, 1), (0, 0)))
