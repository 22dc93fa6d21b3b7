"""The light on a patch: dark at dusk, white on white, coloured a little, and never in a hurry."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from monitor.arrays import Pixels
from monitor.patches.light import PAPER, SceneLight
from monitor.patches.quads import upright

QUAD = upright((160, 120), 40, 40)


def scene(white: float | tuple[float, float, float], dark: float = 0.0, seed: int = 0) -> Pixels:
    """Every level between dark and white, in no order."""
    shares = np.random.default_rng(seed).random((240, 320, 1))
    levels = dark + shares * (np.broadcast_to(white, 3) - dark)
    return levels.astype(np.uint8)


def white_shown(light: SceneLight, pixels: Pixels) -> npt.NDArray[np.float32]:
    """Level of white paper, BGR."""
    gain, lift = light.at(pixels, [QUAD])
    assert gain.dtype == lift.dtype == np.float32
    shown: npt.NDArray[np.float32] = 255 * gain + lift
    return shown


def test_in_white_light_a_patch_is_as_it_is() -> None:
    gain, lift = SceneLight().at(scene(235), [QUAD])
    assert gain == pytest.approx(1, abs=0.03)
    assert lift == pytest.approx(0, abs=3)


def test_dusk_darkens_it() -> None:
    shown = [white_shown(SceneLight(), scene(white)).mean() for white in (235, 180, 120, 90)]
    assert all(b < 0.85 * a for a, b in pairwise(shown))
    gain, _ = SceneLight().at(scene(0), [QUAD])
    assert gain == pytest.approx(0.3), "but never to nothing"


def test_a_bright_scene_makes_no_lamp_of_it() -> None:
    gain, _ = SceneLight().at(np.full((240, 320, 3), 255, np.uint8), [QUAD])
    assert gain.max() <= 1.1 + 1e-6


def test_haze_lifts_its_black() -> None:
    clear, hazy = (SceneLight().at(scene(235, dark), [QUAD]) for dark in (0, 100))
    assert clear[1].max() < 3
    assert hazy[1] == pytest.approx(50, abs=4)
    # White stays where it was: what haze adds, the gain gives away.
    assert PAPER * hazy[0] + hazy[1] == pytest.approx(PAPER * clear[0] + clear[1], abs=6)


def test_coloured_light_colours_it_by_half() -> None:
    gain, _ = SceneLight().at(scene((120, 160, 200)), [QUAD])
    assert gain[0] < gain[1] < gain[2]
    assert gain[2] / gain[0] == pytest.approx((200 + 160) / (120 + 160), rel=0.03)


def test_the_light_at_hand_counts_more_than_that_of_all_else() -> None:
    half = scene(230)
    half[:, :160] //= 4
    shade, sun = (
        SceneLight().at(half, [upright((x, 120), 30, 30)])[0].mean() for x in (60.0, 260.0)
    )
    assert shade < 0.8 * sun
    nowhere = SceneLight().at(half, [])[0].mean()
    assert shade < nowhere
    assert SceneLight().at(half, [upright((900, 120), 30, 30)])[0].mean() == nowhere


def test_light_changes_slowly_and_arrives() -> None:
    light, dusk = SceneLight(), scene(90)
    before, goal = white_shown(light, scene(235)), white_shown(SceneLight(), dusk)
    after = white_shown(light, dusk)
    assert (after < before).all()
    np.testing.assert_allclose(before - after, 0.1 * (before - goal), rtol=1e-3)
    for _ in range(60):
        after = white_shown(light, dusk)
    np.testing.assert_allclose(after, goal, atol=1)


def test_what_is_forgotten_does_not_last() -> None:
    light, dusk = SceneLight(), scene(90)
    white_shown(light, scene(235))
    light.forget()
    np.testing.assert_array_equal(white_shown(light, dusk), white_shown(SceneLight(), dusk))


def test_a_frame_is_left_as_it_was() -> None:
    pixels = scene(200)
    pixels.flags.writeable = False
    SceneLight().at(pixels, [QUAD])
    SceneLight().at(pixels[:1, :1], [QUAD])
