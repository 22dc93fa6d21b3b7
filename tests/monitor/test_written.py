"""The kernel that writes candidates of a few-pixel attack, against its plain numpy body."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.edits import Edits
from monitor.kernels.written import written, written_numpy

Write = Callable[..., None]
BOTH = [pytest.param(written, id="kernel"), pytest.param(written_numpy, id="numpy")]


def inputs(
    seed: int, size: tuple[int, int], n: int, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    positions = rng.integers(0, size, (n, k, 2))
    return pixels, positions, rng.integers(0, 256, (n, k, 3), dtype=np.uint8)


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),  # small: edits meet on one pixel
    n=st.integers(1, 20),
    k=st.integers(1, 5),
)
@settings(max_examples=80)
def test_kernel_body_and_edits_agree(seed: int, size: tuple[int, int], n: int, k: int) -> None:
    pixels, positions, colours = inputs(seed, size, n, k)
    before = pixels.copy()
    by_kernel, by_numpy = (np.full((n, *pixels.shape), 7, np.uint8) for _ in range(2))
    written(pixels, positions, colours, by_kernel)
    written_numpy(pixels, positions, colours, by_numpy)
    np.testing.assert_array_equal(by_kernel, by_numpy)
    np.testing.assert_array_equal(by_kernel, Edits(positions, colours).written(pixels))
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("write", BOTH)
def test_only_the_edited_pixels_differ(write: Write) -> None:
    pixels, positions, _ = inputs(0, (40, 30), 6, 1)
    out = np.empty((6, *pixels.shape), np.uint8)
    write(pixels, positions, 255 - pixels[tuple(positions[:, 0].T)][:, None], out)
    differs = (out != pixels).any(-1)
    assert differs.sum(axis=(1, 2)).tolist() == [1] * 6
    assert all(differs[i, row, column] for i, (row, column) in enumerate(positions[:, 0]))


@pytest.mark.parametrize("write", BOTH)
def test_of_two_on_one_pixel_the_later_holds(write: Write) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    colours = np.array([[[1, 1, 1], [2, 2, 2], [3, 3, 3]]], np.uint8)
    out = np.empty((1, 4, 4, 3), np.uint8)
    write(pixels, np.array([[[1, 2], [0, 0], [1, 2]]]), colours, out)
    assert out[0, 1, 2].tolist() == [3, 3, 3]
    assert out[0, 0, 0].tolist() == [2, 2, 2]


@pytest.mark.parametrize("write", BOTH)
@pytest.mark.parametrize("place", [(4, 0), (0, 5), (-1, 0), (0, -1)])
def test_a_position_outside_is_refused_and_nothing_written(
    write: Write, place: tuple[int, int]
) -> None:
    pixels = np.zeros((4, 5, 3), np.uint8)
    out = np.full((1, 4, 5, 3), 9, np.uint8)
    with pytest.raises(IndexError, match=r"^[^\n]+4 rows and 5 columns$"):
        write(pixels, np.array([[place]]), np.ones((1, 1, 3), np.uint8), out)
    assert (out == 9).all()
