"""The best labels of a classifier, clean and attacked, side by side."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv
from observations import observed

from models.classifier import WholeFrame
from monitor.assembly import build_pipeline
from monitor.config import Settings
from monitor.drift.windows import RollingWindow
from monitor.panel.labels import top_labels
from monitor.panel.watch import Reading
from monitor.pipeline import Observation
from streams.frame import Frame


def reading(seen: Observation | None) -> Reading:
    return Reading(seen, RollingWindow(1).rates(), 0, ())


def answer(*ranked: tuple[str, float]) -> sv.Detections:
    return sv.Detections(
        xyxy=np.array([[0, 0, 32, 24]], np.float32),
        confidence=np.array([ranked[0][1]], np.float32),
        class_id=np.array([0]),
        data={
            "class_name": np.array([ranked[0][0]]),
            "top5_names": np.array([[name for name, _ in ranked]]),
            "top5_scores": np.array([[score for _, score in ranked]]),
        },
    )


def test_there_is_nothing_to_show_for_boxes() -> None:
    boxes = sv.Detections(
        np.array([[0, 0, 9, 9]], np.float32),
        confidence=np.array([0.9], np.float32),
        class_id=np.array([0]),
    )
    assert top_labels(reading(None)) == ""
    assert top_labels(reading(observed(0, boxes, boxes))) == ""
    assert top_labels(reading(observed(0, sv.Detections.empty(), boxes))) == ""


def test_both_lists_stand_side_by_side_and_new_labels_are_marked() -> None:
    seen = observed(0, answer(("cat", 0.8), ("dog", 0.1)), answer(("<owl>", 0.7), ("cat", 0.2)))
    shown = top_labels(reading(seen))
    assert shown.index("clean") < shown.index("attacked")
    assert shown.count("0.800") == shown.count("0.700") == 1
    assert "&lt;owl&gt;" in shown
    assert "<owl>" not in shown
    assert shown.count('class="cd-new"') == 2  # dog went, owl came
    assert "another label under attack" in shown
    assert "same label" in top_labels(
        reading(observed(0, answer(("cat", 0.8)), answer(("cat", 0.7))))
    )


@pytest.mark.parametrize("attack", ["none", "fgsm"])
def test_a_real_frame_of_the_classifier(
    imagenet: WholeFrame, photograph: np.ndarray, attack: str
) -> None:
    settings = Settings().changed({"attack": attack, "goal": "any"})
    seen = build_pipeline(settings, imagenet).observe(Frame(photograph, 0, 0.0, 0.0, "still"))
    shown = top_labels(reading(seen))
    assert shown.count("<li") == 10
    assert (seen.drift.drifted, "another label" in shown) == ((attack == "fgsm",) * 2)
