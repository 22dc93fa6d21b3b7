"""What shows of a patch: all, rectangles, and what is no rectangle."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.errors import PatchError
from monitor.patches.masks import MOST, parse_mask


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_without_a_word_all_of_it_shows(text: str) -> None:
    mask = parse_mask(text, 7, 5)
    assert mask.shape == (5, 7)
    assert mask.dtype == np.uint8
    assert (mask == 255).all()


def test_a_rectangle_is_left_top_right_bottom() -> None:
    expected = np.zeros((10, 20), np.uint8)
    expected[1:5, 4:18] = 255
    assert np.array_equal(parse_mask("0.2,0.1,0.9,0.5", 20, 10), expected)


def test_rectangles_may_overlap_and_are_written_as_people_do() -> None:
    expected = np.zeros((10, 10), np.uint8)
    expected[0:4] = expected[:, 5:10] = 255
    assert np.array_equal(parse_mask(" 0,0,1,.4 ;\n0.5, 0, 1, 1; ", 10, 10), expected)


def test_all_can_be_said_with_numbers() -> None:
    assert np.array_equal(parse_mask("0,0,1,1", 9, 8), parse_mask("", 9, 8))


def test_as_many_as_the_most_are_taken() -> None:
    one = "0,0,0.5,0.5"
    assert parse_mask("; ".join([one] * MOST), 8, 8).any()
    with pytest.raises(PatchError, match=f"1 to {MOST} rectangles"):
        parse_mask("; ".join([one] * (MOST + 1)), 8, 8)


@pytest.mark.parametrize(
    "text",
    [
        ";",
        "all",
        "0,0,1",
        "0,0,1,1,1",
        "0,0,1,x",
        "0,0,1,1.01",
        "-0.1,0,1,1",
        "0.5,0,0.5,1",
        "0,0.6,1,0.5",
        "nan,0,1,1",
        "0,0,1,inf",
        pytest.param("0.5,0.5,0.51,0.51", id="less than a pixel"),
        pytest.param("0,0,1,1; 0.2,0.2,0.21,0.9", id="the second without a pixel"),
    ],
)
def test_what_is_no_mask_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(PatchError) as caught:
        parse_mask(text, 16, 16)
    assert str(caught.value).startswith(f"mask = {text!r}: write 1 to {MOST} rectangles")
    assert "\n" not in str(caught.value)
