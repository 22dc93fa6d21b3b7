"""A patch drawn into a frame: the one way in which the stream, the tests and the figures see it."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from monitor.arrays import Pixels
from monitor.kernels.laid import Light, lay
from monitor.kernels.warp import Texture, warp
from monitor.patches.looks import PLAIN, Look
from monitor.patches.patch import Patch
from monitor.patches.quads import Quad, bounds, texture_matrix
from monitor.patches.texture import Sizes

BLUR_REACH: Final = 3.0
"""Standard deviations that a blur is followed to."""


def drawn(out: Pixels, sizes: Sizes, quad: Quad, gain: Light, lift: Light) -> int:
    """Draw it into `out` (H, W, 3) in place; the number of pixels that it covers, wholly or in part.

    Parameters
    ----------
    gain, lift : BGR, see `kernels.laid.lay`.
    """
    found = _layer(sizes, quad, (out.shape[1], out.shape[0]))
    return 0 if found is None else lay(out, *found, gain, lift)


def with_look(pixels: Pixels, patch: Patch, quad: Quad, look: Look = PLAIN) -> tuple[Pixels, Quad]:
    """A new frame with the patch as it looks there, and where its corners came to be."""
    out, where = pixels.copy(), look.placed(quad)
    rng = np.random.default_rng(look.seed)
    sizes = Sizes.of(printed(patch.pixels, look, rng), patch.mask)
    found = _layer(sizes, where, (out.shape[1], out.shape[0]), look.blur)
    if found is None:
        return out, where
    layer, (left, top) = found
    gain, lift = np.asarray(look.gain, np.float32), np.asarray(look.lift, np.float32) * 255
    lay(out, layer, (left, top), gain, lift)
    if look.grain:
        seen = out[top : top + layer.shape[0], left : left + layer.shape[1]]
        noise = (
            camera_noise(seen.shape, look, rng) * layer[..., 3:]
        )  # 255 where it is covered wholly
        seen[...] = np.clip(seen + noise + np.float32(0.5), 0, 255).astype(np.uint8)
    return out, where


def _layer(
    sizes: Sizes, quad: Quad, size: tuple[int, int], blur: float = 0
) -> tuple[Texture, tuple[int, int]] | None:
    """What is laid over a frame (width, height), and where; None: nothing of it lies in the frame.

    Parameters
    ----------
    blur : standard deviation, pixels.
    """
    reach = math.ceil(BLUR_REACH * blur)
    part = bounds(quad, size, reach)
    if part is None:
        return None
    left, top, right, bottom = part
    edged = sizes.for_quad(quad)
    matrix = texture_matrix(quad, (edged.shape[1] - 2, edged.shape[0] - 2), (left, top))
    layer = np.empty((bottom - top, right - left, 4), np.uint8)
    warp(edged, matrix, layer)
    if reach:
        side = 2 * reach + 1
        layer = np.asarray(
            cv2.GaussianBlur(layer, (side, side), blur, borderType=cv2.BORDER_CONSTANT), np.uint8
        )
    return layer, (left, top)


def printed(pixels: Pixels, look: Look, rng: np.random.Generator) -> Pixels:
    """What a printer makes of it: blacks and whites nearer to grey, and grain."""
    if look.ink == PLAIN.ink and not look.print_grain:
        return pixels
    black, white = look.ink
    levels = black + (white - black) * (pixels.astype(np.float32) / 255)
    if look.print_grain:
        levels += print_noise(pixels.shape, look, rng)
    return (np.clip(levels, 0, 1) * 255 + 0.5).astype(np.uint8)


def print_noise(
    shape: tuple[int, ...], look: Look, rng: np.random.Generator
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """In [0, 1]; drawn before the camera's."""
    return rng.standard_normal(shape, np.float32) * np.float32(look.print_grain)


def camera_noise(
    shape: tuple[int, ...], look: Look, rng: np.random.Generator
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """In [0, 1], one value a pixel and channel of the part of the frame."""
    return rng.standard_normal(shape, np.float32) * np.float32(look.grain)
