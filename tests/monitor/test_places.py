"""Where something is to appear: what the user may write, and what it comes to in a frame."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.places import REACH, Landmark, Spot, inside, parse_place
from streams.frame import Frame

TRUTH = sv.Detections(
    xyxy=np.array([[10, 20, 30, 40], [50, 60, 58, 68], [80, 5, 90, 15]], np.float32),
    class_id=np.array([0, 1, 0]),
    data={"class_name": np.array(["ball", "Linesman", "ball"])},
)


def frame(truth: sv.Detections | None) -> Frame:
    return Frame(np.zeros((100, 200, 3), np.uint8), 0, None, 0.0, "scene:pitch", truth)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", None),
        ("  ", None),
        ("0.62,0.4", Spot(0.62, 0.4)),
        (" 0 , 1 ", Spot(0.0, 1.0)),
        ("linesman", Landmark("linesman")),
        ("no entry", Landmark("no entry")),
    ],
)
def test_what_may_be_written(text: str, place: object) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize(
    "text", ["0.5", "1,2", "0.5,0.5,0.5", "-0.1,0.5", "nan,0.5", "0.5,x", "0.5;0.5", "?"]
)
def test_what_is_neither_a_spot_nor_a_name_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r'such as "0\.62,0\.4"'):
        parse_place(text)


def test_a_spot_is_a_square_around_it() -> None:
    ((x0, y0, x1, y1),) = Spot(0.25, 0.5).region(frame(None))
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == (50, 50)
    assert x1 - x0 == y1 - y0 == pytest.approx(2 * REACH * 200)


def test_a_landmark_is_where_the_truth_says_every_one_of_them() -> None:
    assert Landmark("ball").region(frame(TRUTH)) == ((10, 20, 30, 40), (80, 5, 90, 15))
    assert Landmark("linesman").region(frame(TRUTH)) == ((50, 60, 58, 68),)
    assert Landmark("referee").region(frame(TRUTH)) == ()


def test_a_landmark_needs_a_source_that_knows_its_truth() -> None:
    with pytest.raises(ConfigError, match=r"at = 'ball': scene:pitch has no ground truth.*shares"):
        Landmark("ball").region(frame(None))


@given(st.lists(st.tuples(*[st.floats(0, 100)] * 4), min_size=1, max_size=5))
def test_inside_is_told_by_the_centre(corners: list[tuple[float, float, float, float]]) -> None:
    region = ((20.0, 20.0, 60.0, 60.0), (70.0, 0.0, 90.0, 50.0))
    boxes = np.array([(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners])
    for held, (x0, y0, x1, y1) in zip(inside(boxes, region), boxes, strict=True):
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        assert held == any(a <= x <= c and b <= y <= d for a, b, c, d in region)
    assert not inside(boxes, ()).any()
    assert inside(np.zeros((0, 4)), region).shape == (0,)
