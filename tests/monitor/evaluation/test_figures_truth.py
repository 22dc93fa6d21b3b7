"""Mean average precision and calibration error: by hand, and beside faster-coco-eval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_stories import Story, write_rows, write_story
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.evaluation.figures.cells import OUTCOMES, Cell, Clip, read_cells
from monitor.evaluation.figures.measure import interval, value_of
from monitor.evaluation.figures.precision import average_precision, mean_precision
from monitor.evaluation.figures.summary import summarise
from monitor.evaluation.opened import Evaluation

Box = tuple[int, int, int, float, int, int, int, int]
"""Frame, class, place, score, and the corner and size of a box."""


def cell_of(truth: list[Box], found: list[Box]) -> Cell:
    """Six frames; the detections are those of the attacked answer alone."""

    def columns(rows: list[Box], prefix: str) -> dict[str, Any]:
        table = np.array(rows, float).reshape(-1, 8)
        frame, label, _, score, x, y, width, height = table.T
        edges = {"x0": x, "y0": y, "x1": x + width, "y1": y + height}
        whole = {"row": frame.astype(int), f"{prefix}class_id": label.astype(int)}
        return {
            **whole,
            f"{prefix}score": score,
            **{f"{prefix}{name}_px": each for name, each in edges.items()},
        }

    objects = columns(found, "attacked_")
    objects["outcome"] = np.full(len(found), OUTCOMES.index("fabricated"))
    frames = {"clip": np.zeros(6, int), "index": np.arange(6)}
    clips = {0: Clip(0, "a.mp4", None, True)}
    return Cell({}, frames, objects, columns(truth, ""), {}, (), clips)


def peer(truth: list[Box], found: list[Box]) -> float:
    """The same by faster-coco-eval."""
    from faster_coco_eval import COCO, COCOeval_faster

    def annotations(rows: list[Box]) -> list[dict[str, Any]]:
        return [
            {"image_id": frame + 1, "category_id": label + 1, "bbox": [x, y, width, height]}
            | {"area": width * height, "score": score, "id": i, "iscrowd": 0}
            for i, (frame, label, _, score, x, y, width, height) in enumerate(rows, start=1)
        ]

    labels = sorted({row[1] + 1 for row in truth})
    common = {
        "images": [{"id": i, "width": 99, "height": 99} for i in range(1, 7)],
        "categories": [{"id": label, "name": str(label)} for label in labels],
    }
    ground, answers = (
        COCO({**common, "annotations": annotations(each)}) for each in (truth, found)
    )
    evaluation = COCOeval_faster(ground, answers, "bbox", print_function=lambda *_: None)
    evaluation.evaluate()
    evaluation.accumulate()
    precision = np.asarray(evaluation.eval["precision"])[:, :, :, 0, -1]
    return float(precision[precision > -1].mean())


# Few places and sizes, so that overlaps and scores are often equal to each other and to the ten bars.
box = st.tuples(
    st.integers(0, 5),
    st.integers(0, 1),
    st.just(0),
    st.sampled_from([0.5, 0.6, 0.7, 0.9]),
    st.integers(0, 3),
    st.just(0),
    st.sampled_from([4, 5, 8, 10]),
    st.sampled_from([4, 5, 10]),
)


@settings(deadline=None)
@given(st.lists(box, min_size=1, max_size=20), st.lists(box, min_size=1, max_size=30))
def test_mean_precision_is_that_of_the_peer(truth: list[Box], found: list[Box]) -> None:
    assert mean_precision(cell_of(truth, found), "attacked") == pytest.approx(
        max(peer(truth, found), 0.0), abs=1e-12
    )


def test_only_the_best_hundred_of_a_class_in_a_frame_count() -> None:
    truth: list[Box] = [(0, 0, 0, 0.0, 0, 0, 10, 10)]
    wrong: list[Box] = [(0, 0, i, 0.9, 50, 50, 10, 10) for i in range(100)]
    right: list[Box] = [(0, 0, 0, 0.5, 0, 0, 10, 10)]
    assert mean_precision(cell_of(truth, wrong + right), "attacked") == 0
    assert mean_precision(cell_of(truth, wrong[1:] + right), "attacked") == pytest.approx(1 / 100)


def test_average_precision_by_hand() -> None:
    # Right, wrong, right of four: precision 1 up to a recall of 1/4, 2/3 up to 1/2, 0 beyond.
    expected = (26 * 1 + 25 * 2 / 3) / 101
    assert average_precision(np.array([True, False, True]), 4) == pytest.approx(expected)
    assert average_precision(np.array([], bool), 4) == 0


def test_nothing_found_is_nought_and_nothing_there_is_null() -> None:
    truth: list[Box] = [(0, 0, 0, 0.0, 0, 0, 10, 10)]
    assert mean_precision(cell_of(truth, []), "attacked") == 0
    assert mean_precision(cell_of([], truth), "attacked") is None


def test_calibration_error_by_hand(tmp_path: Path) -> None:
    # (score, right) of the attacked answer; 0.62 and 0.64 share a bin of fifteen, 2/3 is the end of theirs.
    told = [(0.62, True), (0.64, False), (2 / 3, True), (0.9, True), (0.95, False)]
    rows: dict[str, list[dict[str, Any]]] = {
        "frames": [{"clip": c, "condition": 0, "index": i} for c in (0, 1) for i in range(5)],
        "objects": [
            {"clip": clip, "condition": 0, "frame": i, "outcome": "fabricated"}
            | {"attacked_index": 0, "attacked_class_id": 0, "attacked_score": score}
            | {f"attacked_{edge}_px": 1.0 for edge in ("x0", "y0", "x1", "y1")}
            for clip in (0, 1)  # the second one has no ground truth and does not count
            for i, (score, _) in enumerate(told)
        ],
        "truth": [
            {"clip": 0, "condition": 0, "frame": i, "class": "stop", "class_id": 0}
            | {"attacked_index": 0, "attacked_class_id": 0 if right else 1}
            for i, (_, right) in enumerate(told)
        ],
    }
    clips = [{"clip": 0}, {"clip": 1, "name": "b.mp4", "truth": ""}]
    folder = write_rows(tmp_path / "run", rows, clips=clips)
    one = summarise(Evaluation.open(str(folder)))["conditions"][0]
    # Bins (0.6, 0.667]: two of three right, 0.9 is in (0.867, 0.933], 0.95 in the last one.
    gaps = abs(2 - (0.62 + 0.64 + 2 / 3)) + abs(1 - 0.9) + abs(0 - 0.95)
    assert one["figures"]["calibration_error_attacked"] == pytest.approx(gaps / 5)
    assert one["figures"]["calibration_error_clean"] is None
    why = one["not_measured"]["calibration_error_clean"]
    assert why == "the clean answers hold no object in the clips with ground truth"


def test_clips_without_ground_truth_leave_the_precision_alone(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    folder = write_story(tmp_path / "run", Story(clips=2, frames=30))
    (first, *_) = read_cells(Evaluation.open(str(folder)))
    both = [value_of(first, name) for name in ("map_clean", "calibration_error_attacked")]
    table = pq.read_table(folder / "truth" / "part-00000.parquet")
    kept = table.filter(np.asarray(table["clip"]) == 0)
    pq.write_table(kept, folder / "truth" / "part-00000.parquet")
    clips = pq.read_table(folder / "clips.parquet").to_pylist()
    clips[1]["truth"] = ""
    pq.write_table(type(table).from_pylist(clips), folder / "clips.parquet")
    (first, *_) = read_cells(Evaluation.open(str(folder)))
    one = [value_of(first, name) for name in ("map_clean", "calibration_error_attacked")]
    # The clips are alike: detections of the other clip would have been false ones.
    assert one == pytest.approx(both, abs=0.05)


@pytest.mark.parametrize("name", ["map_attacked", "map_clean", "calibration_error_attacked"])
def test_an_interval_is_narrower_for_more_frames(tmp_path: Path, name: str) -> None:
    widths = []
    for clips in (2, 32):
        folder = write_story(tmp_path / str(clips), Story(clips=clips, frames=50))
        cell = list(read_cells(Evaluation.open(str(folder))))[1]
        value = value_of(cell, name)
        both = interval(cell, name, value, seed=0)
        assert both is not None
        assert value is not None
        assert both[0] <= value <= both[1]
        widths.append(both[1] - both[0])
    # Sixteen times the frames: a quarter, give or take; the clean answers of this story are all alike.
    assert widths[1] < 0.5 * widths[0] or widths == [0, 0]
    assert (widths == [0, 0]) == (name == "map_clean")
