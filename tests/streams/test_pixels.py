from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from streams.pixels import as_bgr8

SIDES = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(hnp.arrays(np.uint8, SIDES.map(lambda s: (*s, 3))))
def test_given_bgr_when_converted_then_it_is_the_same_array(picture):
    assert np.shares_memory(as_bgr8(picture), picture)


@given(hnp.arrays(np.uint8, SIDES), st.booleans())
def test_given_grey_when_converted_then_all_channels_are_it(picture, with_axis):
    result = as_bgr8(picture[..., None] if with_axis else picture)
    np.testing.assert_array_equal(result, np.repeat(picture[..., None], 3, axis=2))


@given(hnp.arrays(np.uint8, SIDES.map(lambda s: (*s, 4))))
def test_given_alpha_when_converted_then_it_is_dropped(picture):
    np.testing.assert_array_equal(as_bgr8(picture), picture[..., :3])


@given(
    hnp.arrays(np.uint16, SIDES.flatmap(lambda s: st.sampled_from([s, (*s, 1), (*s, 3), (*s, 4)])))
)
def test_given_16_bits_when_converted_then_it_is_the_nearest_of_8(picture):
    result = as_bgr8(picture)
    assert result.dtype == np.uint8
    assert result.shape == (*picture.shape[:2], 3)
    expected = np.rint(picture / 257.0)
    if picture.ndim == 2:
        expected = expected[..., None]
    expected = expected[..., :3] if expected.shape[2] > 1 else np.repeat(expected, 3, axis=2)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((2, 2, 3), np.float32),
        np.zeros((2, 2, 2), np.uint8),
        np.zeros((0, 2, 3), np.uint8),
        np.zeros((4,), np.uint8),
    ],
)
def test_given_anything_else_when_converted_then_it_says_what_came(picture):
    with pytest.raises(ValueError, match=str(picture.dtype)):
        as_bgr8(picture)
