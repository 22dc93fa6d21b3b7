"""The robustness margin: of a frame, of a run, as a curve, and where it is shown."""

from __future__ import annotations

import math

import numpy as np
import pytest
import supervision as sv
from contracts import lost_at
from hypothesis import given
from hypothesis import strategies as st
from linear import LinearDetector
from observations import observed

from models.centerface import CenterFace
from monitor.assembly import build_pipeline
from monitor.config import Settings
from monitor.distances import Budget, Norm
from monitor.errors import ConfigError
from monitor.goals import Goal
from monitor.margin import (
    POINTS,
    MarginOfAttack,
    MarginSearch,
    median_margin,
    success_curve,
    widest,
)
from monitor.objective import Objective
from monitor.panel.readouts import NOTHING, margin_figures
from monitor.panel.watch import Watch
from monitor.pipeline import Pipeline
from monitor.report.margin_chart import draw_margins
from monitor.session import Session
from monitor.summary import Summariser
from streams.frame import Frame

FAR = {Norm.LINF: 4 / 255, Norm.L2: 2.0, Norm.L1: 8.0, Norm.L0: 20}
"""How far the boundary is on a grey picture of 16 x 16 pixels."""

ROOM = {Norm.LINF: 1 / 255, Norm.L2: 0.2, Norm.L1: 0.8, Norm.L0: 2}
"""What whole levels and so few steps may cost."""


@pytest.mark.parametrize("norm", list(Norm))
def test_the_margin_is_the_distance_of_the_boundary_in_the_unit_of_eps(norm: Norm) -> None:
    detector, pixels = lost_at(norm, FAR[norm])

    def ask() -> Objective:
        return Objective(detector, pixels, Goal.VANISH, threshold=0.5)

    margin = MarginSearch(norm, 1).of(ask(), observed(0, ask().clean, ask().clean).distances, ask)
    assert margin is not None
    assert FAR[norm] * 0.999 <= margin <= FAR[norm] + ROOM[norm]


def test_a_frame_that_nothing_fells_has_no_finite_margin_and_an_empty_one_none() -> None:
    pixels = np.full((16, 16, 3), 128, np.uint8)

    def ask(bias: float) -> Objective:
        detector = LinearDetector(np.zeros((2, 16, 16, 3), np.float32), (bias, -5.0))
        return Objective(detector, pixels, Goal.VANISH, threshold=0.5)

    far = observed(0, ask(5).clean, ask(5).clean).distances
    assert MarginSearch(Norm.L2, 1).of(ask(5), far, lambda: ask(5)) == math.inf
    assert MarginSearch(Norm.L2, 1).of(ask(-5), far, lambda: ask(-5)) is None
    assert MarginOfAttack(Norm.L2).of(ask(-5), far, lambda: ask(-5)) is None


MARGINS = st.lists(st.one_of(st.floats(0, 10), st.just(math.inf)), max_size=50)


@given(MARGINS)
def test_the_curve_says_at_every_step_which_share_has_fallen(margins: list[float]) -> None:
    curve = success_curve(margins)
    assert [eps for eps, _ in curve] == sorted({m for m in margins if math.isfinite(m)})
    for eps, share in curve:
        assert share == sum(margin <= eps for margin in margins) / len(margins)
    middle = median_margin(margins)
    if middle is not None:
        reached = dict(curve)
        assert reached[middle] >= 0.5
        assert all(share <= 0.5 for eps, share in curve if eps < middle)
    else:
        assert sum(map(math.isfinite, margins)) <= len(margins) / 2


def test_a_long_run_has_a_curve_of_few_points_that_keeps_its_ends() -> None:
    margins = list(np.linspace(0.1, 5, 5000))
    curve = success_curve(margins)
    assert len(curve) == POINTS
    assert curve[0] == (margins[0], 1 / 5000)
    assert curve[-1] == (margins[-1], 1.0)


def pipeline(faces: CenterFace, **words: object) -> Pipeline:
    return build_pipeline(Settings().changed({"model": "faces", "width": 160, **words}), faces)


def frame(pixels: np.ndarray, index: int) -> Frame:
    return Frame(pixels, index, index / 25, 0.0, "clip.avi")


