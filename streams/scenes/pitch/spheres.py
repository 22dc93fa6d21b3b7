"""The two round things: a white football with black patches that turns as it rolls, and a bald head."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from streams.scenes.sprite import arc

_GOLDEN: Final = (1 + 5**0.5) / 2
# The corners of an icosahedron are the middles of a football's black patches.
_corners = [
    corner
    for a in (-1.0, 1.0)
    for b in (-_GOLDEN, _GOLDEN)
    for corner in ((0.0, a, b), (a, b, 0.0), (b, 0.0, a))
]
PATCHES: Final = np.array(_corners) / np.sqrt(1 + _GOLDEN**2)
_OVERSAMPLING: Final = 3
_SUN: Final = np.array([-0.45, 0.72, 0.53])  # right, up, towards the camera
OUTLINE: Final = arc(0.5, 0.5, 0.5, 0.5, 0, 360)


def football(diameter: float, turned: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Draw it: uint8 (S, S, 4), BGR premultiplied with alpha, the disc from edge to edge.

    Parameters
    ----------
    diameter : about how many pixels it will have.
    turned : (3, 3) from the ball's own axes to the camera's (right, up, towards the camera).
    """
    size = max(6, int(np.ceil(diameter)))
    normal, light = _sphere(size)
    patches = PATCHES @ turned.T
    facing = normal.reshape(-1, 3) @ patches.T
    nearest = np.partition(facing, 10, axis=1)[:, 10:].reshape(*light.shape, 2)
    black = nearest[..., 1] > 0.925
    # Between three patches lies the middle of a white hexagon; its seams run where two are equally near.
    seam = (nearest[..., 1] - nearest[..., 0] < 0.02) & ~black
    paint = np.where(black, 38.0, np.where(seam, 178.0, 238.0))
    paint = paint * (0.58 + 0.46 * np.clip(light, -0.4, 1)) + 60.0 * np.clip(light, 0, 1) ** 24
    return _disc(paint[..., None] * np.array([0.99, 1.0, 1.0]), size)


def bald_head(size: int = 96) -> npt.NDArray[np.uint8]:
    """A bald head from behind, in the sun: a round, shining thing, in the same form as `football`."""
    normal, light = _sphere(size)
    skin = np.array([126.0, 166.0, 228.0]) * (0.66 + 0.44 * np.clip(light, -0.4, 1))[..., None]
    # A shaved fringe around the back, and the shine of the crown.
    y = normal[..., 1]
    stubble = np.clip((-y - 0.02) / 0.35, 0, 1) * np.clip((0.75 + y) / 0.3, 0, 1)
    skin *= 1 - 0.10 * stubble[..., None]
    shine = 150.0 * np.clip(light, 0, 1) ** 22 + 18.0 * np.clip(light, 0, 1) ** 4
    return _disc(skin + shine[..., None], size)


def _sphere(size: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Normals (N, N, 3) of a sphere that fills a finer square, and how far each looks at the sun."""
    fine = size * _OVERSAMPLING
    axis = (np.arange(fine) + 0.5) / fine * 2 - 1
    x, y = np.meshgrid(axis, -axis)
    normal = np.stack([x, y, np.sqrt(np.clip(1 - x * x - y * y, 0, 1))], axis=-1)
    return normal, normal @ _SUN


def _disc(colour: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.uint8]:
    """Cut the disc out of a fine picture and average it down."""
    axis = np.linspace(-1, 1, 2 * len(colour) + 1)[1::2]
    inside = axis[:, None] ** 2 + axis[None] ** 2 <= 1
    picture = np.zeros((*inside.shape, 4), dtype=np.uint8)
    picture[..., :3] = np.clip(colour, 0, 255) * inside[..., None]
    picture[..., 3] = 255 * inside
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)
