"""Windows: what is updated and reverted equals what is worked out from scratch, and says None honestly."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from models.errors import ModelOutputError
from monitor.drift.matching import FrameDrift, Outcome, match
from monitor.drift.windows import FrameTally, Rates, RollingWindow, js_distance, score_bin

thing = st.tuples(st.integers(0, 4), st.integers(0, 2), st.floats(0, 1, width=32))


def detections(rows: list[tuple[int, int, float]]) -> sv.Detections:
    """(x, class, score): boxes of 4x4 on a line, so that neighbours overlap more or less."""
    return sv.Detections(
        xyxy=np.array([(x, 0, x + 4, 4) for x, *_ in rows], dtype=np.float32).reshape(-1, 4),
        class_id=np.array([row[1] for row in rows], dtype=int),
        confidence=np.array([row[2] for row in rows], dtype=np.float32),
    )


answers = st.lists(thing, max_size=3).map(detections)
frames = st.tuples(st.builds(match, answers, answers), st.sampled_from([None, False, True]))
Frames = list[tuple[FrameDrift, bool | None]]


def from_scratch(chosen: Frames) -> dict[str, float | None]:
    """The rates by their definitions, from the frames themselves."""
    objects = [thing for drift, _ in chosen for thing in drift.objects]
    clean = [thing for thing in objects if thing.clean_index is not None]
    attacked = [thing for thing in objects if thing.attacked_index is not None]
    shared = [thing for thing in clean if thing.attacked_index is not None]
    judged = [success for _, success in chosen if success is not None]

    def mean(values: list[float]) -> float | None:
        return math.fsum(values) / len(values) if values else None

    def js(a: list[int], b: list[int], size: int) -> float | None:
        if not a or not b:
            return None
        found = jensenshannon(
            np.bincount(a, minlength=size), np.bincount(b, minlength=size), base=2
        )
        return float(np.nan_to_num(found))  # scipy takes the root of a rounding error below zero

    return {
        "miss_rate": mean([thing.outcome is Outcome.MISSED for thing in clean]),
        "relabel_rate": mean([thing.outcome is Outcome.RELABELLED for thing in clean]),
        "fabrications_per_frame": mean([d.count(Outcome.FABRICATED) for d, _ in chosen]),
        "attack_success_rate": mean([float(success) for success in judged]),
        "score_drop": mean([thing.score_drop for thing in clean]),
        "centre_shift_px": mean([thing.centre_shift_px for thing in shared]),
        "js_distance_classes": js(
            [thing.clean_class or 0 for thing in clean],
            [thing.attacked_class or 0 for thing in attacked],
            3,
        ),
        "js_distance_scores": js(
            [score_bin(thing.clean_score) for thing in clean],
            [score_bin(thing.attacked_score) for thing in attacked],
            10,
        ),
    }


def filled(size: int | None, chosen: Frames) -> RollingWindow:
    window = RollingWindow(size)
    for drift, success in chosen:
        window.update(FrameTally.of(drift, success))
    return window


def same(rates: Rates, expected: dict[str, float | None]) -> None:
    assert rates.as_dict().keys() == expected.keys()
    for name, value in rates.as_dict().items():
        # The root of a divergence of 1e-17 is 3e-9: no more can be asked of the two distances.
        close = 1e-7 if name.startswith("js") else 1e-12
        assert value == (
            None if expected[name] is None else pytest.approx(expected[name], abs=close)
        )


@settings(deadline=None)
@given(st.lists(frames, max_size=12), st.integers(1, 5))
def test_a_window_equals_recomputation_from_scratch(chosen: Frames, size: int) -> None:
    window = filled(size, chosen)
    assert len(window) == min(len(chosen), size)
    same(window.rates(), from_scratch(chosen[-size:]))
    assert window.rates() == filled(None, chosen[-size:]).rates()  # bit for bit


@settings(deadline=None)
@given(st.lists(frames, min_size=1, max_size=8))
def test_reverting_every_frame_leaves_nothing_behind(chosen: Frames) -> None:
    window = filled(len(chosen), chosen)
    for drift, success in chosen:
        assert window.revert() == FrameTally.of(drift, success)
    assert len(window) == 0
    assert set(window.rates().as_dict().values()) == {None}
    with pytest.raises(IndexError):
        window.revert()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_sums_do_not_drift_over_many_frames(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Magnitudes far apart: in running float sums the small ones would be lost next to the large.
    scores = np.where(rng.random(3000) < 0.5, 1.0, rng.random(3000) * 1e-8).astype(np.float32)
    none = sv.Detections.empty()
    tallies = [FrameTally.of(match(detections([(0, 0, s)]), none)) for s in scores]
    window = RollingWindow(7)
    for tally in tallies:
        window.update(tally)
    found = window.rates().score_drop
    assert found is not None
    truth = sum((Fraction(float(score)) for score in scores[-7:]), Fraction()) / 7
    assert abs(Fraction(found) - truth) <= Fraction(1, 2**53)  # the nearest float, or its neighbour


def test_a_window_over_everything_keeps_no_frame() -> None:
    window = filled(None, [(match(detections([(0, 0, 0.5)]), sv.Detections.empty()), True)] * 50)
    assert len(window) == 50
    assert window.rates().miss_rate == window.rates().attack_success_rate == 1.0
    with pytest.raises(IndexError, match="keeps only sums"):
        window.revert()


def test_an_empty_frame_gives_none_where_nothing_can_be_divided() -> None:
    nothing = sv.Detections.empty()
    rates = filled(3, [(match(nothing, nothing), None)]).rates()
    assert rates.fabrications_per_frame == 0.0
    others = {name: value for name, value in rates.as_dict().items() if "fabrications" not in name}
    assert set(others.values()) == {None}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("score", [math.nan, math.inf, -0.1, 1.1])
def test_a_score_that_is_none_is_refused_by_name_of_its_frame(score: float) -> None:
    broken = detections([(0, 0, score)])
    with pytest.raises(ModelOutputError, match="frame 7"):
        FrameTally.of(match(broken, sv.Detections.empty(), index=7))
    with pytest.raises(ModelOutputError, match="frame 7"):
        FrameTally.of(match(sv.Detections.empty(), broken, index=7))


@pytest.mark.parametrize("size", [0, -1])
def test_a_window_of_no_frames_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        RollingWindow(size)


def test_distances_of_known_histograms() -> None:
    assert js_distance(Counter({0: 3}), Counter({1: 5})) == 1.0
    assert js_distance(Counter({0: 1, 1: 2}), Counter({0: 2, 1: 4})) == 0.0
    assert js_distance(Counter(), Counter({1: 5})) is None
    # 1 bit of entropy in the middle of (1, 0) and (1/2, 1/2) by hand: sqrt(0.311278...)
    assert js_distance({0: 1}, {0: 1, 1: 1}) == pytest.approx(math.sqrt(0.3112781245), abs=1e-9)


def test_score_bins_cover_the_ends() -> None:
    assert [score_bin(s) for s in (0.0, 0.0999, 0.1, 0.95, 1.0)] == [0, 0, 1, 9, 9]
