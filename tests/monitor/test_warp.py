"""A texture in perspective and its layer over a frame: the kernels, their plain bodies, and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.kernels.laid import lay, lay_numpy
from monitor.kernels.warp import FAR, Matrix, Texture, _warp, edged_by_one, warp, warp_numpy

SEEDS = st.integers(0, 2**32 - 1)
SIDES = st.sampled_from([1, 2, 3, 8, 33])
FRAME = 48


def texture_of(rng: np.random.Generator, width: int, height: int) -> Texture:
    return rng.integers(0, 256, (height, width, 4), dtype=np.uint8)


def matrix_of(rng: np.random.Generator, width: int, height: int) -> Matrix:
    """To a quad of any convex shape, partly beyond the frame as a rule; seen from the front in its middle."""
    angles = np.cumsum(rng.uniform(0.15, 1, 4))
    angles *= 2 * np.pi / (angles[-1] + rng.uniform(0.15, 1))
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(3, 40, 2)
    quad = (around + rng.uniform(0, FRAME, 2)).astype(np.float32)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    matrix = np.asarray(cv2.getPerspectiveTransform(quad, corners.astype(np.float32)), np.float64)
    inside = matrix[2] @ (*quad.mean(axis=0), 1.0)
    turned: Matrix = matrix * np.sign(inside)
    return turned


def divisor(matrix: Matrix, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    y, x = np.mgrid[: shape[0], : shape[1]]
    w: npt.NDArray[np.float64] = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    return w


def warped(texture: Texture, matrix: Matrix, side: int = FRAME) -> Texture:
    out = np.full((side, side, 4), 77, np.uint8)
    warp(edged_by_one(texture), matrix, out)
    return out


@given(seed=SEEDS, width=SIDES, height=SIDES)
@example(seed=38, width=1, height=1)
@settings(max_examples=150)
def test_the_warp_is_that_of_its_plain_body(seed: int, width: int, height: int) -> None:
    rng = np.random.default_rng(seed)
    texture, matrix = texture_of(rng, width, height), matrix_of(rng, width, height)
    plain = np.full((FRAME, FRAME, 4), 9, np.uint8)
    warp_numpy(texture, matrix, plain)
    assert np.array_equal(warped(texture, matrix), plain)


@given(seed=SEEDS, width=SIDES, height=SIDES)
@settings(max_examples=150)
def test_the_warp_is_that_of_opencv(seed: int, width: int, height: int) -> None:
    rng = np.random.default_rng(seed)
    texture, matrix = texture_of(rng, width, height), matrix_of(rng, width, height)
    ours = warped(texture, matrix)
    theirs = cv2.warpPerspective(
        texture,
        matrix,
        (FRAME, FRAME),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0, 0),
    )
    # OpenCV draws what is behind the eye too.
    ahead = divisor(matrix, ours.shape) > 1e-6
    assert np.abs(ours.astype(int) - theirs)[ahead].max(initial=0) <= 1


def test_random_quads_are_seen() -> None:
    """Or else the two tests above compared nothing with nothing."""
    opaque = np.full((9, 7, 4), 255, np.uint8)
    matrices = [matrix_of(np.random.default_rng(seed), 7, 9) for seed in range(200)]
    seen = [(warped(opaque, matrix)[..., 3] > 0).mean() for matrix in matrices]
    horizons = [(divisor(matrix, (FRAME, FRAME)) <= 0).any() for matrix in matrices]
    assert np.median(seen) > 0.1
    assert np.mean(seen) < 0.8
    assert np.mean(horizons) > 0.05


def test_the_identity_copies() -> None:
    texture = texture_of(np.random.default_rng(0), 48, 48)
    assert np.array_equal(warped(texture, np.eye(3)), texture)


@given(seed=SEEDS, width=SIDES, height=SIDES)
@settings(max_examples=60)
def test_it_is_opaque_inside_and_nothing_beyond_a_texel_of_its_edges(
    seed: int, width: int, height: int
) -> None:
    rng = np.random.default_rng(seed)
    matrix = matrix_of(rng, width, height)
    alpha = warped(np.full((height, width, 4), 255, np.uint8), matrix)[..., 3]
    y, x = np.mgrid[:FRAME, :FRAME]
    w = divisor(matrix, alpha.shape)
    ahead = w > 1e-6
    u = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / np.where(ahead, w, 1)
    v = (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / np.where(ahead, w, 1)
    inside = ahead & (u >= 0) & (v >= 0) & (u <= width - 1) & (v <= height - 1)
    beyond = (w <= FAR) | (ahead & ((u < -1) | (v < -1) | (u > width) | (v > height)))
    assert (alpha[inside] == 255).all()
    assert not alpha[beyond].any()


def test_past_the_horizon_there_is_nothing() -> None:
    opaque = np.full((4, 4, 4), 255, np.uint8)
    # w falls to 0 at the 24th column; all of u and v would look at the texture's middle.
    matrix = np.array([[-1.5 / 24, 0, 1.5], [-1.5 / 24, 0, 1.5], [-1 / 24, 0, 1]])
    alpha = warped(opaque, matrix)[..., 3]
    assert (alpha[:, :24] == 255).all()
    assert not alpha[:, 24:].any()


@pytest.mark.parametrize("axis", [0, 1])
def test_a_hair_before_the_edge_nothing_beyond_the_texture_is_read(axis: int) -> None:
    """Interpreted, for the compiled one reads past the array's end without a word."""
    matrix, out = np.eye(3), np.empty((1, 1, 4), np.uint8)
    matrix[axis, 2] = np.nextafter(1, 0)
    _warp.py_func(edged_by_one(np.full((1, 1, 4), 200, np.uint8)), matrix, out)
    assert not out.any()


