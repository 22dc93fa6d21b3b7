"""Where a patch hangs, as people write it, as objects have it, and never on more of a frame than allowed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.patches.drawing import drawn
from monitor.patches.placing import (
    SIZE,
    TOUCH,
    Beside,
    Placing,
    Plane,
    Spot,
    fitted,
    parse_placing,
)
from monitor.patches.quads import Quad, area, upright
from monitor.patches.texture import Sizes

FRAME = 160, 120
BOX = (40.0, 20.0, 100.0, 50.0)
ROOT = math.sqrt(60 * 30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("below", Beside("below", SIZE)),
        ("  on:0.6 ", Beside("on", 0.6)),
        ("above:0.05", Beside("above", 0.05)),
        ("left:10", Beside("left", 10)),
        ("right", Beside("right")),
        ("0.5,0.8", Spot(0.5, 0.8)),
        ("0,1", Spot(0, 1)),
        (
            "0.1,0.2  0.3,0.2\n0.3,0.5 0.1,0.5",
            Plane(((0.1, 0.2), (0.3, 0.2), (0.3, 0.5), (0.1, 0.5))),
        ),
        ("-1,-1 2,-1 2,2 -1,2", Plane(((-1, -1), (2, -1), (2, 2), (-1, 2)))),
    ],
)
def test_places_are_read_as_people_write_them(text: str, expected: Placing) -> None:
    assert parse_placing(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "under",
        "below:0.04",
        "below:10.1",
        "below:nan",
        "below:big",
        "0.5",
        "0.5,1.1",
        "-0.1,0.5",
        "nan,0.5",
        "0.5,0.5,0.5",
        "0.5;0.5",
        "0.1,0.1 0.5,0.5",
        "0.1,0.2 0.3,0.2 0.3,0.5 0.1,0.5 0.1,0.4",
        "0.1,0.2 0.3,0.2 0.3,2.5 0.1,0.5",
        pytest.param("0.1,0.5 0.3,0.5 0.3,0.2 0.1,0.2", id="anticlockwise"),
        pytest.param("0.1,0.2 0.3,0.5 0.3,0.2 0.1,0.5", id="crossing"),
        pytest.param("0.1,0.1 0.2,0.2 0.3,0.3 0.4,0.4", id="in a line"),
        pytest.param("0.1,0.1 0.9,0.1 0.3,0.2 0.1,0.9", id="dented"),
        pytest.param("be\nlow", id="two lines"),
    ],
)
def test_what_is_no_place_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_placing(text)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith(f"patch_at = {' '.join(text.split())!r}: write on, below")


@pytest.mark.parametrize("aspect", [0.5, 1.0, 3.0])
def test_a_spot_has_its_share_and_its_middle(aspect: float) -> None:
    quad = Spot(0.25, 0.75).quad(FRAME, 0.05, aspect)
    width, height = quad[2] - quad[0]
    assert area(quad) == pytest.approx(0.05 * 160 * 120)
    assert width / height == pytest.approx(aspect)
    assert quad.mean(axis=0).tolist() == pytest.approx([40, 90])


@pytest.mark.parametrize("where", ["on", "below", "above", "left", "right"])
@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
def test_a_patch_at_an_object_has_its_size_in_the_objects_own(where: str, aspect: float) -> None:
    quad = Beside(where, 1.5).quad(BOX, aspect)
    width, height = quad[2] - quad[0]
    assert math.sqrt(area(quad)) == pytest.approx(1.5 * ROOT)
    assert width / height == pytest.approx(aspect)


@pytest.mark.parametrize("size", [0.3, 1.2, 2.0])
@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
def test_a_patch_beside_an_object_reaches_over_its_edge_by_the_touch(
    size: float, aspect: float
) -> None:
    quads = {where: Beside(where, size).quad(BOX, aspect) for where in ("on", *EDGES)}
    middle = [(BOX[0] + BOX[2]) / 2, (BOX[1] + BOX[3]) / 2]
    assert quads["on"].mean(axis=0).tolist() == pytest.approx(middle)
    for where, (corner, axis, edge, inwards) in EDGES.items():
        reach = inwards * (quads[where][corner, axis] - edge)
        assert reach == pytest.approx(TOUCH * ROOT), where
        along = 1 - axis
        assert quads[where].mean(axis=0)[along] == pytest.approx(middle[along]), where


EDGES = {
    "below": (0, 1, BOX[3], -1),
    "above": (2, 1, BOX[1], 1),
    "left": (2, 0, BOX[0], 1),
    "right": (0, 0, BOX[2], -1),
}
"""Where -> the patch's corner that reaches over, its axis, the box's edge, the sign of inwards."""


def test_a_plane_is_in_shares_of_its_frame() -> None:
    quad = Plane(((0, 0.5), (1, 0.5), (0.5, 1), (-0.5, 2))).quad((200, 100))
    assert quad.tolist() == [[0, 50], [200, 50], [100, 100], [-100, 200]]


def random_quad(rng: np.random.Generator) -> Quad:
    """Any convex quad, clockwise, of the frame's size or so."""
    while True:
        quad = rng.uniform((-40, -40), (200, 160), (4, 2))
        sides = np.roll(quad, -1, axis=0) - quad
        following = np.roll(sides, -1, axis=0)
        if (sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0] > 1e-4).all():
            return quad


