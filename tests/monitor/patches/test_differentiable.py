"""The drawing that gradients go through is the one that a stream shows, and its gradient is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.detector import to_tensor
from monitor.arrays import Pixels
from monitor.goals import Goal
from monitor.patches import differentiable
from monitor.patches.drawing import with_look
from monitor.patches.looks import PLAIN, Look, Looks
from monitor.patches.patch import Facts, Patch
from monitor.patches.quads import Quad, upright

LOOKS = Looks()
SEEDS = st.integers(0, 2**32 - 1)
FACTS = Facts(model="faces", goal=Goal.VANISH, place="on", share=0.1)


def scene(rng: np.random.Generator, side: float) -> tuple[Pixels, Patch, Quad]:
    """A random frame, a random patch, with holes as often as not, and a quad, as often as not cut off."""
    frame = rng.integers(0, 256, (90, 120, 3), dtype=np.uint8)
    height, width = rng.integers(8, 65, 2)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = np.full((height, width), 255, np.uint8)
    if rng.random() < 0.5:
        mask[height // 4 : height // 2, width // 4 : 3 * width // 4] = 0
    middle = rng.uniform((-10, -10), (130, 100))
    quad = upright((middle[0], middle[1]), side, side * rng.uniform(0.5, 2))
    return frame, Patch(pixels, mask, FACTS), quad


def colours_of(patch: Patch) -> tuple[torch.Tensor, torch.Tensor]:
    """(colours, mask) as training has them."""
    colours = torch.from_numpy(patch.pixels.astype(np.float32) / 255).permute(2, 0, 1)
    return colours, torch.from_numpy(patch.mask.astype(np.float32) / 255)[None]


def apart(frame: Pixels, patch: Patch, quad: Quad, look: Look) -> npt.NDArray[np.int64]:
    """Grey levels between the two, (H, W, 3)."""
    shown, _ = with_look(frame, patch, quad, look)
    with torch.no_grad():
        out = differentiable.drawn(to_tensor(frame), *colours_of(patch), quad, look)
    levels = (out[0].permute(1, 2, 0).numpy() * 255 + 0.5).astype(np.uint8)
    return np.abs(levels.astype(np.int64) - shown)


def mean_of(differing: npt.NDArray[np.int64], frame: Pixels, patch: Patch, quad: Quad) -> float:
    """Over the pixels where the patch is."""
    bright = Patch(np.full_like(patch.pixels, 255), patch.mask, FACTS)
    shown, _ = with_look(np.zeros_like(frame), bright, quad)
    return float(differing[shown > 0].mean()) if shown.any() else 0.0


@given(seed=SEEDS, side=st.floats(3, 110))
@settings(max_examples=150)
def test_both_draw_the_same(seed: int, side: float) -> None:
    """But for the camera's noise, which is below."""
    rng = np.random.default_rng(seed)
    frame, patch, quad = scene(rng, side)
    look = replace(LOOKS.draw(rng), grain=0.0)
    differing = apart(frame, patch, quad, look)
    assert differing.max() <= 2
    assert mean_of(differing, frame, patch, look.placed(quad)) < 0.7


