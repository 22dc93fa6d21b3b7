"""Average precision against a plain count of it, recall, false boxes."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st

from models.quality.scores import IOU, LEAST_SCORE, Seen, ap50, boxes_a_picture, overlaps, recall

A, B, C = (10.0, 10.0, 50.0, 50.0), (60.0, 10.0, 90.0, 40.0), (10.0, 60.0, 40.0, 95.0)
FAR = (70.0, 70.0, 95.0, 95.0)
Found = tuple[tuple[float, ...], float, str]


def seen(truth: list[tuple[tuple[float, ...], str]], found: list[Found]) -> Seen:
    detections = sv.Detections.empty()
    if found:
        detections = sv.Detections(
            xyxy=np.array([box for box, _, _ in found], np.float32),
            confidence=np.array([score for _, score, _ in found], np.float32),
            class_id=np.zeros(len(found), int),
            data={"class_name": np.array([name for _, _, name in found])},
        )
    boxes = np.array([box for box, _ in truth], np.float32).reshape(-1, 4)
    return Seen(boxes, tuple(name for _, name in truth), detections, (100, 100))


def test_a_perfect_answer_is_1() -> None:
    pictures = [
        seen([(A, "ball"), (B, "ball")], [(A, 0.9, "ball"), (B, 0.3, "ball")]),
        seen([(C, "ball")], [(C, 0.02, "ball")]),
    ]
    assert ap50(pictures, "ball") == pytest.approx(1)


def test_nothing_found_is_0_and_nothing_there_is_nothing() -> None:
    assert ap50([seen([(A, "ball")], [])], "ball") == 0
    assert ap50([seen([], [(A, 0.9, "ball")])], "ball") is None
    assert ap50([seen([(A, "stop")], [(A, 0.9, "ball")])], "ball") is None
    assert ap50([], "ball") is None


def test_half_of_the_objects_without_a_false_box_is_a_half() -> None:
    picture = seen([(A, "ball"), (B, "ball")], [(A, 0.9, "ball")])
    assert ap50([picture], "ball") == pytest.approx(0.5, abs=0.01)


def test_a_false_box_costs_where_it_is_ranked_above() -> None:
    truth = [(A, "ball")]
    below = ap50([seen(truth, [(A, 0.9, "ball"), (FAR, 0.5, "ball")])], "ball")
    above = ap50([seen(truth, [(A, 0.5, "ball"), (FAR, 0.9, "ball")])], "ball")
    elsewhere = ap50([seen(truth, [(A, 0.5, "ball")]), seen([], [(A, 0.9, "ball")])], "ball")
    assert below == pytest.approx(1)
    assert above == pytest.approx(0.5)
    assert elsewhere == pytest.approx(0.5)


def test_one_object_is_found_once() -> None:
    twice = [(A, 0.9, "ball"), (A, 0.8, "ball"), (B, 0.7, "ball")]
    assert ap50([seen([(A, "ball"), (B, "ball")], twice)], "ball") == pytest.approx(
        (51 * 1 + 50 * 2 / 3) / 101
    )


def test_other_classes_do_not_count() -> None:
    found = [(A, 0.9, "stop"), (B, 0.99, "warning")]
    assert ap50([seen([(A, "stop"), (B, "stop")], found)], "stop") == pytest.approx(0.5, abs=0.01)


def test_scores_below_the_threshold_do_not_count() -> None:
    picture = seen([(A, "ball")], [(A, 0.4, "ball")])
    assert ap50([picture], "ball", threshold=0.5) == 0
    assert ap50([picture], "ball", threshold=0.4 - 1e-6) == pytest.approx(1)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    ap50([seen([(A, "ball")], [(A, 0.9, "ball")])], "ball")
    assert capfd.readouterr() == ("", "")


def by_hand(pictures: list[Seen], name: str) -> float:
    """COCO's rules, written out: best score first, each takes the free object it overlaps most."""
    everything = []
    for number, picture in enumerate(pictures):
        names = picture.found.data.get("class_name", [])
        rows = (
            zip(picture.found.xyxy, picture.found.confidence, names, strict=True)
            if len(names)
            else ()
        )
        everything += [(float(s), number, box) for box, s, of in rows if of == name]
    free = [[label == name for label in picture.labels] for picture in pictures]
    total = sum(map(sum, free))
    hits = []
    for _, number, box in sorted(everything, key=lambda row: -row[0]):
        best, chosen = IOU, None
        for i, there in enumerate(pictures[number].boxes):
            overlap = iou(box, there)
            if free[number][i] and overlap >= best:
                best, chosen = overlap, i
        if chosen is not None:
            free[number][chosen] = False
        hits.append(chosen is not None)
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(hits) + 1)
    levels = [
        max((p for p, r in zip(precision, right / total, strict=True) if r >= level), default=0.0)
        for level in np.linspace(0, 1, 101)
    ]
    return float(np.mean(levels))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    inside = float(np.prod((high - low).clip(0)))
    return inside / (float(np.prod(a[2:] - a[:2])) + float(np.prod(b[2:] - b[:2])) - inside)


