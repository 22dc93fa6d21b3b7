"""A drawn layer laid over a frame, in the light that falls there."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.warp import Texture

Light = npt.NDArray[np.float32]


def lay_numpy(
    out: Pixels, layer: Texture, origin: tuple[int, int], gain: Light, lift: Light
) -> int:
    """The same in plain numpy; see `lay`."""
    x, y = origin
    part = out[y : y + layer.shape[0], x : x + layer.shape[1]]
    cover = layer[..., 3:].astype(np.float32) / np.float32(255)
    shown = gain * layer[..., :3].astype(np.float32) + lift * cover
    mixed = part.astype(np.float32) * (1 - cover) + shown
    levels = np.clip(mixed + np.float32(0.5), 0, 255).astype(np.uint8)
    painted = layer[..., 3] > 0
    part[painted] = levels[painted]
    return int(painted.sum())


@numba.njit(cache=True, nogil=True)
def _lay(out: Any, layer: Any, left: int, top: int, gain: Any, lift: Any) -> int:
    painted = 0
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            alpha = layer[y, x, 3]
            if alpha == 0:
                continue
            painted += 1
            cover = np.float32(alpha) / np.float32(255)
            for c in range(3):
                shown = gain[c] * np.float32(layer[y, x, c]) + lift[c] * cover
                mixed = np.float32(out[top + y, left + x, c]) * (np.float32(1) - cover) + shown
                level = min(max(mixed + np.float32(0.5), np.float32(0)), np.float32(255))
                out[top + y, left + x, c] = np.uint8(level)
    return painted


def lay(out: Pixels, layer: Texture, origin: tuple[int, int], gain: Light, lift: Light) -> int:
    """Lay it over, in place; the number of pixels that it covers, wholly or in part.

    Parameters
    ----------
    out : uint8 (H, W, 3), C-contiguous, the frame; written.
    layer : uint8 (h, w, 4), BGR multiplied by alpha, and alpha.
    origin : (x, y) of the layer in the frame, all of which lies in it.
    gain, lift : float32 (3,), BGR: a level of the layer is shown as `gain` x level + `lift`.
    """
    return int(_lay(out, layer, origin[0], origin[1], gain, lift))
