"""Curves, least budgets and how early an object is held, against small cases by hand and plain loops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_stories import Story, write_rows, write_story
from hypothesis import given
from hypothesis import strategies as st

from monitor.evaluation.figures.curves import area_under, curves
from monitor.evaluation.figures.driving import first_held
from monitor.evaluation.figures.minimal import Fallen, minimal_eps
from monitor.evaluation.figures.summary import summarise
from monitor.evaluation.opened import Evaluation

CLASSES = ("stop", "give way")


def fallen(keys: list[int], down: list[bool], labels: list[int] | None = None) -> Fallen:
    return Fallen(np.array(keys), np.array(labels or [0] * len(keys)), np.array(down), CLASSES)


def test_an_object_has_the_least_budget_at_which_it_fell() -> None:
    sweep = [
        fallen([1, 2, 3, 4], [True, False, False, False], [0, 0, 1, 1]),
        fallen([1, 2, 3, 4], [False, True, False, False], [0, 0, 1, 1]),
        fallen([1, 2, 3, 4], [True, True, True, False], [0, 0, 1, 1]),
    ]
    found = minimal_eps(sweep, [1.0, 2.0, 4.0])
    # 1, 2, 4 and never: half have fallen at 2.
    assert {key: found[key] for key in ("objects", "never", "median", "p05")} == {
        "objects": 4,
        "never": 1,
        "median": 2.0,
        "p05": 1.0,
    }
    assert found["by_class"]["give way"] == {"objects": 2, "never": 1, "median": 4.0, "p05": 4.0}


def test_objects_that_a_condition_lacks_do_not_count_and_none_is_null() -> None:
    sweep = [fallen([1, 2], [True, False]), fallen([2], [False])]
    assert minimal_eps(sweep, [1.0, 2.0])["objects"] == 1
    nothing = minimal_eps([fallen([], []), fallen([1], [True])], [1.0, 2.0])
    assert (nothing["median"], nothing["by_class"]) == (None, {})


@given(
    st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=30),
)
def test_least_budgets_are_those_of_a_plain_search(table: list[list[bool]]) -> None:
    budgets = [0.5, 1.0, 2.0, 4.0]
    keys = list(range(len(table)))
    sweep = [fallen(keys, [row[i] for row in table]) for i in range(4)]
    found = minimal_eps(sweep, budgets)
    least = [
        min((b for b, down in zip(budgets, row, strict=True) if down), default=None)
        for row in table
    ]
    assert found["never"] == least.count(None)
    for name, percent in (("median", 50), ("p05", 5)):
        reached = [
            eps
            for eps in budgets
            if 100 * sum(one is not None and one <= eps for one in least) >= percent * len(least)
        ]
        assert found[name] == (min(reached) if reached else None)


def condition(number: int, eps: float | None, miss: float | None, **more: Any) -> dict[str, Any]:
    rates = {"miss_rate": miss, "attack_success_rate": miss}
    one = {"condition": number, "eps": eps, "eps_text": str(eps), "model": "signs", "attack": "pgd"}
    one |= {"norm": "linf", "goal": "vanish", "target": None, "faults": "", "seed": 0, "name": "x"}
    return {**one, "figures": rates, "intervals": dict.fromkeys(rates), **more}


NOBODY = {i: fallen([1, 2], [True, False]) for i in range(6)}


def test_a_curve_begins_at_nothing_and_its_area_is_its_mean_height() -> None:
    (curve,) = curves([condition(0, 2.0, 0.5), condition(1, 1.0, 0.1)], NOBODY)
    assert [point["eps"] for point in curve["points"]] == [0, 1, 2]
    assert curve["conditions"] == [1, 0]
    assert curve["points"][0]["miss_rate"] == 0
    # By hand: (0 + 0.1) / 2 * 1 + (0.1 + 0.5) / 2 * 1 = 0.35, over a width of 2.
    assert curve["area"]["miss_rate"] == pytest.approx(0.175)
    assert area_under([0, 4], [0, 1]) == 0.5


def test_conditions_that_differ_in_more_than_the_budget_are_curves_of_their_own() -> None:
    told = [
        condition(0, 1.0, 0.1),
        condition(1, 1.0, 0.2),  # the same attack in another setting
        condition(2, 1.0, 0.1, model="ball"),
        condition(3, None, None, attack="none", faults="fog:2"),
        condition(4, 0.1, 0.3, attack="patch", norm="l0", name="patch a"),
        condition(5, 0.2, 0.3, attack="patch", norm="l0", name="patch b"),
    ]
    found = curves(told, NOBODY)
    assert [curve["conditions"] for curve in found] == [[0], [1], [2], [4], [5]]


def test_under_a_fault_a_curve_begins_with_the_fault_alone() -> None:
    swept = [condition(0, 1.0, 0.5, faults="fog:2"), condition(1, 2.0, 0.7, faults="fog:2")]
    alone = condition(2, None, 0.3, faults="fog:2", attack="none")
    (without,) = curves(swept, NOBODY)
    assert [point["eps"] for point in without["points"]] == [1.0, 2.0]
    assert without["area"]["miss_rate"] is None
    (curve,) = curves([*swept, alone], NOBODY)
    assert curve["points"][0]["miss_rate"] == 0.3
    assert curve["area"]["miss_rate"] == pytest.approx((0.4 + 0.6) / 2)
    assert curve["minimal_eps"]["p05"] == 0.0  # the fault alone felled an object


def test_a_measured_budget_of_zero_is_the_first_point() -> None:
    (curve,) = curves([condition(0, 0.0, 0.0), condition(1, 1.0, 0.4)], NOBODY)
    assert [point["condition"] for point in curve["points"]] == [0, 1]
    assert curve["area"]["attack_success_rate"] == pytest.approx(0.2)


def test_a_curve_of_a_story_rises_with_the_chances_it_was_written_with(tmp_path: Path) -> None:
    folder = write_story(tmp_path / "run", Story(clips=4, frames=100, relabel=0.0))
    (curve,) = summarise(Evaluation.open(str(folder)))["curves"]
    assert [round(point["eps"] * 255) for point in curve["points"]] == [0, 1, 2, 4]
    # By hand, of 0, 0.1, 0.4, 0.9: (0.05 + 0.25 + 2 * 0.65) / 4.
    assert curve["area"]["miss_rate"] == pytest.approx(0.4, abs=0.02)
    minimal = curve["minimal_eps"]
    # 1 - 0.9 * 0.6 = 0.46 have fallen at 2/255, so half of them only at 4/255.
    assert (minimal["median"], minimal["p05"]) == (4 / 255, 1 / 255)
    assert minimal["never"] == pytest.approx(0.9 * 0.6 * 0.1 * minimal["objects"], rel=0.3)


sights = st.lists(
    st.lists(st.tuples(st.integers(1, 2), st.booleans()), min_size=1, max_size=12), max_size=4
)


@given(sights, st.integers(1, 4))
def test_an_object_is_held_where_a_plain_loop_finds_it(
    objects: list[list[tuple[int, bool]]], hold: int
) -> None:
    group, row, found, expected = [], [], [], []
    for number, steps in enumerate(objects):
        at, run, first = 0, 0, -1
        for step, seen in steps:
            at += step
            run = (run + 1 if step == 1 else 1) if seen else 0
            group.append(number)
            row.append(at)
            found.append(seen)
            if run == hold and first < 0:
                first = len(group) - hold
        expected.append(first)
    held = first_held(np.array(group, int), np.array(row, int), np.array(found, bool), hold)
    assert held.tolist() == expected


def sign(
    index: int, attacked: bool, *, clean: bool = True, side: float, **more: Any
) -> dict[str, Any]:
    row = {"clip": 0, "condition": 0, "frame": index, "identity": 7, "class": "stop", "class_id": 0}
    row |= {"x0_px": 0.0, "y0_px": 0.0, "x1_px": side, "y1_px": side}
    row |= {"clean_class_id": 0, "clean_index": 0} if clean else {}
    return row | ({"attacked_class_id": 0, "attacked_index": 0} if attacked else {}) | more


def driven(tmp_path: Path, rows: dict[str, list[dict[str, Any]]], **more: Any) -> Any:
    suite = {"suite": {"name": "story", "about": "", "criteria": [], "hold_frames": 2}}
    folder = write_rows(tmp_path / "run", rows, **suite, **more)
    return summarise(Evaluation.open(str(folder)))["conditions"][0]["driving"]


def test_warning_lost_is_the_time_between_the_two_holds(tmp_path: Path) -> None:
    frames = [{"clip": 0, "condition": 0, "index": i, "media_time_s": i / 10} for i in range(10)]
    found = {1, 4, 5, 6, 7, 8, 9}  # under attack; 1 alone is no hold
    rows = {
        "frames": frames,
        "truth": [sign(i, i in found, clean=i >= 2, side=10.0 + i) for i in range(10)],
    }
    rows["truth"] += [sign(i, False, side=50.0, identity=8, number=1) for i in range(3, 6)]
    told = driven(tmp_path, rows)
    assert told["reference"] == "ground truth"
    assert (told["objects"], told["held_clean"], told["held_attacked"]) == (2, 2, 1)
    assert told["never_held"] == 1
    assert told["size_px_clean"] == (12 + 50) / 2
    assert told["size_px_attacked"] == 14
    # Held from frame 2 and 4 until frame 9; the other one from frame 3 until 5, and never.
    assert told["seconds_clean"] == pytest.approx((0.7 + 0.2) / 2)
    assert told["seconds_attacked"] == pytest.approx((0.5 + 0.0) / 2)
    assert told["warning_lost_s"] == pytest.approx((0.2 + 0.2) / 2)
    assert told["warning_lost_interval"] is None
    assert {row["identity"]: row["size_px_attacked"] for row in told["rows"]} == {7: 14.0, 8: None}


def test_without_identities_the_clean_tracks_are_followed(tmp_path: Path) -> None:
    outcomes = ["missed", "kept", "relabelled", "kept", "kept", "missed"]
    box = {"clean_x0_px": 0.0, "clean_y0_px": 0.0, "clean_x1_px": 30.0, "clean_y1_px": 30.0}
    rows = {
        "frames": [{"clip": 0, "condition": 0, "index": i} for i in range(6)],
        "objects": [
            {"clip": 0, "condition": 0, "frame": i, "outcome": outcome, "track_id": 1}
            | {
                "clean_class": "stop",
                "clean_class_id": 0,
                "clean_index": 0,
                "clean_score": 0.9,
                **box,
            }
            | ({} if outcome == "missed" else {"attacked_class_id": 0, "attacked_score": 0.5})
            for i, outcome in enumerate(outcomes)
        ],
    }
    told = driven(tmp_path, rows)
    assert told["reference"] == "clean tracks"
    # The frames state no time: 25 a second, as the clip says. Held from frame 0, and from frame 3.
    assert told["warning_lost_s"] == pytest.approx(3 / 25)
    (row,) = told["rows"]
    assert (row["seconds_clean"], row["frames"], row["class"]) == (pytest.approx(0.2), 6, "stop")


def test_without_a_clock_sizes_are_known_and_seconds_are_not(tmp_path: Path) -> None:
    rows = {
        "frames": [{"clip": 0, "condition": 0, "index": i} for i in range(3)],
        "truth": [sign(i, False, side=20.0) for i in range(3)],
    }
    told = driven(tmp_path, rows, clips=[{"fps": None}])
    assert (told["size_px_clean"], told["size_px_attacked"]) == (20, None)
    assert told["seconds_clean"] is told["seconds_attacked"] is told["warning_lost_s"] is None
    assert told["never_held"] == 1
    assert told["rows"][0]["seconds_attacked"] is None


def test_a_story_of_many_signs_has_an_interval_of_the_warning_lost(tmp_path: Path) -> None:
    folder = write_story(tmp_path / "run", Story(clips=12, frames=60))
    for one in summarise(Evaluation.open(str(folder)))["conditions"]:
        told = one["driving"]
        low, high = told["warning_lost_interval"]
        assert low <= told["warning_lost_s"] <= high
        assert told["objects"] == 12 * 4
        assert told["held_clean"] == 12 * 3  # the fourth is never found
        assert len(told["rows"]) == 48
        lost = [row["warning_lost_s"] for row in told["rows"]]
        assert lost[:36] == sorted(lost[:36], reverse=True)
        assert lost[36:] == [None] * 12