@given(
    seed=SEEDS,
    width=SIDES,
    height=SIDES,
    at=st.tuples(st.integers(0, 15), st.integers(0, 9)),
    share=st.floats(0, 1),
)
@settings(max_examples=100)
def test_a_layer_is_laid_as_by_the_plain_body(
    seed: int, width: int, height: int, at: tuple[int, int], share: float
) -> None:
    rng = np.random.default_rng(seed)
    frame = rng.integers(0, 256, (42, 48, 3), dtype=np.uint8)
    layer = texture_of(rng, width, height)
    layer[rng.random((height, width)) < share, 3] = 0
    gain = rng.uniform(0, 1.5, 3).astype(np.float32)
    lift = rng.uniform(-60, 120, 3).astype(np.float32)
    ours, plain = frame.copy(), frame.copy()
    covered = lay(ours, layer, at, gain, lift)
    assert covered == lay_numpy(plain, layer, at, gain, lift) == (layer[..., 3] > 0).sum()
    assert np.array_equal(ours, plain)
    untouched = np.ones((42, 48), bool)
    untouched[at[1] : at[1] + height, at[0] : at[0] + width] = layer[..., 3] == 0
    assert np.array_equal(ours[untouched], frame[untouched])


ONE, NONE = np.ones(3, np.float32), np.zeros(3, np.float32)


def test_a_covering_layer_replaces_and_half_a_layer_mixes() -> None:
    frame = np.full((3, 3, 3), 100, np.uint8)
    layer = np.array([[[10, 20, 30, 255], [40, 40, 40, 51]]], np.uint8)
    lay(frame, layer, (1, 2), ONE, NONE)
    assert frame[2, 1].tolist() == [10, 20, 30]
    assert frame[2, 2].tolist() == [120, 120, 120], "four fifths of 100, and 40 that are multiplied"


def test_light_is_of_what_is_covered() -> None:
    frame = np.full((1, 2, 3), 100, np.uint8)
    layer = np.array([[[100, 100, 100, 255], [20, 20, 20, 51]]], np.uint8)
    lay(frame, layer, (0, 0), np.array([0.5, 1, 2], np.float32), np.array([10, 0, -10], np.float32))
    assert frame[0, 0].tolist() == [60, 100, 190]
    assert frame[0, 1].tolist() == [92, 100, 118]


@pytest.mark.parametrize(("lift", "level"), [(300, 255), (-300, 0)])
def test_levels_saturate(lift: float, level: int) -> None:
    frame = np.full((2, 2, 3), 100, np.uint8)
    lay(frame, np.full((2, 2, 4), 255, np.uint8), (0, 0), ONE, np.full(3, lift, np.float32))
    assert (frame == level).all()
