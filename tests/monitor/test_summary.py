"""The summary: every figure is there or says why not, and it agrees with the tables beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from observations import observed

from models.errors import ModelOutputError
from monitor.config import Settings
from monitor.pipeline import Observation
from monitor.runs import Run, RunWriter
from monitor.summary import NAMES, Summariser, condition

DESIGN = {
    "miss_rate",
    "relabel_rate",
    "fabrications_per_frame",
    "attack_success_rate",
    "score_drop",
    "centre_shift_px",
    "longest_gap_frames",
    "longest_gap_s",
    "track_switches",
    "js_distance_classes",
    "js_distance_scores",
    "calibration_error_clean",
    "calibration_error_attacked",
    "map_clean",
    "map_attacked",
    "margin_eps",
}

LATER = {
    "track_switches",
    "calibration_error_clean",
    "calibration_error_attacked",
    "map_clean",
    "map_attacked",
    "margin_eps",
}


def answer(*rows: tuple[int, int, float]) -> sv.Detections:
    return sv.Detections(
        xyxy=np.array([(x, 2, x + 8, 10) for x, *_ in rows], dtype=np.float32).reshape(-1, 4),
        class_id=np.array([row[1] for row in rows], dtype=int),
        confidence=np.array([row[2] for row in rows], dtype=np.float32),
    )


def seen(index: int, clean: sv.Detections, attacked: sv.Detections) -> Observation:
    return observed(index, clean, attacked, linf=index / 255)


def story(count: int) -> list[Observation]:
    rng = np.random.default_rng(5)

    def some() -> sv.Detections:
        spots = rng.choice([0, 9, 18], size=rng.integers(0, 4), replace=False)
        return answer(
            *((int(x) + int(rng.integers(3)), int(rng.integers(2)), rng.random()) for x in spots)
        )

    return [seen(i, some(), some()) for i in range(count)]


def summary(frames: Iterable[Observation], **words: object) -> dict[str, object]:
    summariser = Summariser(Settings().changed(words), "clip.avi", ("face", "ball"))
    for frame in frames:
        summariser.update(frame)
    return json.loads(json.dumps(summariser.summary(), allow_nan=False))  # type: ignore[no-any-return]


def test_the_names_are_those_of_the_design() -> None:
    assert set(NAMES) == DESIGN
    assert summary(story(3)).keys() >= DESIGN


def test_null_and_reasons_go_together() -> None:
    for frames in (story(40), [seen(0, answer(), answer())]):
        found = summary(frames)
        reasons = found["not_measured"]
        assert isinstance(reasons, dict)
        assert {name for name in NAMES if found[name] is None} == reasons.keys()
        assert all(len(reason) > 10 for reason in reasons.values())
    assert set(summary(story(40))["not_measured"]) == LATER  # type: ignore[call-overload]


def test_the_summary_agrees_with_sql_over_the_tables(tmp_path: Path) -> None:
    settings = Settings().changed({"runs": str(tmp_path), "part_frames": 7})
    with RunWriter(settings, "clip.avi", class_names=("face", "ball")) as writer:
        for frame in story(40):
            writer.add(frame)
    run = Run.open(writer.finish())
    (row,) = run.query(
        """
        SELECT sum(missed) / sum(clean_count) AS miss_rate,
               sum(relabelled) / sum(clean_count) AS relabel_rate,
               avg(fabricated) AS fabrications_per_frame, avg(success::INT) AS attack_success_rate,
               (SELECT avg(score_drop) FROM objects WHERE clean_score IS NOT NULL) AS score_drop,
               (SELECT avg(centre_shift_px) FROM objects) AS centre_shift_px
        FROM frames
        """
    ).to_pylist()
    for name, value in row.items():
        assert run.summary[name] == pytest.approx(value, rel=1e-12), name
        low, high = run.summary["intervals"][name]  # type: ignore[index]
        assert low < value < high, name
    (counts,) = run.query(
        """
        SELECT count(*) AS frames, sum(clean_count)::INT AS clean_objects, sum(missed)::INT AS missed,
               sum(kept)::INT AS kept, sum(fabricated)::INT AS fabricated, count(success) AS frames_attacked,
               sum(success::INT)::INT AS frames_fallen, sum(forwards)::INT AS forwards FROM frames
        """
    ).to_pylist()
    assert counts.items() <= run.summary["counts"].items()  # type: ignore[attr-defined]
    assert run.summary["linf_max"] == 39 / 255


def test_short_clips_have_values_and_no_intervals() -> None:
    found = summary(story(9))
    assert found["miss_rate"] is not None
    assert set(found["intervals"].values()) == {None}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"attack": "none"}, "no attack was run"),
        ({"eps": 0}, "a budget of 0 leaves every frame as it is"),
        ({}, "the detector found no object in the clean frames"),
    ],
)
def test_why_there_is_no_success_rate(words: dict[str, object], reason: str) -> None:
    found = summary([seen(0, answer(), answer())], **words)
    assert found["not_measured"]["attack_success_rate"] == reason  # type: ignore[index]


def test_the_condition_names_only_what_the_attack_heeds() -> None:
    def of(**words: object) -> dict[str, object]:
        return condition(Settings().changed(words), "clip.avi", ("face",))

    pgd = of(attack="pgd", steps=7)
    assert pgd["parameters"] == {
        "steps": 7,
        "step_size": 0.25,
        "restarts": 1,
        "random_start": True,
        "early_stop": True,
    }
    assert (pgd["knowledge"], pgd["eps_text"]) == ("white-box", "4/255")
    assert of(attack="fgsm")["parameters"] == {}
    assert of(attack="noise")["knowledge"] != "white-box"
    nothing = of(attack="none")
    assert nothing["knowledge"] is nothing["attack_source"] is None


@pytest.mark.timeout(30)
def test_a_broken_score_changes_nothing() -> None:
    summariser = Summariser(Settings(), "clip.avi", ("face",))
    summariser.update(seen(0, answer((2, 0, 0.9)), answer()))
    before = summariser.summary()
    with pytest.raises(ModelOutputError, match="frame 1"):
        summariser.update(seen(1, answer((2, 0, float("nan"))), answer()))
    assert summariser.summary() == before