def random_sizes(rng: np.random.Generator) -> Sizes:
    height, width = rng.choice([8, 9, 15, 33, 64], 2)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Sizes.of(pixels, np.full((height, width), 255, np.uint8))


def texture_of(sizes: Sizes) -> tuple[int, int]:
    """(width, height), without the edges."""
    height, width = sizes.levels[0].shape[:2]
    return width - 2, height - 2


def painted(sizes: Sizes, quads: list[Quad]) -> int:
    out = np.zeros((FRAME[1], FRAME[0], 3), np.uint8)
    return sum(
        drawn(out, sizes, quad, np.ones(3, np.float32), np.zeros(3, np.float32)) for quad in quads
    )


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 4),
    share=st.floats(1e-4, 1),
    straight=st.booleans(),
    known=st.booleans(),
)
@settings(max_examples=300)
def test_what_is_drawn_never_covers_more_than_the_share(
    seed: int, count: int, share: float, straight: bool, known: bool
) -> None:
    """Whether or not the texture's size is told."""
    rng = np.random.default_rng(seed)
    quads = [random_quad(rng) for _ in range(count)]
    if straight:
        quads = [
            upright((q[0, 0], q[0, 1]), *np.exp(rng.uniform(-2, 5, 2)).tolist()) for q in quads
        ]
    sizes = random_sizes(rng)
    hung = fitted(quads, FRAME, share, *([texture_of(sizes)] if known else []))
    covered = painted(sizes, hung)
    assert covered <= share * FRAME[0] * FRAME[1]


STEEP = [
    [[36.18, 21.23], [28.52, 14.63], [6.64, -4.34], [154.81, 115.99]],
    [[128.88, 74.98], [174.15, 148.12], [67.82, -14.54], [118.67, 59.17]],
    [[17.62, 142.97], [164.77, 19.35], [161.8, 28.24], [147.28, 67.59]],
]
"""Planes seen nearly along themselves: half a texel is far where they are near."""


@pytest.mark.parametrize("share", [0.02, 0.07])
@pytest.mark.parametrize("corners", STEEP)
def test_nor_does_a_quad_in_steep_perspective(corners: list[list[float]], share: float) -> None:
    coarse = Sizes.of(np.full((8, 8, 3), 200, np.uint8), np.full((8, 8), 255, np.uint8))
    hung = fitted([np.array(corners)], FRAME, share)
    assert painted(coarse, hung) <= share * FRAME[0] * FRAME[1]


@pytest.mark.parametrize("middle", [(80.0, 60.0), (80.5, 60.5), (80.3, 60.7)])
@pytest.mark.parametrize("size", [(0.0, 0.0), (0.0, 30.0), (1e-6, 1e-6)])
def test_nor_does_a_quad_without_an_area(
    middle: tuple[float, float], size: tuple[float, float]
) -> None:
    sizes = random_sizes(np.random.default_rng(0))
    for share in (1e-4, 2e-4, 5e-4, 2e-3, 0.01):
        hung = fitted([upright(middle, *size)], FRAME, share)
        assert painted(sizes, hung) <= share * FRAME[0] * FRAME[1]


def test_quads_that_are_small_enough_are_left_alone() -> None:
    quads = [upright((40, 40), 20, 20), upright((90, 70), 30, 10)]
    hung = fitted(quads, FRAME, 0.1)
    assert all(np.array_equal(a, b) for a, b in zip(hung, quads, strict=True))


def test_quads_that_are_too_large_shrink_by_one_factor_about_their_middles() -> None:
    quads = [upright((40, 40), 60, 60), upright((90, 70), 50, 10)]
    factors = []
    for hung, quad in zip(fitted(quads, FRAME, 0.05), quads, strict=True):
        np.testing.assert_allclose(hung.mean(axis=0), quad.mean(axis=0))
        ratios = (hung - hung.mean(axis=0)) / (quad - quad.mean(axis=0))
        np.testing.assert_allclose(ratios, ratios[0, 0])
        factors.append(ratios[0, 0])
    assert factors[0] == pytest.approx(factors[1])
    assert 0.3 < factors[0] < 0.7


@pytest.mark.parametrize("share", [0.02, 0.05, 0.3])
def test_little_of_the_share_is_given_away(share: float) -> None:
    """What fades out at the edges counts too, of a coarse texture more than of a fine one."""
    for side, least in ((8, 0.7), (64, 0.8)):
        pixels = np.full((side, side, 3), 200, np.uint8)
        sizes = Sizes.of(pixels, np.full((side, side), 255, np.uint8))
        quads = [Spot(0.5, 0.5).quad(FRAME, share, 1.0)]
        hung = fitted(quads, FRAME, share, (side, side))
        assert painted(sizes, hung) >= least * share * FRAME[0] * FRAME[1]


def test_where_not_even_a_pixel_is_allowed_nothing_hangs() -> None:
    assert fitted([upright((40, 40), 20, 20)], FRAME, 1e-4) == []
    assert fitted([], FRAME, 0.05) == []
