"""Something between the scene and the sensor: a mask of a colour, a layer of fog, a layer of snow.

One thread does: a frame of 640x480 takes under a millisecond, less than it costs to wake a second one while a
model keeps the cores busy.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.kernels.blocks import read_only

Plane = npt.NDArray[Any]


def veil_numpy(pixels: Pixels, out: Pixels, mask: Plane, palette: Plane) -> None:
    """The same in plain numpy; see `veil`."""
    share = mask.astype(np.uint32)[..., None]
    mixed = pixels * (255 - share) + palette.astype(np.uint32)[mask] * share + 128
    out[...] = ((mixed + (mixed >> 8)) >> 8).astype(np.uint8)


@numba.njit(cache=True, nogil=True)
def _veil(pixels: Pixels, out: Pixels, mask: Plane, tones: Plane) -> None:
    full = np.uint32(255)
    for y in range(pixels.shape[0]):
        values, levels, shares = pixels[y], out[y], mask[y]
        for x in range(shares.size):
            share = shares[x]
            rest = full - np.uint32(share)
            for c in range(3):
                mixed = np.uint32(np.uint32(values[x, c]) * rest + tones[share, c])
                levels[x, c] = np.uint8((mixed + (mixed >> np.uint32(8))) >> np.uint32(8))


def veil(pixels: Pixels, out: Pixels, mask: Plane, palette: Plane) -> None:
    """Blend a colour over a frame by a mask.

    Parameters
    ----------
    pixels, out : uint8 (H, W, 3), C-contiguous; `out` is written.
    mask : uint8 (H, W), C-contiguous; 255 covers.
    palette : uint8 (256, 3), the colour that goes with each level of the mask.
    """
    tones = palette.astype(np.uint32) * np.arange(256, dtype=np.uint32)[:, None] + np.uint32(128)
    _veil(read_only(pixels).reshape(pixels.shape), out, read_only(mask).reshape(mask.shape), tones)


def flat(*colour: float) -> Plane:
    """A palette of one colour, BGR."""
    return np.broadcast_to(np.array(colour, np.uint8), (256, 3))


def shades(thin: tuple[float, float, float], thick: tuple[float, float, float]) -> Plane:
    """A palette from the colour of a thin veil to that of a thick one, BGR."""
    part = np.linspace(0, 1, 256)[:, None]
    mixed = (1 - part) * np.array(thin) + part * np.array(thick)
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def lifted_numpy(pixels: Pixels, out: Pixels, layer: Plane, gain: float) -> None:
    """The same in plain numpy; see `lifted`."""
    raised = np.float32(gain) * (pixels.astype(np.float32) + layer[..., None])
    out[...] = np.clip(raised + np.float32(0.5), 0, 255).astype(np.uint8)


@numba.njit(cache=True, nogil=True)
def _lifted(pixels: Pixels, out: Pixels, layer: Plane, gain: np.float32) -> None:
    half, zero, white = np.float32(0.5), np.float32(0), np.float32(255)
    for y in range(pixels.shape[0]):
        values, levels, lifts = pixels[y], out[y], layer[y]
        for x in range(lifts.size):
            for c in range(3):
                raised = gain * (np.float32(values[x, c]) + lifts[x]) + half
                levels[x, c] = np.uint8(min(max(raised, zero), white))


def lifted(pixels: Pixels, out: Pixels, layer: Plane, gain: float) -> None:
    """Add a layer to all three channels, then scale, clip and round.

    Parameters
    ----------
    pixels, out : uint8 (H, W, 3), C-contiguous; `out` is written.
    layer : float32 (H, W), C-contiguous, in grey levels.
    gain : of the sum.
    """
    _lifted(
        read_only(pixels).reshape(pixels.shape),
        out,
        read_only(layer).reshape(layer.shape),
        np.float32(gain),
    )


_GREY = (0.114, 0.587, 0.299)


def whitened_numpy(pixels: Pixels, out: Pixels, layer: Plane, keep: float, bright: float) -> None:
    """The same in plain numpy; see `whitened`."""
    values, part = pixels.astype(np.float32), np.float32(keep)
    blue, green, red = (np.float32(w) for w in _GREY)
    grey = blue * values[..., 0] + green * values[..., 1] + red * values[..., 2]
    lit = np.float32(1.5) * grey + np.float32(127.5)
    pale = np.maximum(values, lit[..., None])
    snowed = part * values + (np.float32(1) - part) * pale
    flakes = np.float32(bright) * layer.astype(np.float32)
    out[...] = np.clip(snowed + flakes[..., None] + np.float32(0.5), 0, 255).astype(np.uint8)


@numba.njit(cache=True, nogil=True)
def _whitened(
    pixels: Pixels, out: Pixels, layer: Plane, keep: np.float32, bright: np.float32
) -> None:
    half, zero, white = np.float32(0.5), np.float32(0), np.float32(255)
    blue, green, red = np.float32(_GREY[0]), np.float32(_GREY[1]), np.float32(_GREY[2])
    slope, base, rest = np.float32(1.5), np.float32(127.5), np.float32(1) - keep
    for y in range(pixels.shape[0]):
        values, levels, flakes = pixels[y], out[y], layer[y]
        for x in range(flakes.size):
            b, g, r = (
                np.float32(values[x, 0]),
                np.float32(values[x, 1]),
                np.float32(values[x, 2]),
            )
            lit = slope * (blue * b + green * g + red * r) + base
            flake = bright * np.float32(flakes[x]) + half
            levels[x, 0] = np.uint8(min(max(keep * b + rest * max(b, lit) + flake, zero), white))
            levels[x, 1] = np.uint8(min(max(keep * g + rest * max(g, lit) + flake, zero), white))
            levels[x, 2] = np.uint8(min(max(keep * r + rest * max(r, lit) + flake, zero), white))


def whitened(pixels: Pixels, out: Pixels, layer: Plane, keep: float, bright: float) -> None:
    """Snowlight, keep * x + (1 - keep) * max(x, 1.5 grey + 0.5), and flakes on top (ImageNet-C).

    Parameters
    ----------
    pixels, out : uint8 (H, W, 3), C-contiguous; `out` is written.
    layer : uint8 (H, W), C-contiguous: the flakes.
    keep : share of the clean frame, 0 to 1.
    bright : of the flakes, 1 as they are.
    """
    _whitened(
        read_only(pixels).reshape(pixels.shape),
        out,
        read_only(layer).reshape(layer.shape),
        np.float32(keep),
        np.float32(bright),
    )
