"""Boxes, labels and the amplified perturbation."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv

from monitor.drift.matching import FrameDrift, Outcome, match
from monitor.panel.placeholder import failed_picture, stamped, waiting_picture
from monitor.pictures import (
    COLOURS,
    Pixels,
    attacked_picture,
    clean_picture,
    difference_picture,
    draw_label,
)

NAMES = ("face", "a sign with a name that is far too long for any picture of this size")


def detections(*boxes: tuple[float, float, float, float], label: int = 0) -> sv.Detections:
    return sv.Detections(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        confidence=np.full(len(boxes), 0.9, np.float32),
        class_id=np.full(len(boxes), label),
    )


@pytest.fixture
def grey() -> Pixels:
    pixels = np.full((120, 160, 3), 90, np.uint8)
    pixels.flags.writeable = False
    return pixels


def near(picture: Pixels, colour: tuple[int, int, int]) -> np.ndarray:
    return np.abs(picture.astype(int) - colour).sum(axis=2) < 40


def drift_of(outcome: Outcome) -> FrameDrift:
    box = (40.0, 40.0, 100.0, 100.0)
    clean, attacked = detections(box), detections(box)
    if outcome is Outcome.MISSED:
        attacked = detections()
    elif outcome is Outcome.FABRICATED:
        clean = detections()
    elif outcome is Outcome.RELABELLED:
        attacked = detections(box, label=1)
    return match(clean, attacked)


@pytest.mark.parametrize("zoom", [1, 2])
@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_outcome_is_drawn_in_its_colour_and_no_other(
    grey: Pixels, outcome: Outcome, zoom: int
) -> None:
    picture = attacked_picture(grey, drift_of(outcome), NAMES, zoom=zoom)
    assert picture.shape == (120 * zoom, 160 * zoom, 3)
    for other in Outcome:
        assert near(picture, COLOURS[other]).any() == (other is outcome)


def test_a_missed_box_is_dashed_and_a_kept_one_is_whole(grey: Pixels) -> None:
    def share(outcome: Outcome) -> float:
        picture = attacked_picture(grey, drift_of(outcome), NAMES)
        return float(near(picture, COLOURS[outcome])[99:102, 42:98].any(axis=0).mean())

    assert share(Outcome.KEPT) == 1.0
    assert 0.3 < share(Outcome.MISSED) < 0.8


@pytest.mark.parametrize("size", [(2, 2), (24, 32), (240, 320), (1080, 1920)])
@pytest.mark.parametrize("corner", [(-50, -50), (0, 0), (10_000, 10_000)])
def test_text_stays_inside_pictures_of_any_size(
    size: tuple[int, int], corner: tuple[int, int]
) -> None:
    # A frame of another array around the picture would be written into if text ran out of it.
    picture = np.zeros((*size, 3), np.uint8)
    x, y = corner
    draw_label(picture, (x, y, x + 20, y + 20), NAMES[1], (0, 94, 213))
    assert near(picture, (0, 94, 213)).any() or size == (2, 2)
    far = detections((x, y, x + 20.0, y + 20.0), label=1)
    assert clean_picture(picture, match(far, far), NAMES).shape == picture.shape


def test_the_plate_is_whole_where_the_box_touches_an_edge() -> None:
    for corner in ((0, 0), (300, 0), (0, 220), (300, 220), (-30, -30)):
        picture = np.zeros((240, 320, 3), np.uint8)
        draw_label(picture, (*corner, corner[0] + 20, corner[1] + 20), "face 0.90", (0, 94, 213))
        rows, columns = np.nonzero(near(picture, (0, 94, 213)))
        middle = np.zeros((240, 320, 3), np.uint8)
        draw_label(middle, (100, 100, 120, 120), "face 0.90", (0, 94, 213))
        rows_m, columns_m = np.nonzero(near(middle, (0, 94, 213)))
        assert np.ptp(rows) == np.ptp(rows_m), corner
        assert np.ptp(columns) == np.ptp(columns_m), corner


def test_frames_are_left_as_they_are(grey: Pixels) -> None:
    before = grey.copy()
    drift = drift_of(Outcome.KEPT)
    for picture in (
        clean_picture(grey, drift, NAMES),
        attacked_picture(grey, drift, NAMES, zoom=2),
    ):
        assert not np.shares_memory(picture, grey)
    assert (grey == before).all()


def test_the_difference_is_the_formula_to_the_level() -> None:
    rng = np.random.default_rng(0)
    clean, attacked = rng.integers(0, 256, (2, 40, 50, 3), dtype=np.uint8)
    for factor in (1.0, 1.5, 8.0, 64.0):
        exact = np.clip(128 + factor * (attacked.astype(float) - clean), 0, 255)
        assert np.abs(exact - difference_picture(clean, attacked, factor)).max() <= 0.5
    assert (difference_picture(clean, clean, 64.0) == 128).all()


def test_a_long_reason_fits_the_placeholder() -> None:
    reason = "clip.mp4: cannot be decoded because " + "of a long story, " * 12 + "choose another"
    for size in ((320, 240), (640, 480), (320, 100)):
        picture = failed_picture(size, reason)
        assert abs(picture.shape[1] / picture.shape[0] - size[0] / size[1]) < 0.05
        ground = picture[0, 0]
        edge = np.concatenate([picture[:2].reshape(-1, 3), picture[-2:].reshape(-1, 3)])
        assert (edge == ground).all(), "no line is cut off above or below"
        assert (picture != ground).any()
    assert (waiting_picture((320, 240), "a") != waiting_picture((320, 240), "b")).any()


def test_a_stamp_marks_a_copy(grey: Pixels) -> None:
    marked = stamped(grey, "paused")
    assert (marked[-20:, :40] != 90).any()
    assert (marked[:60] == 90).all()
