"""The figures that the project stands on, on real clips of faces, frame by frame.

`pytest -m slow -s tests/test_must_hold.py` prints the table.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from models.centerface import CenterFace
from monitor.assembly import build_pipeline
from monitor.config import Settings
from monitor.drift.matching import Outcome
from streams.opening import open_source

WIDTH = 448


def share_missed(clip: Path, faces: CenterFace, **words: object) -> tuple[float, int, int]:
    """(share of clean faces missed, clean faces, frames) over a whole clip, goal VANISH."""
    settings = Settings().changed({"width": WIDTH, "goal": "vanish", **words})
    pipeline = build_pipeline(settings, faces)
    clean = missed = frames = 0
    with open_source(str(clip)) as source:
        while (frame := source.read(60)) is not None:
            drift = pipeline.observe(frame).drift
            frames += 1
            clean += drift.clean_count
            missed += drift.count(Outcome.MISSED)
    return missed / clean, clean, frames


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_shares_of_faces_that_vanish_at_4_255(
    face_clips: list[Path], faces: CenterFace, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = []
    for clip in face_clips:
        pgd, clean, frames = share_missed(clip, faces, attack="pgd", steps=10)
        fgsm, _, _ = share_missed(clip, faces, attack="fgsm")
        noise, _, _ = share_missed(clip, faces, attack="noise")
        zero, _, _ = share_missed(clip, faces, attack="pgd", eps=0)
        rows.append((clip.name, frames, clean, pgd, fgsm, noise, zero))
    with capsys.disabled():
        print(f"\n{'clip':42s} frames faces  PGD-10   FGSM  noise  eps 0")
        for name, frames, clean, *shares in rows:
            print(f"{name:42s} {frames:6d} {clean:5d} " + " ".join(f"{s:7.3f}" for s in shares))
    for name, _, _, pgd, fgsm, noise, zero in rows:
        assert pgd >= 0.95, name
        assert noise <= 0.05, name
        if fgsm > 0.1:
            assert noise <= fgsm / 3, name
        assert zero == 0, name
