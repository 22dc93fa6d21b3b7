from __future__ import annotations

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st

from streams.frame import Frame
from streams.scaling import scaled


def frame(width, height, truth=None):
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Frame(pixels, 7, 0.5, 12.0, "test", truth)


def box(*xyxy):
    return sv.Detections(
        np.array([xyxy], np.float32),
        class_id=np.array([3]),
        data={"class_name": np.array(["face"])},
    )


@given(st.integers(1, 80), st.integers(1, 80), st.integers(1, 160))
def test_given_any_size_when_scaled_then_width_fits_and_aspect_is_kept(width, height, wanted):
    result = scaled(frame(width, height), wanted)
    assert result.size[0] == wanted
    assert abs(result.size[1] - height * wanted / width) <= max(0.5, 1 - height * wanted / width)
    assert (result.index, result.media_time, result.captured_at, result.source) == (
        7,
        0.5,
        12.0,
        "test",
    )


def test_given_the_width_when_scaled_then_it_is_the_same_object():
    original = frame(32, 24)
    assert scaled(original, 32) is original


@pytest.mark.parametrize("wanted", [20, 80])
def test_given_truth_when_scaled_then_a_box_around_a_bright_spot_still_is(wanted):
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[8:20, 12:28] = 255
    original = Frame(pixels, 0, None, 0.0, "test", box(12, 8, 28, 20))
    result = scaled(original, wanted)
    x1, y1, x2, y2 = result.truth.xyxy[0].astype(int)
    assert result.pixels[y1:y2, x1:x2].mean() > 230
    assert result.pixels.sum() < 1.1 * 255 * 3 * (y2 - y1) * (x2 - x1)
    assert result.truth.data["class_name"].tolist() == ["face"]
    assert result.truth.class_id.tolist() == [3]
    # The original keeps its own.
    assert original.truth.xyxy.tolist() == [[12, 8, 28, 20]]


def test_given_a_rounded_height_when_scaled_then_boxes_follow_each_axis():
    result = scaled(frame(30, 17, box(0, 0, 30, 17)), 20)
    assert result.truth.xyxy[0].tolist() == pytest.approx([0, 0, *result.size])


def test_given_a_mask_when_scaled_then_it_has_the_frames_size():
    truth = sv.Detections(np.array([[0.0, 0, 4, 4]]), mask=np.ones((1, 24, 32), bool))
    result = scaled(frame(32, 24, truth), 16)
    assert result.truth.mask.shape == (1, 12, 16)
    assert result.truth.mask.all()


def test_given_an_empty_truth_when_scaled_then_it_stays_empty():
    assert len(scaled(frame(32, 24, sv.Detections.empty()), 16).truth) == 0


def test_given_a_fine_pattern_when_shrunk_then_it_is_averaged():
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, ::2] = 200
    assert set(np.unique(scaled(Frame(pixels, 0, None, 0.0, "test"), 8).pixels)) == {100}


def test_given_no_width_when_scaled_then_it_says_so():
    with pytest.raises(ValueError, match="at least 1"):
        scaled(frame(4, 4), 0)
