"""What every natural fault keeps; the catalogue enrols them, nobody is forgotten."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from monitor.corruptions.fault import WORST, Stage
from monitor.faults import FAULTS

Pixels = npt.NDArray[np.uint8]

SIZE = (480, 640)  # where sizes in pixels are the published ones
FRAMES = 12
SEVERITIES = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0)

PAST = {"packet_loss", "dropped_frames", "frozen_frames"}
"""Faults of the link: what they show comes from frames before, so that a still hides them."""

ALIVE = {"gaussian_noise", "shot_noise", "impulse_noise", "banding_noise", "low_light"}
"""Noise: two frames of it are as far apart as two of other seeds."""


@pytest.fixture(scope="module")
def clip(cup: Pixels) -> list[Pixels]:
    """A real photograph, panned slowly, as a camera would."""
    large = cv2.resize(cup, (SIZE[1] + 80, SIZE[0] + 60), interpolation=cv2.INTER_CUBIC)
    return [
        np.ascontiguousarray(large[t * 2 : t * 2 + SIZE[0], t * 3 : t * 3 + SIZE[1]])
        for t in range(FRAMES)
    ]


@pytest.fixture(scope="module")
def long_clip(cup: Pixels) -> list[Pixels]:
    """Long enough for what befalls a frame now and then; small."""
    large = cv2.resize(cup, (360, 200), interpolation=cv2.INTER_AREA)
    return [np.ascontiguousarray(large[40:160, t : t + 160]) for t in range(200)]


def played(name: str, frames: list[Pixels], severity: float, seed: int = 0) -> list[Pixels]:
    """The clip with the fault on it."""
    fault = FAULTS[name].build((*frames[0].shape[:2], 3), seed)
    return [fault.apply(frame, severity, at) for at, frame in enumerate(frames)]


def alike(one: Pixels, other: Pixels) -> float:
    """Structural similarity (SSIM) of the greys, 1 for the same."""
    grey = [cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY) for pixels in (one, other)]
    return float(structural_similarity(*grey, data_range=255))


def apart(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())


@pytest.mark.parametrize("name", FAULTS)
def test_the_frame_is_new_of_its_size_and_the_input_left_alone(
    name: str, clip: list[Pixels]
) -> None:
    frames = [frame.copy() for frame in clip]
    for frame in frames:
        frame.flags.writeable = False
    for before, after in zip(clip, played(name, frames, 3.0), strict=True):
        assert (after.dtype, after.shape) == (np.uint8, before.shape)
        assert not any(np.shares_memory(after, frame) for frame in frames)
        assert after.flags.c_contiguous
    for before, now in zip(clip, frames, strict=True):
        assert np.array_equal(before, now)


@pytest.mark.parametrize("name", FAULTS)
def test_the_same_seed_gives_the_same_bytes(name: str, clip: list[Pixels]) -> None:
    one, two = played(name, clip, 2.5, seed=7), played(name, clip, 2.5, seed=7)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("name", FAULTS)
def test_quality_falls_strictly_with_severity(
    name: str, clip: list[Pixels], long_clip: list[Pixels]
) -> None:
    """By the squared error, so PSNR, over the clip; or by SSIM, as fog is told apart by its structure."""
    clip = long_clip if name in PAST else clip
    errors, likeness = [], []
    for severity in SEVERITIES:
        shown = played(name, clip, severity)
        errors.append(
            np.mean(
                [np.square(a.astype(np.int32) - b).mean() for a, b in zip(shown, clip, strict=True)]
            )
        )
        likeness.append(alike(shown[-1], clip[-1]))
    assert errors[0] > 0
    falls = all(low < high for low, high in pairwise(errors))
    assert falls or all(high > low for high, low in pairwise(likeness)), (errors, likeness)


@pytest.mark.parametrize("name", FAULTS)
def test_next_to_no_severity_is_next_to_nothing(
    name: str, clip: list[Pixels], long_clip: list[Pixels]
) -> None:
    clip = long_clip if name in PAST else clip
    little = np.mean([apart(a, b) for a, b in zip(clip, played(name, clip, 0.02), strict=True)])
    much = np.mean([apart(a, b) for a, b in zip(clip, played(name, clip, 5.0), strict=True)])
    assert little < 0.15 * much


@pytest.mark.parametrize("name", sorted(set(FAULTS) - ALIVE - PAST))
def test_what_is_on_a_still_moves_less_than_chance_would_move_it(
    name: str, clip: list[Pixels]
) -> None:
    still = [clip[0]] * 3
    one, two = played(name, still, 3.0, seed=1), played(name, still, 3.0, seed=2)
    after = apart(one[1], one[2])
    assert after <= apart(one[2], two[2])
    # What has no chance in it stays as it is.
    if apart(one[2], two[2]) == 0:
        assert after == 0


@pytest.mark.parametrize("name", FAULTS)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    severity=st.floats(0.01, WORST),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=12, deadline=None)
def test_frames_of_any_size_and_severity_go_through(
    name: str, height: int, width: int, severity: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    fault = FAULTS[name].build((height, width, 3), seed)
    for at in (0, 1, 5):
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        out = fault.apply(pixels, severity, at)
        assert (out.dtype, out.shape) == (np.uint8, pixels.shape)


def test_there_are_twenty_or_more_and_every_stage_has_some() -> None:
    assert len(FAULTS) >= 20
    assert {entry.stage for entry in FAULTS.values()} == set(Stage)
    assert set(FAULTS) >= PAST | ALIVE
