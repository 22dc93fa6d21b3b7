"""A plane is followed where it goes, and lost where there is nothing to follow it by."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from monitor.arrays import Pixels
from monitor.patches.planes import PlaneFollower
from monitor.patches.quads import Quad, upright

FRAME = 320, 240
FRAMES = 40
QUAD = upright((150, 125), 80, 60)


def textured(seed: int, size: tuple[int, int] = (640, 480)) -> Pixels:
    """Random blobs of several sizes, as a wall or a lawn has them."""
    rng = np.random.default_rng(seed)
    levels = np.zeros((size[1], size[0]), np.float32)
    for cell in (4, 8, 16, 40):
        coarse = rng.random((size[1] // cell + 2, size[0] // cell + 2), np.float32)
        levels += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    levels = (levels - levels.min()) / np.ptp(levels) * 255
    return np.repeat(levels[..., None], 3, axis=2).astype(np.uint8)


def motion(at: int, pan: float, zoom: float, turn: float, tilt: float) -> np.ndarray:
    """(3, 3) about the frame's middle, of frame `at` of `FRAMES`."""
    share = at / FRAMES
    angle = np.radians(turn * share)
    grown = 1 + zoom * share
    way = np.array(
        [
            [grown * np.cos(angle), -grown * np.sin(angle), pan * share],
            [grown * np.sin(angle), grown * np.cos(angle), -0.6 * pan * share],
            [tilt * share, -0.7 * tilt * share, 1],
        ]
    )
    middle = np.array([[1, 0, FRAME[0] / 2], [0, 1, FRAME[1] / 2], [0, 0, 1]])
    return np.asarray(middle @ way @ np.linalg.inv(middle))


def filmed(picture: Pixels, matrix: np.ndarray) -> Pixels:
    """The frame in which the picture's middle has moved by a homography of pixels."""
    height, width = picture.shape[:2]
    start = np.array([[1, 0, (FRAME[0] - width) / 2], [0, 1, (FRAME[1] - height) / 2], [0, 0, 1]])
    return np.asarray(cv2.warpPerspective(picture, matrix @ start, FRAME), np.uint8)


def followed(
    picture: Pixels, pan: float = 0, zoom: float = 0, turn: float = 0, tilt: float = 0
) -> tuple[Quad | None, Quad]:
    """(where the follower has the quad in the last frame, where it is)."""
    follower, quad = PlaneFollower(QUAD), None
    for at in range(FRAMES + 1):
        matrix = motion(at, pan, zoom, turn, tilt)
        quad = follower.update(filmed(picture, matrix))
    # A homography of pixels counts from their centres.
    truth = cv2.perspectiveTransform((QUAD - 0.5)[None], matrix)[0] + 0.5
    return quad, np.asarray(truth, np.float64)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "way",
    [
        pytest.param({"pan": 60}, id="pan"),
        pytest.param({"zoom": 0.5}, id="zoom in"),
        pytest.param({"zoom": -0.3}, id="zoom out"),
        pytest.param({"turn": 40}, id="turn"),
        pytest.param({"tilt": 0.0012}, id="tilt"),
        pytest.param({"pan": 20, "zoom": 0.3, "turn": 20, "tilt": 0.0006}, id="all"),
    ],
)
def test_a_plane_is_followed_to_within_a_pixel_and_a_half(seed: int, way: dict[str, float]) -> None:
    quad, truth = followed(textured(seed), **way)
    assert np.linalg.norm(truth - QUAD, axis=1).max() > 5, "it moves"
    assert quad is not None
    assert np.linalg.norm(quad - truth, axis=1).max() < 1.5


def test_in_the_first_frame_it_is_where_it_was_said_to_be() -> None:
    assert np.array_equal(PlaneFollower(QUAD).update(filmed(textured(0), np.eye(3))), QUAD)


@pytest.mark.parametrize("step", [12, 15])
def test_what_hurries_past_in_front_of_it_does_not_carry_it_off(step: int) -> None:
    """The wall stands still; a strip of another passes."""
    wall, passer = textured(0), textured(50, (24, 240))
    follower = PlaneFollower(QUAD)
    for at in range(12):
        frame = filmed(wall, np.eye(3))
        frame[:, 60 + step * at :][:, :24] = passer
        quad = follower.update(frame)
        assert quad is not None
    assert np.linalg.norm(quad - QUAD, axis=1).max() < 1.5


def test_on_a_still_picture_noise_does_not_move_it() -> None:
    rng, wall = np.random.default_rng(0), filmed(textured(0), np.eye(3))
    follower = PlaneFollower(QUAD)
    for _ in range(100):
        noisy = np.clip(wall + rng.normal(0, 6, wall.shape), 0, 255).astype(np.uint8)
        quad = follower.update(noisy)
        assert quad is not None
        assert np.linalg.norm(quad - QUAD, axis=1).max() < 0.2


@pytest.mark.parametrize("levels", [0, 128, 255])
def test_a_picture_without_texture_is_lost_at_once(levels: int) -> None:
    follower = PlaneFollower(QUAD)
    assert follower.update(np.full((240, 320, 3), levels, np.uint8)) is None
    assert follower.lost


def test_a_plane_beyond_the_frame_is_lost_at_once() -> None:
    assert PlaneFollower(QUAD + np.array((900, 0))).update(filmed(textured(0), np.eye(3))) is None


def test_it_is_lost_at_a_cut() -> None:
    """To any of 60 other pictures."""
    kept = []
    for seed in range(60):
        follower = PlaneFollower(QUAD)
        assert follower.update(textured(seed, FRAME)) is not None
        if follower.update(textured(1000 + seed, FRAME)) is not None:
            kept.append(seed)
    assert kept == []


def test_it_is_lost_where_the_light_goes_out_and_stays_lost() -> None:
    follower, frame = PlaneFollower(QUAD), filmed(textured(0), np.eye(3))
    assert follower.update(frame) is not None
    assert not follower.lost
    assert follower.update(np.zeros_like(frame)) is None
    assert follower.lost
    assert [follower.update(frame) for _ in range(3)] == [None] * 3


def test_it_is_lost_when_it_leaves_the_frame() -> None:
    follower, wall = PlaneFollower(QUAD), textured(0, (1200, 480))
    quads = [follower.update(filmed(wall, motion(at, 400, 0, 0, 0))) for at in range(FRAMES + 1)]
    seen = [quad is not None for quad in quads]
    assert seen == sorted(seen, reverse=True), "what is lost stays lost"
    last = quads[seen.index(False) - 1]
    assert last is not None
    assert last[:, 0].max() > 270, "not before its edge is near the frame's"
