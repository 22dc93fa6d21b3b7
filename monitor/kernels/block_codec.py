"""What a video encoder short of bits makes of a plane: blocks of 8 x 8 whose changes are coarsely coded."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from monitor.kernels.blocks import read_only

Plane = npt.NDArray[np.uint8]
Cosines = npt.NDArray[np.float32]
Strip = npt.NDArray[np.float32]

SIDE = 8
"""Of a block."""

KEY_ROUND, CHANGE_ROUND = 1 / 3, 1 / 6
"""What is added before a coefficient is cut to whole steps, in a key frame and after it (H.264's encoder)."""

SKIP = 4.0
"""A block whose changes add up to less than this many steps is not coded: next to no coefficient would be."""


def cosines() -> Cosines:
    """The orthonormal transform: a row a frequency."""
    k = np.arange(SIDE)
    basis = np.cos(np.pi * (2 * k + 1) * k[:, None] / (2 * SIDE)) * np.sqrt(2 / SIDE)
    basis[0] = np.sqrt(1 / SIDE)
    return np.asarray(basis, np.float32)


def parts(planes: Plane) -> tuple[Plane, Plane, Plane]:
    """Luma and both chromas of I420, as views."""
    rows, width = planes.shape[0] * 2 // 3, planes.shape[1]
    chroma = planes[rows:].reshape(2, rows // 2, width // 2)
    return planes[:rows], chroma[0], chroma[1]


def code_planes_numpy(planes: Plane, shown: Plane, step: float, key: bool) -> None:
    """The same in plain numpy; see `code_planes`."""
    for plane, view in zip(parts(planes), parts(shown), strict=True):
        _code_plane_numpy(plane, view, step, key)


def _code_plane_numpy(plane: Plane, shown: Plane, step: float, key: bool) -> None:
    height, width = plane.shape
    blocks = (height // SIDE, SIDE, width // SIDE, SIDE)
    base = np.full(blocks, 128.0) if key else shown.reshape(blocks).astype(float)
    change = plane.reshape(blocks) - base
    basis = cosines().astype(float)
    coded = np.einsum("uy,byax,vx->buav", basis, change, basis)
    rounding = KEY_ROUND if key else CHANGE_ROUND
    levels = np.sign(coded) * np.floor(np.abs(coded) / step + rounding) * step
    back = np.clip(base + np.einsum("uy,buav,vx->byax", basis, levels, basis) + 0.5, 0, 255)
    if not key:
        still = np.abs(change).sum((1, 3), keepdims=True) < SKIP * step
        back = np.where(still, base, back)
    shown[...] = back.reshape(height, width).astype(np.uint8)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _along(basis: Cosines, parts: Strip, out: Strip) -> None:
    """Combine the first axis by each row of `basis`; one pass over what it combines."""
    a, b, c, d = parts[0], parts[1], parts[2], parts[3]
    e, f, g, h = parts[4], parts[5], parts[6], parts[7]
    for u in range(SIDE):
        row, to = basis[u], out[u]
        for i in range(to.size):
            first = row[0] * a[i] + row[1] * b[i] + row[2] * c[i] + row[3] * d[i]
            to[i] = first + row[4] * e[i] + row[5] * f[i] + row[6] * g[i] + row[7] * h[i]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _both(basis: Cosines, strip: Strip, other: Strip) -> None:
    """Transform along the rows and along the columns of the blocks, by way of `other`."""
    many = strip.shape[2]
    for y in range(SIDE):
        _along(basis, strip[y], other[y])
    _along(basis, other.reshape(SIDE, SIDE * many), strip.reshape(SIDE, SIDE * many))


@numba.njit(cache=True, nogil=True, fastmath=True)
def _code_band(
    plane: Plane,
    shown: Plane,
    bases: tuple[Cosines, Cosines],
    step: np.float32,
    rounding: np.float32,
    key: bool,
) -> None:
    zero, white, half, one = np.float32(0), np.float32(255), np.float32(0.5), np.float32(1)
    basis, turned = bases
    many = plane.shape[1] // SIDE
    # The blocks of a band lie side by side on the last axis, so that the loops over it vectorise.
    base = np.full((SIDE, SIDE, many), np.float32(128), np.float32)
    strip = np.empty((SIDE, SIDE, many), np.float32)
    other = np.empty((SIDE, SIDE, many), np.float32)
    moved = np.zeros(many, np.float32)
    for y in range(SIDE):
        values, before = plane[y], shown[y]
        for x in range(SIDE):
            stay, change = base[y, x], strip[y, x]
            if not key:
                for block in range(many):
                    stay[block] = np.float32(before[block * SIDE + x])
            for block in range(many):
                change[block] = np.float32(values[block * SIDE + x]) - stay[block]
                moved[block] += abs(change[block])
    least = zero if key else np.float32(SKIP) * step
    if moved.max() < least:
        return
    _both(basis, strip, other)
    flat = strip.reshape(-1)
    inverse = one / step
    for i in range(flat.size):
        level = np.float32(np.int32(abs(flat[i]) * inverse + rounding)) * step
        flat[i] = level if flat[i] > zero else -level
    _both(turned, strip, other)
    for y in range(SIDE):
        levels = shown[y]
        for x in range(SIDE):
            stay, change = base[y, x], strip[y, x]
            for block in range(many):
                back = min(max(stay[block] + change[block] + half, zero), white)
                back = back if moved[block] >= least else stay[block]
                levels[block * SIDE + x] = np.uint8(np.int32(back))


@numba.njit(parallel=True, cache=True, nogil=True)
def _code_planes(
    planes: tuple[Plane, Plane, Plane],
    shown: tuple[Plane, Plane, Plane],
    bases: tuple[Cosines, Cosines],
    step: np.float32,
    rounding: np.float32,
    key: bool,
) -> None:
    luma, blue, red = planes
    shown_luma, shown_blue, shown_red = shown
    few, many = blue.shape[0] // SIDE, luma.shape[0] // SIDE
    # One loop for all planes: a second is another wait for threads.
    for band in numba.prange(many + 2 * few):
        if band < many:
            top, plane, view = band * SIDE, luma, shown_luma
        elif band < many + few:
            top, plane, view = (band - many) * SIDE, blue, shown_blue
        else:
            top, plane, view = (band - many - few) * SIDE, red, shown_red
        here = slice(top, top + SIDE)
        _code_band(plane[here], view[here], bases, step, rounding, key)


def code_planes(planes: Plane, shown: Plane, step: float, key: bool) -> None:
    """Code luma and chroma against what was last shown, or afresh, and show them without deblocking.

    Parameters
    ----------
    planes : uint8 (3 / 2 * H, W), I420, C-contiguous, H and W multiples of 16.
    shown : uint8, of their shape; what was last shown, updated in place.
    step : of the quantiser, in grey levels of orthonormal coefficients.
    key : whether the frame is coded without regard to the last one.
    """
    basis = cosines()
    _code_planes(
        parts(read_only(planes).reshape(planes.shape)),
        parts(shown),
        (basis, np.ascontiguousarray(basis.T)),
        np.float32(step),
        np.float32(KEY_ROUND if key else CHANGE_ROUND),
        key,
    )