@st.composite
def some_pictures(draw: st.DrawFn) -> list[Seen]:
    """A few pictures with objects, some found more or less, and false boxes; no two scores alike."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    pictures = []
    scores = iter(rng.permutation(np.linspace(0.02, 0.98, 97)))
    for _ in range(draw(st.integers(1, 4))):
        truth, found = [], []
        for _ in range(draw(st.integers(0, 5))):
            corner, size = rng.uniform(0, 300, 2), rng.uniform(8, 80, 2)
            box = np.concatenate([corner, corner + size])
            truth.append((tuple(box), str(rng.choice(["ball", "stop"]))))
            for _ in range(int(rng.choice([0, 1, 1, 2]))):
                near = box + rng.normal(0, 0.18, 4) * np.tile(size, 2) * 0.7
                near[2:] = np.maximum(near[2:], near[:2] + 1)
                found.append(
                    (
                        tuple(near),
                        float(next(scores)),
                        str(rng.choice(["ball", "stop"], p=(0.8, 0.2))),
                    )
                )
        for _ in range(draw(st.integers(0, 3))):
            corner = rng.uniform(0, 300, 2)
            found.append(((*corner, *(corner + 20)), float(next(scores)), "ball"))
        pictures.append(seen(truth, found))
    return pictures


@settings(max_examples=60, deadline=None)
@given(some_pictures())
def test_average_precision_is_what_is_counted_by_hand(pictures: list[Seen]) -> None:
    given_value = ap50(pictures, "ball")
    if not any(label == "ball" for picture in pictures for label in picture.labels):
        assert given_value is None
    else:
        assert given_value == pytest.approx(by_hand(pictures, "ball"), abs=1e-6)


def test_recall_counts_objects_that_are_overlapped_enough() -> None:
    shifted = (10.0, 10.0, 50.0, 29.0)  # 0.475 of A
    pictures = [
        seen([(A, "ball"), (B, "ball")], [(A, 0.9, "ball"), (B, 0.3, "ball")]),
        seen([(A, "ball")], [(shifted, 0.9, "ball")]),
        seen([], [(A, 0.9, "ball")]),
    ]
    assert recall(pictures, 0.5) == (1, 3)
    assert recall(pictures, 0.2) == (2, 3)
    assert recall([], 0.5) == (0, 0)


def test_recall_of_a_class_is_by_that_name_and_without_one_by_any() -> None:
    pictures = [seen([(A, "stop"), (B, "warning")], [(A, 0.9, "priority"), (B, 0.9, "warning")])]
    assert recall(pictures, 0.5) == (2, 2)
    assert recall(pictures, 0.5, "stop") == (0, 1)
    assert recall(pictures, 0.5, "warning") == (1, 1)
    assert recall(pictures, 0.5, "crosswalk") == (0, 0)


def test_false_boxes_are_counted_from_the_threshold_on() -> None:
    pictures = [
        seen([], [(A, 0.9, "ball"), (B, 0.5, "stop"), (C, 0.49, "ball")]),
        seen([], []),
    ]
    assert boxes_a_picture(pictures, 0.5) == 1.0
    assert boxes_a_picture(pictures, LEAST_SCORE) == 1.5


def test_overlaps_are_intersections_over_unions() -> None:
    given_value = overlaps(np.array([A, B], np.float32), np.array([A, FAR], np.float32))
    np.testing.assert_allclose(given_value, [[1, 0], [0, 0]], atol=1e-6)
    half = overlaps(np.array([A], np.float32), np.array([(10, 10, 50, 30)], np.float32))
    assert half[0, 0] == pytest.approx(0.5)
