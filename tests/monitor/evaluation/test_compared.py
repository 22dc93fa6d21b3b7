"""Two evaluations beside each other: what is paired, what came of it, and what is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from evaluation_stories import Story, write_story
from rich.console import Console

from monitor.commands.evaluation import comparison_json, comparison_view, write_comparison
from monitor.errors import ConfigError
from monitor.evaluation.comparing import (
    ComparedEvaluations,
    ComparedFigure,
    compared_evaluations,
    comparison_page,
    comparison_tree,
    words,
)
from monitor.evaluation.comparing.differences import differences
from monitor.evaluation.comparing.pairing import paired_clips, paired_conditions
from monitor.evaluation.opened import Evaluation

NEW_WEIGHTS = {"weights": {"signs": "cd" * 32}}
LESS = {1 / 255: 0.05, 2 / 255: 0.2, 4 / 255: 0.9}


def story(folder: Path, name: str, **words: Any) -> Evaluation:
    return Evaluation.open(str(write_story(folder / name, Story(**words))))


def rewrite(run: Evaluation, table: str, **columns: Sequence[Any]) -> None:
    """Put other columns into one of the lists."""
    file = Path(run.storage.url) / f"{table}.parquet"
    held = pq.read_table(file)
    for name, values in columns.items():
        at = held.schema.get_field_index(name)
        held = held.set_column(
            at, held.schema.field(name), pa.array(values, held.schema.field(name).type)
        )
    pq.write_table(held, file)


def no_interval(*_: Any, **__: Any) -> None:
    return None


def test_figures_equal_those_worked_out_by_hand(tmp_path: Path) -> None:
    a = story(tmp_path, "a")
    b = story(tmp_path, "b", miss=LESS, seed=0, changes=NEW_WEIGHTS)
    compared = compared_evaluations(a, b)
    assert [one.thing for one in compared.differences] == ["model"]
    for condition in compared.conditions:
        number = condition.a["condition"]
        sides = []
        for run in (a, b):
            frames = [row for row in run.table("frames").to_pylist() if row["condition"] == number]
            objects = [
                row for row in run.table("objects").to_pylist() if row["condition"] == number
            ]
            truth = [row for row in run.table("truth").to_pylist() if row["condition"] == number]
            clean = sum(row["clean_count"] for row in frames)
            attacked = [row["success"] for row in frames if row["success"] is not None]
            found = {
                answer: sum(row[f"{answer}_class_id"] == row["class_id"] for row in truth)
                for answer in ("clean", "attacked")
            }
            sides.append(
                {
                    "miss_rate": sum(row["missed"] for row in frames) / clean,
                    "relabel_rate": sum(row["relabelled"] for row in frames) / clean,
                    "fabrications_per_frame": sum(row["fabricated"] for row in frames)
                    / len(frames),
                    "attack_success_rate": sum(attacked) / len(attacked),
                    "score_drop": sum(row["score_drop"] or 0 for row in objects) / clean,
                    "recall_clean": found["clean"] / len(truth),
                    "recall_attacked": found["attacked"] / len(truth),
                }
            )
        assert condition.frames == 100
        assert [one.name for one in condition.figures] == list(sides[0])
        for one in condition.figures:
            assert one.a == pytest.approx(sides[0][one.name])
            assert one.b == pytest.approx(sides[1][one.name])
            assert one.difference == pytest.approx(sides[1][one.name] - sides[0][one.name])
            assert one.interval is not None
            assert one.difference is not None
            assert one.interval[0] <= one.difference <= one.interval[1]


def test_better_worse_and_undecided(tmp_path: Path) -> None:
    miss = {1 / 255: 0.5, 2 / 255: 0.5, 4 / 255: 0.5}
    a = story(tmp_path, "a", miss=miss)
    b = story(tmp_path, "b", miss={1 / 255: 0.1, 2 / 255: 0.9, 4 / 255: 0.5}, changes=NEW_WEIGHTS)
    verdicts = [
        {figure.name: figure.verdict for figure in one.figures}
        for one in compared_evaluations(a, b).conditions
    ]
    assert [each["miss_rate"] for each in verdicts] == ["better", "worse", "undecided"]
    # A higher recall is the better one.
    assert [each["recall_attacked"] for each in verdicts] == ["better", "worse", "undecided"]
    assert {each["recall_clean"] for each in verdicts} == {"undecided"}


def test_a_run_beside_itself_does_not_differ(tmp_path: Path) -> None:
    a = story(tmp_path, "a")
    compared = compared_evaluations(a, a)
    assert compared.differences == ()
    for condition in compared.conditions:
        assert condition.fell_a == condition.fell_b == condition.only_a == condition.only_b == 0
        for one in condition.figures:
            assert (one.difference, one.interval, one.verdict) == (0, (0, 0), "undecided")


def test_intervals_get_frames_clip_by_clip_and_none_is_undecided(tmp_path: Path) -> None:
    a, b = story(tmp_path, "a", clips=3), story(tmp_path, "b", clips=3, miss=LESS)
    asked = []

    def interval(*series: Any, seed: int, resamples: int, clips: Sequence[int] | None) -> None:
        asked.append((*[len(each) for each in series], seed, clips))

    compared = compared_evaluations(a, b, seed=7, interval=interval)
    assert set(map(str, asked)) == {str((150, 150, 150, 150, 7, [50, 50, 50]))}
    figure = compared.conditions[0].figures[0]
    assert (figure.interval, figure.verdict) == (None, "undecided")


def test_frames_that_fell_in_one_only(tmp_path: Path) -> None:
    a = story(tmp_path, "a", budgets=(4 / 255,), miss={4 / 255: 0.3})
    b = story(tmp_path, "b", budgets=(4 / 255,), miss={4 / 255: 0.95})
    (one,) = compared_evaluations(a, b, interval=no_interval).conditions
    fell = [
        {(row["clip"], row["index"]) for row in run.table("frames").to_pylist() if row["success"]}
        for run in (a, b)
    ]
    by_hand = [(f"clip-{clip}.mp4", index) for clip, index in sorted(fell[1] - fell[0])]
    assert one.fell_b == len(by_hand) > 50
    assert list(one.fell_b_first) == by_hand[:50]
    assert one.fell_a == len(fell[0] - fell[1])


# What is paired.


def test_clips_pair_by_content_and_name_in_whatever_order_and_place(tmp_path: Path) -> None:
    a, b = story(tmp_path, "a", clips=3), story(tmp_path, "b", clips=3)
    rewrite(
        b,
        "clips",
        name=["/data/clip-2.mp4", "clip-1.mp4", "clip-0.mp4"],
        sha256=[f"{2:064x}", "f" * 64, f"{0:064x}"],
    )
    pairs, only_a, only_b = paired_clips(a, b)
    assert [(left["clip"], right["clip"]) for left, right in pairs] == [(0, 2), (2, 0)]
    assert [row["name"] for row in only_a] == [row["name"] for row in only_b] == ["clip-1.mp4"]
    compared = compared_evaluations(a, b, interval=no_interval)
    assert [one.thing for one in compared.differences] == ["clips"]
    assert compared.clips == 2
    assert (compared.clips_only_a, compared.clips_only_b) == (("clip-1.mp4",), ("clip-1.mp4",))
    first = compared.conditions[0]
    assert (first.frames, first.only_a, first.only_b) == (100, 50, 50)
    # Clip 0 of A stands beside clip 2 of B: the figures are of exactly those frames.
    rows = [
        row for row in a.table("frames").to_pylist() if row["condition"] == 0 and row["clip"] != 1
    ]
    miss = sum(row["missed"] for row in rows) / sum(row["clean_count"] for row in rows)
    assert first.figures[0].a == pytest.approx(miss)


def test_scenes_pair_by_their_whole_name(tmp_path: Path) -> None:
    a, b = story(tmp_path, "a"), story(tmp_path, "b")
    for run, names in ((a, ["scene:road", "x/scene"]), (b, ["scene:road", "y/scene"])):
        rewrite(run, "clips", name=names, sha256=["", ""])
    pairs, only_a, _ = paired_clips(a, b)
    assert [left["name"] for left, _ in pairs] == ["scene:road"]
    assert [row["name"] for row in only_a] == ["x/scene"]


def test_photos_pair_by_their_options_too(tmp_path: Path) -> None:
    a, b = story(tmp_path, "a"), story(tmp_path, "b")
    rewrite(a, "clips", name=["photo:x.jpg?zoom=1/2", "x"], sha256=["ab", "cd"])
    rewrite(b, "clips", name=["photo:x.jpg?zoom=3/2", "y/x"], sha256=["ab", "cd"])
    pairs, _, _ = paired_clips(a, b)
    assert [left["name"] for left, _ in pairs] == ["x"]


def test_frames_pair_by_index(tmp_path: Path) -> None:
    a, b = story(tmp_path, "a", frames=50), story(tmp_path, "b", frames=30)
    (first, *_) = compared_evaluations(a, b, interval=no_interval).conditions
    assert (first.frames, first.only_a, first.only_b) == (60, 40, 0)


def condition(number: int, **words: Any) -> dict[str, Any]:
    row = {
        **{"attack": "pgd", "norm": "linf", "eps": 0.01, "goal": "vanish", "target": None},
        **{"faults": "", "seed": 0, "model": "signs", "condition": number, "name": f"c{number}"},
    }
    return {**row, **words}


def test_conditions_pair_by_their_words() -> None:
    a = [condition(0), condition(1, eps=0.02), condition(2, faults="rain:3"), condition(3, seed=1)]
    b = [condition(0, eps=0.02), condition(1), condition(2, faults="fog:3"), condition(3, seed=1)]
    pairs, only_a, only_b = paired_conditions(a, b)
    assert [(left["condition"], right["condition"]) for left, right in pairs] == [
        (0, 1),
        (1, 0),
        (3, 3),
    ]
    assert [row["condition"] for row in only_a] == [row["condition"] for row in only_b] == [2]


@pytest.mark.parametrize(
    ("word", "other"),
    [("model", "mine.onnx"), ("seed", 7), ("attack", "fgsm"), ("faults", "rain:3")],
)
def test_a_word_with_one_value_in_each_run_keeps_none_apart(word: str, other: Any) -> None:
    a = [condition(0), condition(1, eps=0.02)]
    b = [condition(0, **{word: other}), condition(1, eps=0.02, **{word: other})]
    assert [left["condition"] for left, _ in paired_conditions(a, b)[0]] == [0, 1]
    several = [*b, condition(2, eps=0.03, **{word: "third"})]
    assert paired_conditions(a, several)[0] == []


def test_the_only_condition_pairs_with_the_only_one() -> None:
    assert len(paired_conditions([condition(0)], [condition(0, attack="fgsm")])[0]) == 1
    assert len(paired_conditions([condition(0)], [condition(0, eps=0.5, norm="l2")])[0]) == 1
    two = [condition(0, attack="fgsm"), condition(1, attack="bim")]
    assert paired_conditions([condition(0)], two)[0] == []


def test_alike_conditions_pair_in_their_order() -> None:
    a = [condition(0), condition(1)]
    assert [(x["condition"], y["condition"]) for x, y in paired_conditions(a, a)[0]] == [
        (0, 0),
        (1, 1),
    ]


# What differs.


def test_everything_that_differs_is_told(tmp_path: Path) -> None:
    a = story(tmp_path, "a", changes={"git": {"commit": "a" * 40, "dirty": False}})
    b = story(
        tmp_path,
        "b",
        budgets=(1 / 255, 8 / 255),
        clips=3,
        truth=False,
        changes={
            **NEW_WEIGHTS,
            "settings": {
                "detector": {"threshold": 0.3},
                "drift": {"iou": 0.5},
                "panel": {"port": 1},
            },
            "versions": {"camdrift": "0.2.0", "python": "3.11", "torch": "3.0"},
            "git": {"commit": "b" * 40, "dirty": True},
        },
    )
    rewrite(b, "conditions", seed=[3, 3])
    found = {one.thing: (one.a, one.b, one.counts) for one in differences(a, b)}
    assert found == {
        "model": ("signs abababababab", "signs cdcdcdcdcdcd", True),
        "conditions": (
            "pgd linf 2/255 vanish, pgd linf 4/255 vanish",
            "pgd linf 8/255 vanish",
            True,
        ),
        "seed": ("0", "3", True),
        "detector.threshold": ("0.5", "0.3", True),
        "stream.width": ("640", "not set", True),
        "clips": ("none more", f"clip-2.mp4 {0:012x}", True),
        "camdrift": ("0.1.0 at aaaaaaaaaaaa", "0.2.0 at bbbbbbbbbbbb", True),
        "ground truth": ("of 2 clips", "of 0 clips", False),
        "torch": ("2.9", "3.0", False),
        "code": ("as committed", "with changes", False),
    }


def test_options_of_an_attack_are_a_difference_of_the_conditions(tmp_path: Path) -> None:
    def suite(steps: int) -> dict[str, Any]:
        line = {"attack": "pgd", "norm": "linf", "options": {"steps": steps, "goal": "vanish"}}
        # As the engine writes them down: the settings of the first condition.
        settings = {"attack": {"attack": "pgd", "steps": steps}, "run": {"seed": 0, "frames": 0}}
        suite = {"name": "story", "attacks": [line], "hold_frames": 5}
        return {"suite": suite, "settings": settings}

    a, b = story(tmp_path, "a", changes=suite(10)), story(tmp_path, "b", changes=suite(20))
    (one,) = differences(a, b)
    assert (one.thing, one.a, one.b) == ("conditions", "pgd with steps 10", "pgd with steps 20")
    assert len(compared_evaluations(a, b, interval=no_interval).conditions) == 3


def test_more_than_one_thing_is_refused_unless_allowed(tmp_path: Path) -> None:
    a = story(tmp_path, "a")
    settings = {"detector": {"threshold": 0.3}, "drift": {"iou": 0.5}, "stream": {"width": 640}}
    b = story(tmp_path, "b", changes={**NEW_WEIGHTS, "settings": settings})
    with pytest.raises(ConfigError) as error:
        compared_evaluations(a, b)
    assert str(error.value) == (
        "a and b differ in 2 things, so that nobody could say which of them made the figures differ: model "
        "(signs abababababab / signs cdcdcdcdcdcd); detector.threshold (0.5 / 0.3). Compare runs that differ "
        "in one, or say --allow"
    )
    compared = compared_evaluations(a, b, allow=True, interval=no_interval)
    assert [one.thing for one in compared.differences] == ["model", "detector.threshold"]
    assert "The runs differ in 2 things (model, detector.threshold)" in comparison_page(compared)


def test_versions_of_packages_do_not_count(tmp_path: Path) -> None:
    a = story(tmp_path, "a")
    versions = {"camdrift": "0.1.0", "python": "3.12", "torch": "3.0"}
    b = story(tmp_path, "b", changes={**NEW_WEIGHTS, "versions": versions})
    compared = compared_evaluations(a, b, interval=no_interval)
    assert [(one.thing, one.counts) for one in compared.differences] == [
        *(("model", True), ("python", False), ("torch", False))
    ]


def test_runs_without_a_frame_in_common_are_refused(tmp_path: Path) -> None:
    a, b = story(tmp_path, "a"), story(tmp_path, "b")
    rewrite(b, "clips", name=["x.mp4", "y.mp4"])
    with pytest.raises(
        ConfigError, match=r"a and b have no frame in common \(in both: clips 0, conditions 3\)"
    ):
        compared_evaluations(a, b)


def test_without_truth_and_without_objects_there_is_no_such_figure(tmp_path: Path) -> None:
    a, b = story(tmp_path, "a", truth=False), story(tmp_path, "b")
    (first, *_) = compared_evaluations(a, b, interval=no_interval).conditions
    by_name = {one.name: one for one in first.figures}
    assert (by_name["recall_clean"].a, by_name["recall_clean"].b) == (None, pytest.approx(0.75))
    assert by_name["recall_clean"].difference is None
    (both, *_) = compared_evaluations(a, a).conditions
    assert "recall_clean" not in {one.name for one in both.figures}
    empty = story(tmp_path, "empty", objects=0, fabricate=0.0, truth=False)
    (none, *_) = compared_evaluations(empty, empty).conditions
    assert {one.name for one in none.figures} == {"fabrications_per_frame", "attack_success_rate"}


def test_runs_behind_a_url_compare_the_same(tmp_path: Path) -> None:
    a, b = story(tmp_path, "a"), story(tmp_path, "b", miss=LESS)
    files = fsspec.filesystem("memory")
    folder = tmp_path / "b"
    for path in (path for path in folder.rglob("*") if path.is_file()):
        files.pipe_file(f"/compared/b/{path.relative_to(folder)}", path.read_bytes())
    try:
        remote = Evaluation.open("memory://compared/b")
        assert comparison_tree(compared_evaluations(a, remote)) == comparison_tree(
            compared_evaluations(a, b)
        )
    finally:
        files.rm("/compared", recursive=True)


# What comes out.


@pytest.mark.parametrize(
    ("name", "difference", "ends", "told"),
    [
        ("miss_rate", 0.0282, (0.0073, 0.064), ("+2.8 pp", "+0.7 to +6.4 pp")),
        ("miss_rate", -0.00034, (-0.00048, -0.00024), ("-0.034 pp", "-0.048 to -0.024 pp")),
        ("score_drop", 0.125, (0.00025, 1.0), ("+0.125", "+0.00025 to +1.000")),
        ("miss_rate", 0.0, (0.0, 0.0), ("0.0 pp", "0.0 to 0.0 pp")),
        ("miss_rate", 1e-9, None, ("0.0000 pp", words.NOTHING)),
        ("miss_rate", None, None, (words.NOTHING, words.NOTHING)),
    ],
)
def test_numbers_show_whether_they_are_nothing(
    name: str, difference: float | None, ends: tuple[float, float] | None, told: tuple[str, str]
) -> None:
    figure = ComparedFigure(name, 0.5, 0.5, difference, ends, "undecided")
    shown = (words.change(figure), words.interval(figure))
    assert tuple(text.replace("\N{MINUS SIGN}", "-") for text in shown) == told


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> ComparedEvaluations:
    folder = tmp_path_factory.mktemp("hostile")
    a, b = story(folder, "a"), story(folder, "b", miss={4 / 255: 0.2}, changes=NEW_WEIGHTS)
    for run in (a, b):
        rewrite(
            run,
            "clips",
            name=["<script>alert(1)</script>", "[red]\x1b[2J"],
            sha256=["", ""],
        )
        rewrite(run, "conditions", name=["<b>one</b>", "[bold]two[/bold]\x07", "three"])
    return compared_evaluations(a, b)


def test_the_page_escapes_and_needs_nothing_else(
    hostile: ComparedEvaluations, tmp_path: Path
) -> None:
    write_comparison(hostile, tmp_path / "comparison.html")
    page = (tmp_path / "comparison.html").read_text()
    assert "<script" not in page
    assert "<b>one" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;, frame" in page
    assert "&lt;b&gt;one&lt;/b&gt;" in page
    for outside in ("http:", "https:", "src=", "@import", "url("):
        assert outside not in page
    assert "In B, " in page
    for one in hostile.conditions[0].figures:
        assert f">{one.verdict}</span>" in page


def test_the_view_steers_no_terminal(hostile: ComparedEvaluations) -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(comparison_view(hostile))
    text = console.export_text()
    assert "\x1b" not in text
    assert "[bold]two[/bold]?" in text
    assert "better" in text
    assert "model" in text


def test_the_json_has_every_field(hostile: ComparedEvaluations) -> None:
    tree = json.loads(comparison_json(hostile))
    assert tree == comparison_tree(hostile)
    assert tree["schema"] == 1
    assert tree["kind"] == "comparison"
    assert tree["differences"][0] == {
        **{"thing": "model", "a": "signs abababababab", "b": "signs cdcdcdcdcdcd", "counts": True}
    }
    figure = tree["conditions"][2]["figures"][0]
    assert set(figure) == {"name", "a", "b", "difference", "interval", "verdict"}
    assert len(figure["interval"]) == 2


def test_the_same_runs_and_seed_give_the_same_comparison(tmp_path: Path) -> None:
    a, b = story(tmp_path, "a"), story(tmp_path, "b", miss=LESS)
    assert comparison_tree(compared_evaluations(a, b)) == comparison_tree(
        compared_evaluations(a, b)
    )


def test_the_interval_of_the_difference_is_narrower_than_of_unpaired_runs(tmp_path: Path) -> None:
    # Hard frames are hard for both: drawn together, they say nothing of the difference.
    a, b = story(tmp_path, "a", frames=200), story(tmp_path, "b", frames=200, miss=LESS)
    figure = compared_evaluations(a, b).conditions[0].figures[0]
    assert figure.interval is not None
    width = figure.interval[1] - figure.interval[0]
    sides = [
        compared_evaluations(run, run, interval=no_interval).conditions[0].figures[0].a
        for run in (a, b)
    ]
    unpaired = 2 * 1.96 * np.sqrt(sum(p * (1 - p) / 1200 for p in sides if p is not None))
    assert 0 < width < unpaired


@pytest.mark.slow
def test_a_hundred_thousand_frames_are_paired_one_by_one(tmp_path: Path) -> None:
    """What it takes is for `tests/benchmarks/reading.py` to say."""
    a = story(tmp_path, "a", clips=100, frames=334)
    b = story(tmp_path, "b", clips=100, frames=334, seed=1, changes=NEW_WEIGHTS)
    rewrite(b, "conditions", seed=[0, 0, 0])
    compared = compared_evaluations(a, b)
    assert comparison_page(compared)
    assert sum(one.frames for one in compared.conditions) == 100_200