@given(seed=SEEDS, side=st.floats(3, 110))
@example(seed=1, side=60.0)
@settings(max_examples=150)
def test_both_draw_the_same_with_the_cameras_noise(seed: int, side: float) -> None:
    """It is on the patch alone, not in its holes and not round it."""
    rng = np.random.default_rng(seed)
    frame, patch, quad = scene(rng, side)
    look = LOOKS.draw(rng)
    differing = apart(frame, patch, quad, look)
    # One rounding more: a level more in a pixel of a thousand.
    assert differing.max() <= 3
    assert (differing > 2).sum() <= max(2, differing.size // 1000)
    assert mean_of(differing, frame, patch, look.placed(quad)) < 0.7


@pytest.mark.parametrize("ink", [(0.0, 1.0), (0.05, 0.95)])
@pytest.mark.parametrize("print_grain", [0.0, 0.03])
def test_both_draw_the_same_noise_whatever_the_print(
    ink: tuple[float, float], print_grain: float
) -> None:
    """The print's noise is drawn first: either both draw it or neither does."""
    frame = np.full((90, 120, 3), 20, np.uint8)
    pixels = np.random.default_rng(0).integers(90, 160, (40, 40, 3), dtype=np.uint8)
    patch = Patch(pixels, np.full((40, 40), 255, np.uint8), FACTS)
    look = Look(ink=ink, grain=0.03, print_grain=print_grain, seed=5)
    differing = apart(frame, patch, upright((60.25, 45.5), 40, 40), look)
    assert differing[30:60, 45:75].max() <= 2
    noisy, _ = with_look(frame, patch, upright((60.25, 45.5), 40, 40), look)
    quiet, _ = with_look(frame, patch, upright((60.25, 45.5), 40, 40), replace(look, grain=0.0))
    assert (noisy[30:60, 45:75].astype(float) - quiet[30:60, 45:75]).std() > 5


def test_a_patch_beyond_the_frame_changes_nothing() -> None:
    frame, patch, _ = scene(np.random.default_rng(0), 20)
    far = upright((500, 45), 30, 30)
    shown, _ = with_look(frame, patch, far, PLAIN)
    assert np.array_equal(shown, frame)
    tensor = to_tensor(frame)
    assert differentiable.drawn(tensor, *colours_of(patch), far, PLAIN) is tensor


def test_the_frame_that_is_given_is_left_alone() -> None:
    frame, patch, _ = scene(np.random.default_rng(0), 20)
    tensor, quad = to_tensor(frame), upright((60, 45), 30, 30)
    kept = tensor.clone()
    out = differentiable.drawn(
        tensor, *colours_of(patch), quad, LOOKS.draw(np.random.default_rng(0))
    )
    assert torch.equal(tensor, kept)
    assert not torch.equal(out, kept)
    frame.flags.writeable = False
    with_look(frame, patch, quad, PLAIN)


def gradient_of(quad: Quad, mask: torch.Tensor, look: Look) -> torch.Tensor:
    """Of the sum of all pixels in each texel, (3, h, w)."""
    colours = torch.full((3, *mask.shape[1:]), 0.5, requires_grad=True)
    out = differentiable.drawn(torch.full((1, 3, 90, 120), 0.5), colours, mask, quad, look)
    out.sum().backward()  # type: ignore[no-untyped-call]
    assert colours.grad is not None
    return colours.grad


def test_gradient_reaches_the_texels_that_are_seen_alone() -> None:
    """The left half of the patch lies beyond the frame's edge."""
    gradient = gradient_of(upright((0, 45), 32, 32), torch.ones(1, 32, 32), PLAIN)
    assert (gradient[:, :, 17:] > 0.9).all()
    assert not gradient[:, :, :15].any()


def test_no_gradient_reaches_a_hole() -> None:
    mask = torch.ones(1, 32, 32)
    mask[:, 8:20, 4:12] = 0
    gradient = gradient_of(upright((60, 45), 48, 48), mask, replace(PLAIN, blur=1.0, roll=20.0))
    assert not gradient[:, 8:20, 4:12].any()
    assert (gradient[:, mask[0] > 0] > 0).all()


def test_light_and_size_weigh_the_gradient() -> None:
    """A texel that covers four pixels in half the light: twice; one of four in a pixel: a quarter."""
    mask, gain = torch.ones(1, 16, 16), (0.5, 0.5, 0.5)
    large = gradient_of(upright((60, 45), 32, 32), mask, replace(PLAIN, gain=gain))
    torch.testing.assert_close(large[:, 2:-2, 2:-2], torch.full((3, 12, 12), 2.0))
    small = gradient_of(upright((60, 45), 8, 8), mask, PLAIN)
    torch.testing.assert_close(small[:, 4:-4, 4:-4], torch.full((3, 8, 8), 0.25))


@given(seed=SEEDS, side=st.floats(10, 80))
@settings(max_examples=25)
def test_the_gradient_is_the_slope(seed: int, side: float) -> None:
    """Levels stay clear of where they are cut off, so that the frame is linear in each texel."""
    rng = np.random.default_rng(seed)
    look = replace(
        LOOKS.draw(rng), gain=(0.8, 0.9, 0.7), print_grain=0.01, grain=0.01, ink=(0.05, 0.95)
    )
    quad = upright((60.0, 45.0), side, side)
    colours = torch.from_numpy(rng.uniform(0.4, 0.6, (3, 16, 16)).astype(np.float32))
    mask = torch.ones(1, 16, 16)
    weights = torch.from_numpy(rng.uniform(-1, 1, (1, 3, 90, 120)).astype(np.float32))

    def weighed(texels: torch.Tensor) -> torch.Tensor:
        frame = torch.full((1, 3, 90, 120), 0.5)
        return (weights * differentiable.drawn(frame, texels, mask, quad, look)).double().sum()

    leaf = colours.clone().requires_grad_(True)
    weighed(leaf).backward()  # type: ignore[no-untyped-call]
    assert leaf.grad is not None
    assert leaf.grad.any()
    for c, y, x in rng.integers((3, 16, 16), size=(4, 3)):
        up, down = colours.clone(), colours.clone()
        up[c, y, x] += 0.1
        down[c, y, x] -= 0.1
        slope = float(weighed(up) - weighed(down)) / float(up[c, y, x] - down[c, y, x])
        assert float(leaf.grad[c, y, x]) == pytest.approx(slope, rel=1e-3, abs=1e-3)
