"""Trails and ids in the pictures."""

from __future__ import annotations

import numpy as np
import pytest
from observations import observed
from tracking_stories import Place, boxes

from monitor.drift.trails import Trail, TrailPoint
from monitor.pictures import COLOURS
from monitor.pipeline import Observation
from monitor.tracking import Tracking
from monitor.trail_pictures import (
    MADE_UP,
    PALETTE,
    Colour,
    draw_faint_trails,
    draw_trails,
    trail_colour,
)
from monitor.views import attacked_view, clean_view
from streams.frame import Frame

GREY = np.full((240, 320, 3), 90, np.uint8)


def near(picture: np.ndarray, colour: Colour) -> np.ndarray:
    return np.abs(picture.astype(int) - colour).sum(axis=2) < 40


def trail(*places: Place, skip: int = -1, made_up: bool = False, side: float = 8) -> Trail:
    points = [TrailPoint(i, i / 25, x, y, side) for i, (x, y) in enumerate(places) if i != skip]
    return Trail(1, made_up, tuple(points))


def drawn(one: Trail, *, zoom: int = 1) -> np.ndarray:
    picture = GREY.repeat(zoom, 0).repeat(zoom, 1)
    draw_trails(picture, [one], zoom=zoom, line=4)
    return picture


ALONG = [(40.0 + 20 * i, 120.0) for i in range(10)]


def test_a_trail_runs_through_its_points_and_grows_towards_the_newest() -> None:
    where = near(drawn(trail(*ALONG)), PALETTE[0])
    assert where[120, 42:220].all()
    thickness = where[:, 40:221].sum(axis=0)
    assert thickness[20] < thickness[150] < thickness[180]
    assert not where[:100].any()


def test_over_a_frame_without_a_box_no_line_is_drawn() -> None:
    where = near(drawn(trail(*ALONG, skip=4)), PALETTE[0])
    assert where[120, 45:95].all()
    assert not where[120, 106:136].any()
    assert where[120, 145:215].all()


def test_the_picture_may_be_larger_than_the_frame() -> None:
    assert near(drawn(trail(*ALONG), zoom=2), PALETTE[0])[240, 84:440].all()


def test_what_stands_and_what_is_a_single_point_leaves_no_trail() -> None:
    for one in (trail(*[(100.0, 100.0)] * 8), trail((100.0, 100.0)), trail(*ALONG[:2], side=60)):
        assert (drawn(one) == GREY).all()


def test_trails_outside_the_picture_do_no_harm() -> None:
    far = trail(*[(-1e4 + 3000.0 * i, 2e4) for i in range(5)])
    assert (drawn(far) == GREY).all()


@pytest.mark.parametrize("track", [1, 2, 3, 4, 5])
def test_a_track_has_a_colour_that_no_outcome_has_unless_it_is_made_up(track: int) -> None:
    assert trail_colour(track, made_up=False) not in COLOURS.values()
    assert trail_colour(track, made_up=True) == MADE_UP in COLOURS.values()


def test_the_faint_trail_is_thinner() -> None:
    faint = GREY.copy()
    draw_faint_trails(faint, [trail(*ALONG)], zoom=1)
    assert 0 < near(faint, PALETTE[0]).sum() < near(drawn(trail(*ALONG)), PALETTE[0]).sum()


def ball(frames: int, trails: float) -> Observation:
    """A ball that rolls; the attacked answer loses it half way."""
    tracking = Tracking()
    for index in range(frames):
        place = (40.0 + 8 * index, 150.0)
        seen = observed(
            index,
            boxes([place]),
            boxes([place] if index < frames // 2 else []),
            frame=Frame(GREY, index, index / 25, 0.0, "ball.avi"),
            attacked_pixels=GREY,
        )
        newest = tracking.follow(seen, trails=trails)
    return newest


def test_both_pictures_show_the_ids_and_where_the_clean_ball_was() -> None:
    with_trails, without = ball(20, 2), ball(20, 0)
    colour = PALETTE[0]
    clean = near(clean_view(with_trails, ("ball",), zoom=1), colour)
    attacked = near(attacked_view(with_trails, ("ball",), zoom=1), colour)
    assert clean[150, 60:170].all()
    assert attacked[150, 60:110].all()
    lost = slice(130, 170)
    assert 0 < attacked[:, lost].sum() < clean[:, lost].sum(), "only the thin line goes on"
    for view in (clean_view, attacked_view):
        assert not near(view(without, ("ball",), zoom=1), colour).any()


def test_an_id_is_part_of_the_label() -> None:
    seen = ball(20, 0)
    bare = Observation(**{name: getattr(seen, name) for name in seen.__slots__} | {"tracks": ()})
    for view in (clean_view, attacked_view):
        labelled, plain = (view(o, ("ball",), zoom=1) for o in (seen, bare))
        rows, _ = np.nonzero((labelled != plain).any(axis=2))
        assert rows.size
        assert rows.max() < 145, "the box itself is the same"
