"""Rates, recall, tracks, distances: of a few rows whose figures can be had by hand."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_stories import Story, write_rows, write_story
from hypothesis import given
from hypothesis import strategies as st

from monitor.drift.windows import js_distance
from monitor.errors import RunError
from monitor.evaluation.figures.cells import read_cells
from monitor.evaluation.figures.histograms import js_distances
from monitor.evaluation.figures.measure import NAMES
from monitor.evaluation.figures.rates import Series
from monitor.evaluation.figures.resampling import resampled_sums, resampled_tracks, starts_of
from monitor.evaluation.figures.summary import summarise
from monitor.evaluation.opened import Evaluation


def frame(index: int, clip: int = 0, **columns: Any) -> dict[str, Any]:
    return {"clip": clip, "condition": 0, "index": index, **columns}


def thing(index: int, outcome: str, clip: int = 0, **columns: Any) -> dict[str, Any]:
    """An object; `side` is the length of its edges, and classes are 0 unless said."""
    row: dict[str, Any] = {"clip": clip, "condition": 0, "frame": index, "outcome": outcome}
    side = columns.pop("side", 20.0)
    box = {"x0_px": 5.0, "y0_px": 5.0, "x1_px": 5.0 + side, "y1_px": 5.0 + side}
    names = ("stop", "give way", "no entry")
    if outcome != "fabricated":
        label = columns.pop("label", 0)
        row |= {"clean_index": 0, "clean_class_id": label, "clean_class": names[label]}
        row |= {"clean_score": 0.8, **{f"clean_{key}": value for key, value in box.items()}}
        row |= {"score_drop": 0.8}
    if outcome != "missed":
        label = columns.pop("attacked_label", row.get("clean_class_id", 0))
        row |= {"attacked_index": 0, "attacked_class_id": label, "attacked_class": names[label]}
        row |= {"attacked_score": 0.7, **{f"attacked_{key}": value for key, value in box.items()}}
        if outcome != "fabricated":
            row |= {"score_drop": 0.1, "centre_shift_px": 3.0}
    return row | columns


def summary_of(folder: Path, rows: dict[str, list[dict[str, Any]]], **more: Any) -> dict[str, Any]:
    found = summarise(Evaluation.open(str(write_rows(folder / "run", rows, **more))))
    json.dumps(found, allow_nan=False)
    return found


ROWS: dict[str, list[dict[str, Any]]] = {
    "frames": [
        frame(0, success=True, forwards=3, backwards=2, queries=1),
        frame(1, success=False, forwards=4, backwards=2),
        frame(2, success=None, forwards=1),
        frame(0, clip=1, success=True),
    ],
    "objects": [
        thing(0, "missed", side=20.0),
        thing(0, "kept", side=32.0, label=1, clean_index=1),
        thing(1, "relabelled", side=96.0, attacked_label=2, centre_shift_px=5.0),
        thing(1, "kept", side=95.0, label=1, clean_index=1),
        thing(1, "fabricated"),
        thing(0, "missed", clip=1, side=20.0),
    ],
}
CLIPS = [{"clip": 0, "name": "a.mp4"}, {"clip": 1, "name": "b.mp4"}]


def test_the_rates_of_a_few_rows_are_those_by_hand(tmp_path: Path) -> None:
    one = summary_of(tmp_path, ROWS, clips=CLIPS)["conditions"][0]
    figures = one["figures"]
    assert figures["miss_rate"] == pytest.approx(2 / 5)
    assert figures["relabel_rate"] == pytest.approx(1 / 5)
    assert figures["fabrications_per_frame"] == pytest.approx(1 / 4)
    assert figures["attack_success_rate"] == pytest.approx(2 / 3)  # a frame was not attacked
    assert figures["score_drop"] == pytest.approx((0.8 + 0.1 + 0.1 + 0.1 + 0.8) / 5)
    assert figures["centre_shift_px"] == pytest.approx((3 + 5 + 3) / 3)
    clean, attacked = Counter({0: 3, 1: 2}), Counter({1: 2, 2: 1, 0: 1})
    assert figures["js_distance_classes"] == pytest.approx(js_distance(clean, attacked))
    assert figures["js_distance_scores"] == pytest.approx(1.0)  # 0.8 on one side, 0.7 on the other
    assert list(figures) == list(NAMES)
    assert one["counts"] == {
        "clean_objects": 5,
        "kept": 2,
        "relabelled": 1,
        "missed": 2,
        "fabricated": 1,
        "frames_attacked": 3,
        "frames_fallen": 2,
        "truth_objects": 0,
        "truth_found_clean": 0,
        "truth_found_attacked": 0,
        "tracks": 0,
        "tracks_lost": 0,
        "forwards": 8,
        "backwards": 4,
        "queries": 1,
    }


def test_classes_sizes_and_clips_each_have_their_own(tmp_path: Path) -> None:
    one = summary_of(tmp_path, ROWS, clips=CLIPS)["conditions"][0]
    assert list(one["by_class"]) == ["stop", "give way"]
    assert one["by_class"]["stop"]["figures"]["miss_rate"] == pytest.approx(2 / 3)
    assert one["by_class"]["give way"]["figures"]["miss_rate"] == 0
    assert one["by_class"]["stop"]["objects"] == 3
    assert "recall_clean" not in one["by_class"]["stop"]["figures"]
    # 32 x 32 is no longer small, 96 x 96 no longer medium.
    assert {size: part["objects"] for size, part in one["by_size"].items()} == {
        "small": 2,
        "medium": 2,
        "large": 1,
    }
    assert one["by_clip"] == {
        "a.mp4": {"miss_rate": 1 / 4, "attack_success_rate": 1 / 2, "frames": 3},
        "b.mp4": {"miss_rate": 1.0, "attack_success_rate": 1.0, "frames": 1},
    }


def test_two_clips_of_one_name_are_told_apart(tmp_path: Path) -> None:
    clips = [{"clip": 0, "name": "scene:road"}, {"clip": 1, "name": "scene:road"}]
    one = summary_of(tmp_path, ROWS, clips=clips)["conditions"][0]
    assert list(one["by_clip"]) == ["scene:road", "scene:road (2)"]


def true(index: int, clean: int | None, attacked: int | None, **columns: Any) -> dict[str, Any]:
    """A true object of class 0, with the classes that either answer gives it; None: not matched."""
    row = {"clip": 0, "condition": 0, "frame": index, "class": "stop", "class_id": 0, "identity": 1}
    row |= {"x0_px": 5.0, "y0_px": 5.0, "x1_px": 25.0, "y1_px": 25.0}
    for answer, label in (("clean", clean), ("attacked", attacked)):
        if label is not None:
            row |= {f"{answer}_index": 0, f"{answer}_class_id": label, f"{answer}_score": 0.8}
    return row | columns


def test_recall_counts_what_has_its_class_among_what_the_model_knows(tmp_path: Path) -> None:
    rows = {
        "frames": [frame(0), frame(1)],
        "objects": [thing(0, "kept"), thing(1, "relabelled", attacked_label=2)],
        "truth": [
            true(0, 0, 0),
            true(1, 0, 2),
            true(1, None, None, number=1, identity=2),
            true(1, None, None, number=2, identity=3, **{"class": "dog", "class_id": None}),
        ],
    }
    one = summary_of(tmp_path, rows)["conditions"][0]
    assert one["figures"]["recall_clean"] == pytest.approx(2 / 3)
    assert one["figures"]["recall_attacked"] == pytest.approx(1 / 3)
    assert one["by_class"]["stop"]["figures"]["recall_attacked"] == pytest.approx(1 / 3)
    assert one["counts"]["truth_objects"] == 3
    assert (one["counts"]["truth_found_clean"], one["counts"]["truth_found_attacked"]) == (2, 1)


def test_tracks_give_medians_of_what_happened_and_the_longest_of_all(tmp_path: Path) -> None:
    def track(number: int, **columns: Any) -> dict[str, Any]:
        return {"clip": 0, "condition": 0, "track_id": number, "switches": 1, **columns}

    def gap(frames: int) -> dict[str, Any]:
        return {"longest_gap_frames": frames, "longest_gap_s": frames / 25}

    rows = {
        "frames": [frame(0)],
        "objects": [thing(0, "kept")],
        "tracks": [
            track(1, time_to_loss_frames=2, time_to_loss_s=0.08, **gap(3)),
            track(2, time_to_loss_frames=5, time_to_loss_s=0.2, **gap(1)),
            track(3, **gap(0)),
            {**track(4), "made_up": True, "switches": None},
        ],
    }
    one = summary_of(tmp_path, rows)["conditions"][0]
    figures = one["figures"]
    assert (figures["longest_gap_frames"], figures["longest_gap_s"]) == (3, 3 / 25)
    assert figures["track_switches"] == 3
    assert figures["time_to_loss_frames"] == 3.5
    assert figures["time_to_loss_s"] == pytest.approx(0.14)
    assert figures["time_to_recovery_frames"] is None
    assert one["not_measured"]["time_to_recovery_s"] == "no track that was lost was found again"
    assert (one["counts"]["tracks"], one["counts"]["tracks_lost"]) == (3, 2)


def test_what_was_not_measured_has_its_reason(tmp_path: Path) -> None:
    rows = {"frames": [frame(0), frame(1)]}
    one = summary_of(tmp_path, rows)["conditions"][0]
    missing = {name for name, value in one["figures"].items() if value is None}
    assert set(one["not_measured"]) == missing == set(NAMES) - {"fabrications_per_frame"}
    assert one["not_measured"]["miss_rate"] == "the detector found no object in the clean frames"
    assert one["not_measured"]["recall_clean"] == "no clip has ground truth"
    assert one["driving"] is None
    assert all(one["intervals"][name] is None for name in missing)


def test_a_budget_of_zero_says_why_nothing_fell(tmp_path: Path) -> None:
    found = summary_of(tmp_path, {"frames": [frame(0)]}, conditions=[{"eps": 0.0}])
    why = found["conditions"][0]["not_measured"]["attack_success_rate"]
    assert why == "a budget of 0 leaves every frame as it is"


def test_a_story_has_an_interval_round_every_rate_and_the_same_bytes_twice(tmp_path: Path) -> None:
    folder = write_story(tmp_path / "run", Story(clips=3, frames=40))
    first, second = (json.dumps(summarise(Evaluation.open(str(folder)))) for _ in range(2))
    assert first == second
    for one in json.loads(first)["conditions"]:
        for name, both in one["intervals"].items():
            value = one["figures"][name]
            if both is not None:
                assert both[0] <= value + 1e-9, name
                assert both[1] >= value - 1e-9, name
        assert one["intervals"]["miss_rate"] is not None
        assert one["intervals"]["js_distance_scores"] is not None
        assert one["intervals"]["calibration_error_attacked"] is not None
        assert one["by_class"]["stop"]["intervals"]["recall_attacked"] is not None


def test_a_story_of_many_clips_finds_the_chance_that_it_was_written_with(tmp_path: Path) -> None:
    folder = write_story(tmp_path / "run", Story(clips=20, frames=200))
    found = summarise(Evaluation.open(str(folder)))
    for one, chance in zip(found["conditions"], (0.1, 0.4, 0.9), strict=True):
        low, high = one["intervals"]["miss_rate"]
        assert low < one["figures"]["miss_rate"] < high
        assert one["figures"]["miss_rate"] == pytest.approx(chance, abs=0.02)
        assert high - low < 0.04
        assert one["figures"]["recall_clean"] == pytest.approx(3 / 4)
    assert (found["clips"], found["frames"]) == (20, 4000)


def test_rows_of_a_frame_that_is_not_there_are_refused(tmp_path: Path) -> None:
    rows = {"frames": [frame(0)], "objects": [thing(7, "kept")]}
    with pytest.raises(RunError, match="rows of a frame that the table frames lacks"):
        summary_of(tmp_path, rows)


def test_parts_are_read_as_one_table(tmp_path: Path) -> None:
    folder = write_story(tmp_path / "run", Story(clips=2, frames=12))
    whole = list(read_cells(Evaluation.open(str(folder))))
    import pyarrow.parquet as pq

    for name in ("frames", "objects", "truth", "tracks"):
        table = pq.read_table(folder / name / "part-00000.parquet")
        for number, part in enumerate((table.slice(0, 5), table.slice(5))):
            pq.write_table(part, folder / name / f"part-{number:05d}.parquet")
    for a, b in zip(whole, read_cells(Evaluation.open(str(folder))), strict=True):
        for table in ("frames", "objects", "truth", "tracks"):
            for name, column in getattr(a, table).items():
                np.testing.assert_array_equal(column, getattr(b, table)[name])


def test_neighbours_are_summed_within_clips_only() -> None:
    clips = np.repeat([0, 1, 2], [7000, 3, 2997])
    over = np.arange(10_000.0)
    thin = Series(over, np.ones(10_000), clips, False).thinned()
    assert len(thin.over) == 1400 + 1 + 600
    assert thin.under.sum() == 10_000
    assert thin.over.sum() == over.sum()
    assert thin.under[1400] == 3  # the short clip is one entry of its own


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=6).map(
        lambda lengths: np.repeat(np.arange(len(lengths)), lengths)
    ),
    st.integers(1, 5),
)
def test_blocks_begin_where_a_loop_begins_them(clips: Any, length: int) -> None:
    expected, inside = [], 0
    for i, clip in enumerate(clips):
        inside = 0 if i == 0 or clip != clips[i - 1] else inside + 1
        if inside % length == 0:
            expected.append(i)
    assert starts_of(clips, length).tolist() == expected


histograms = st.lists(st.integers(0, 50), min_size=4, max_size=4)


@given(histograms, histograms)
def test_the_distance_of_many_histograms_is_that_of_each(p: list[int], q: list[int]) -> None:
    (found,) = js_distances(np.array([[*p, *q]], float))
    expected = js_distance(dict(enumerate(p)), dict(enumerate(q)))
    assert math.isnan(found) if expected is None else found == pytest.approx(expected, abs=1e-7)


def test_resampled_sums_lose_the_bias_that_they_add() -> None:
    rng = np.random.default_rng(5)
    blocks = rng.normal(0.02, 1.0, (300, 1))

    def size(sums: Any) -> Any:
        return np.abs(sums[:, 0]) / 300

    value = float(size(blocks.sum(axis=0)[None])[0])
    drawn = resampled_sums(blocks, size, value, seed=1)
    assert drawn is not None
    assert drawn.mean() == pytest.approx(value, abs=0.01)
    assert resampled_sums(blocks[:9], size, value, seed=1) is None


def test_a_median_over_tracks_is_drawn_by_clips_where_there_are_ten() -> None:
    values = np.repeat(np.arange(12.0), 30)
    clips = np.repeat(np.arange(12), 30)
    by_clip = resampled_tracks(values, clips, "median", seed=0)
    by_track = resampled_tracks(values, np.zeros_like(clips), "median", seed=0)
    assert by_clip is not None
    assert by_track is not None
    # Thirty tracks that are all alike say no more than one: the spread is that of twelve, not of 360.
    assert by_clip.std() > 3 * by_track.std()
    mean = resampled_tracks(values, clips, "mean", seed=0)
    assert mean is not None
    assert mean.mean() == pytest.approx(5.5, abs=0.2)
    assert resampled_tracks(values[:9], clips[:9], "mean", seed=0) is None
