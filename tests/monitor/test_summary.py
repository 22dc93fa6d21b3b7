"""The summary: every figure is there or says why not, and it agrees with the tables beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from observations import observed

from models.errors import ModelOutputError
from monitor.config import Settings
from monitor.distances import Distances
from monitor.pipeline import Observation
from monitor.runs import Run, RunWriter
from monitor.summary import NAMES, Summariser, condition
from monitor.tracking import Tracking

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
    "time_to_loss_frames",
    "time_to_loss_s",
    "time_to_recovery_frames",
    "time_to_recovery_s",
    "trail_distance_px",
    "js_distance_classes",
    "js_distance_scores",
    "calibration_error_clean",
    "calibration_error_attacked",
    "map_clean",
    "map_attacked",
    "margin_eps",
    "fails_at_severity",
}

LATER = {
    "calibration_error_clean",
    "calibration_error_attacked",
    "map_clean",
    "map_attacked",
    "margin_eps",
    "fails_at_severity",
}


def answer(*rows: tuple[int, int, float]) -> sv.Detections:
    return sv.Detections(
        xyxy=np.array([(x, 2, x + 8, 10) for x, *_ in rows], dtype=np.float32).reshape(-1, 4),
        class_id=np.array([row[1] for row in rows], dtype=int),
        confidence=np.array([row[2] for row in rows], dtype=np.float32),
    )


def seen(index: int, clean: sv.Detections, attacked: sv.Detections) -> Observation:
    apart = Distances(linf=index / 255, l2=index / 10, l1=index / 2, l0=index, values=2 * index)
    return observed(index, clean, attacked, distances=apart)


def story(count: int) -> list[Observation]:
    rng = np.random.default_rng(5)

    def some() -> sv.Detections:
        spots = rng.choice([0, 9, 18], size=rng.integers(0, 4), replace=False)
        return answer(
            *((int(x) + int(rng.integers(3)), int(rng.integers(2)), rng.random()) for x in spots)
        )

    tracking = Tracking()
    return [tracking.follow(seen(i, some(), some()), trails=0) for i in range(count)]


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
    assert run.summary["l2_max"] == 3.9
    assert (run.summary["l1_max"], run.summary["l0_max"]) == (19.5, 39)


def test_every_figure_of_tracks_can_be_had_from_the_objects(tmp_path: Path) -> None:
    settings = Settings().changed({"runs": str(tmp_path), "part_frames": 7})
    # One object is lost for so long that another track finds it again, one never, one comes and goes.
    gone, both = (2, 0, 0.9), [(11, 0, 0.8), (20, 1, 0.7)]
    tracking = Tracking()
    with RunWriter(settings, "clip.avi", class_names=("face", "ball")) as writer:
        for i in range(60):
            attacked = [both[0]] * (i % 7 < 4) + [both[1]] + [gone] * (not 5 <= i < 40)
            frame = seen(i, answer(gone, *both), answer(*attacked))
            writer.add(tracking.follow(frame, trails=0))
    run = Run.open(writer.finish())
    by_sql = run.query(
        """
        WITH clean AS (
            SELECT track_id, frame, outcome, switch, trail_distance_px,
                   min(frame) FILTER (outcome = 'missed') OVER (PARTITION BY track_id) AS lost_at
            FROM objects WHERE track_id IS NOT NULL)
        SELECT track_id, min(frame) AS first_frame, max(frame) AS last_frame, count(*) AS frames,
               sum((outcome = 'missed')::INT)::BIGINT AS missed, sum(switch::INT)::BIGINT AS switches,
               min(lost_at) - min(frame) AS time_to_loss_frames,
               min(frame) FILTER (outcome <> 'missed' AND frame > lost_at) - min(lost_at)
                   AS time_to_recovery_frames,
               avg(trail_distance_px) AS trail_distance_px
        FROM clean GROUP BY track_id ORDER BY track_id
        """
    ).to_pylist()
    table = [row for row in run.tracks().to_pylist() if not row["made_up"]]
    assert len(table) == len(by_sql) == 3
    for written, computed in zip(table, by_sql, strict=True):
        for name, value in computed.items():
            assert written[name] == (value if value is None else pytest.approx(value)), name
    assert run.summary["track_switches"] == sum(row["switches"] for row in by_sql) > 0
    assert run.summary["counts"]["tracks_made_up"] == sum(  # type: ignore[index]
        row["made_up"] for row in run.tracks().to_pylist()
    )
    (distance,) = run.query("SELECT avg(trail_distance_px) AS mean FROM objects").to_pylist()
    assert run.summary["trail_distance_px"] == pytest.approx(distance["mean"])


def test_why_there_is_no_figure_of_tracks() -> None:
    def reasons(frames: list[Observation], **words: object) -> dict[str, str]:
        tracking = Tracking()
        followed = [tracking.follow(frame, trails=0) for frame in frames]
        return summary(followed, **words)["not_measured"]  # type: ignore[return-value]

    face = answer((2, 0, 0.9))
    kept = [seen(i, face, face) for i in range(4)]
    lost = [seen(i, face, answer()) for i in range(4)]
    untouched = [replace(frame, success=None) for frame in kept]
    assert "two frames in a row" in reasons([seen(0, face, face)])["track_switches"]
    assert reasons(kept)["time_to_loss_s"] == "no track was lost"
    assert "was found again" in reasons(lost)["time_to_recovery_frames"]
    assert "could be compared with" in reasons(lost)["trail_distance_px"]
    assert reasons(untouched, attack="none")["time_to_loss_frames"] == "no attack was run"
    timeless = [replace(frame, drift=replace(frame.drift, media_time=None)) for frame in lost]
    assert reasons(timeless)["longest_gap_s"] == "the source states no time for its frames"


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
        "step_size": 1.0,
        "anneal": True,
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
