"""The sentence on tracks, for the report and the command line."""

from __future__ import annotations

import pytest
from tracking_stories import Look, booked, told

from monitor.report.track_words import tracks_sentence

A, B, FAR = (60.0, 60.0), (200.0, 60.0), (120.0, 180.0)
KEPT: Look = ([A], [A])
LOST: Look = ([A], [])


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        ([([], [])] * 3, "no object was followed over several frames"),
        (
            [([], [A])] * 3,
            "no object was followed over several frames; 1 in the attacked answers only",
        ),
        ([KEPT] * 4, "1 followed, none lost under attack, 0 switches"),
        (
            [KEPT] * 2 + [LOST] * 2,
            "1 followed, 1 lost under attack (after 1 frame, 0.04 s, median), 0 found again, 0 switches",
        ),
        (
            [KEPT] * 3 + [LOST] * 30 + [KEPT] * 3,
            "1 followed, 1 lost under attack (after 2 frames, 0.08 s, median), "
            "1 found again (after 30 frames, 1.20 s, median), 1 switch",
        ),
        (
            [([A], [A, FAR])] * 4,
            "1 followed, none lost under attack, 0 switches; 1 in the attacked answers only",
        ),
    ],
)
def test_the_sentence(looks: list[Look], words: str) -> None:
    ledger = booked(told(looks))
    summary = {**ledger.figures().as_dict(), "counts": ledger.counts().as_dict()}
    assert tracks_sentence(summary) == words


def test_without_a_clock_there_are_frames_and_without_an_attack_no_losses() -> None:
    ledger = booked(told([KEPT] * 2 + [LOST] * 2, rate=None))
    summary = {**ledger.figures().as_dict(), "counts": ledger.counts().as_dict()}
    assert "(after 1 frame, median)" in tracks_sentence(summary)
    ledger = booked(told([KEPT] * 4), under_attack=False)
    summary = {**ledger.figures().as_dict(), "counts": ledger.counts().as_dict()}
    assert tracks_sentence(summary) == "1 followed, 0 switches"