def test_every_third_frame_is_searched_beside_the_attack(
    faces: CenterFace, portrait: np.ndarray
) -> None:
    step = pipeline(faces, attack="noise", margin_every=3)
    seen = [step.observe(frame(portrait, index)) for index in range(4)]
    assert [each.margin is not None for each in seen] == [True, False, False, True]
    assert seen[0].margin == seen[3].margin
    assert seen[0].margin is not None
    assert 0 < seen[0].margin <= 8 / 255
    assert seen[0].counts.backwards == 0, "the search is not the attack's"
    assert seen[0].stages_ms["margin"] > seen[1].stages_ms["margin"]


def test_a_minimal_attack_brings_its_margin_along(faces: CenterFace, portrait: np.ndarray) -> None:
    seen = pipeline(faces, attack="deepfool", norm="linf", eps=16 / 255).observe(frame(portrait, 1))
    assert seen.success
    assert seen.margin == seen.distances.linf
    near = pipeline(faces, attack="deepfool", norm="linf", eps=1 / 255).observe(frame(portrait, 1))
    assert not near.success
    assert near.margin == math.inf


def test_no_margin_where_none_is_asked_for(faces: CenterFace, portrait: np.ndarray) -> None:
    assert pipeline(faces, attack="fgsm").observe(frame(portrait, 0)).margin is None


def test_a_black_box_model_cannot_be_searched() -> None:
    class BlackBox:
        name = "mine"
        class_names = ("thing",)

    words = Settings().changed({"attack": "noise", "margin_every": 5})
    with pytest.raises(ConfigError, match=r"margin_every = 5: model mine is black-box"):
        build_pipeline(words, BlackBox())  # type: ignore[arg-type]


def summary(margins: list[float | None], **words: object) -> dict[str, object]:
    box = sv.Detections(
        np.array([[1.0, 1, 9, 9]]), confidence=np.array([0.9]), class_id=np.array([0])
    )
    taken = Summariser(Settings().changed(words), "clip.avi", ["face"])
    for index, margin in enumerate(margins):
        taken.update(observed(index, box, box, margin=margin))
    return taken.summary()


def test_the_summary_has_median_curve_and_count() -> None:
    told = summary([1 / 255, None, 3 / 255, 2 / 255, math.inf])
    assert told["margin_eps"] == 3 / 255  # of 4 the upper middle one
    assert told["margin_curve"] == [[1 / 255, 0.25], [2 / 255, 0.5], [3 / 255, 0.75]]
    counts = told["counts"]
    assert isinstance(counts, dict)
    assert counts["frames_with_margin"] == 4
    drawn = draw_margins(told)
    assert "success against eps" in drawn.wide
    assert "4 frames" in drawn.legend


@pytest.mark.parametrize(
    ("margins", "words", "why"),
    [
        ([None, None], {"attack": "fgsm"}, "no search for it was asked for"),
        ([None, None], {"attack": "none"}, "no attack was run"),
        (
            [1 / 255, math.inf, math.inf],
            {"attack": "fgsm"},
            "of 3 frames that were searched 1 fell",
        ),
    ],
)
def test_where_there_is_no_margin_the_summary_says_why(
    margins: list[float | None], words: dict[str, object], why: str
) -> None:
    told = summary(margins, **words)
    assert told["margin_eps"] is None
    reasons = told["not_measured"]
    assert isinstance(reasons, dict)
    assert why in reasons["margin_eps"]


def test_the_panel_shows_the_newest_margin_and_the_median() -> None:
    watch, nothing = Watch(Session(Settings())), sv.Detections.empty()
    ((name, figure, hint),) = margin_figures(watch.reading())
    assert (name, figure) == ("margin", NOTHING)
    assert "margin every" in hint, "it says what would measure one"
    for index, margin in enumerate((2 / 255, 4 / 255, None, math.inf)):
        watch.take(observed(index, nothing, nothing, margin=margin))
    assert margin_figures(watch.reading()) == [
        ("margin", "none found", "linf, the newest frame"),
        ("median margin", "4/255", "linf, 2 of 3 frames fell"),
    ]


def test_budgets_that_allow_any_frame_do(portrait: np.ndarray) -> None:
    for norm in Norm:
        assert Budget(norm, widest(norm, portrait.shape)).holds(portrait, 255 - portrait)
