"""Vignetting and distortion against their formulas."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from monitor.corruptions.geometry import Distortion, Vignetting, corner_squares

Pixels = npt.NDArray[np.uint8]


@pytest.mark.parametrize("severity", range(1, 6))
def test_vignetting_is_the_fourth_power_of_the_cosine(severity: int) -> None:
    white = np.full((121, 161, 3), 255, np.uint8)
    out = Vignetting(white.shape, 0).apply(white, severity, 0)
    angle = np.arctan(Vignetting.tangents[severity - 1])
    assert (out[60, 80] == 255).all()
    wanted = 255 * np.cos(angle) ** (4 / Vignetting.gamma)
    for corner in (out[0, 0], out[0, -1], out[-1, 0], out[-1, -1]):
        assert corner == pytest.approx(wanted, abs=1)
    assert (np.diff(out[60, 80:, 0].astype(int)) <= 0).all()


@pytest.mark.parametrize("shape", [(121, 161, 3), (161, 121, 3), (240, 240, 3)])
@pytest.mark.parametrize("severity", range(1, 6))
def test_distortion_inverts_brown_conrady(shape: tuple[int, int, int], severity: int) -> None:
    term = Distortion.terms[severity - 1]
    x, y = Distortion(shape, 0).sources(term)
    height, width = shape[:2]
    half = np.hypot(height - 1, width - 1) / 2
    straight = np.hypot(x - (width - 1) / 2, y - (height - 1) / 2) / half
    bent = np.sqrt(corner_squares(shape))
    kept = max(shape) / np.hypot(height, width)
    seen = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    again = straight * (1 + term * straight**2) / (1 + term * kept**2)
    assert np.abs(again - bent)[seen].max() < 2e-4
    # A longer side's middle stays, a corner is outside the picture.
    assert not seen[0, 0]
    edge = (x[height // 2, 0], y[0, width // 2])[0 if width >= height else 1]
    assert edge == pytest.approx(0, abs=0.6)


def test_straight_lines_bulge_outwards_and_the_outside_is_black() -> None:
    frame = np.full((240, 320, 3), 90, np.uint8)
    frame[30:34] = 255
    out = Distortion(frame.shape, 0).apply(frame, 5.0, 0)
    rows = [int(np.argmax(out[:100, column, 0])) for column in (160, 230, 280)]
    assert rows == sorted(rows)
    assert rows[2] > rows[0] + 5
    assert (out[0, 0] == 0).all()


def test_vignetting_and_distortion_are_as_a_severity_says_whatever_came_before(
    photograph: Pixels,
) -> None:
    for build in (Vignetting, Distortion):
        used = build(photograph.shape, 0)
        used.apply(photograph, 5.0, 0)
        fresh = build(photograph.shape, 0).apply(photograph, 2.0, 1)
        assert np.array_equal(used.apply(photograph, 2.0, 1), fresh)
        view = photograph[::2, ::-2]
        assert build(view.shape, 0).apply(view, 3.0, 0).shape == view.shape
