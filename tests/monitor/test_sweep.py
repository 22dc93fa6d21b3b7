"""Success against eps on one frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.centerface import CenterFace
from monitor.assembly import build_pipeline
from monitor.catalog import CATALOG
from monitor.config import Settings
from monitor.distances import Norm
from monitor.drift.matching import FrameDrift
from monitor.pipeline import Observation
from monitor.sweep import (
    POINTS,
    SweepPoint,
    at_eps,
    eps_grid,
    fooled_share,
    least_eps,
    swept_attacks,
    tries_of,
)
from streams.frame import Frame, Pixels

pytestmark = pytest.mark.timeout(60)


@given(
    st.sampled_from([Norm.L2, Norm.L1]), st.floats(1e-3, 1e4, allow_nan=False), st.integers(2, 30)
)
def test_budgets_rise_by_one_factor_to_the_largest(norm: Norm, most: float, count: int) -> None:
    grid = eps_grid(norm, most, count)
    assert len(grid) == count
    assert grid[-1] == pytest.approx(most)
    ratios = np.diff(np.log(grid))
    assert (ratios > 0).all()
    assert ratios == pytest.approx(np.full(count - 1, ratios[0]), rel=1e-6)


@given(st.integers(1, 255))
def test_budgets_under_linf_are_whole_levels_and_come_once(most: int) -> None:
    grid = np.array(eps_grid(Norm.LINF, most / 255)) * 255
    assert grid == pytest.approx(grid.round())
    assert (np.diff(grid) > 0.5).all()
    assert grid[-1] == pytest.approx(most)
    assert len(grid) <= POINTS


@given(st.integers(1, 5000))
def test_budgets_under_l0_are_whole_pixels(most: int) -> None:
    grid = eps_grid(Norm.L0, most)
    assert all(value == int(value) >= 1 for value in grid)
    assert grid[-1] == most


def test_only_attacks_that_keep_the_norm_and_stand_alone_are_swept() -> None:
    for norm in Norm:
        settings = Settings().changed({"norm": norm, "eps": 1})
        names = swept_attacks(settings)
        assert names
        assert not {"warm", "universal", "patch"} & set(names)
        assert all(norm in CATALOG[name].build(settings.attack).norms for name in names)
    assert "one-pixel" in swept_attacks(Settings().changed({"norm": "l0", "eps": 1}))
    assert "fgsm" not in swept_attacks(Settings().changed({"norm": "l0", "eps": 1}))


def test_what_draws_nothing_is_tried_once() -> None:
    assert tries_of("fgsm", 7) == 1
    assert tries_of("pgd", 7) == 7


def test_a_face_falls_to_pgd_at_a_budget_and_to_noise_at_none(
    faces: CenterFace, photograph: Pixels
) -> None:
    settings = Settings()
    frame = Frame(photograph, index=0, media_time=None, captured_at=0.0, source="a photograph")
    asked: list[tuple[str, int]] = []

    def observe(words: Settings) -> Observation:
        asked.append((words.attack.attack, words.run.seed))
        return build_pipeline(words, faces).observe(frame)

    fgsm = at_eps(observe, settings.changed({"attack": "fgsm"}), 2 / 255, 1)
    assert (fgsm.forwards, fgsm.backwards) == (2, 1)
    pgd = settings.changed({"attack": "pgd"})
    points = tuple(at_eps(observe, pgd, level / 255, 1) for level in (1, 4, 16))
    assert points[-1].success == 1
    assert points[-1].fooled == 1
    noise = at_eps(observe, settings.changed({"attack": "noise"}), 4 / 255, 3)
    assert noise.success == 0
    assert noise.tries == 3
    assert noise.forwards == 6
    assert asked[-3:] == [("noise", 0), ("noise", 1), ("noise", 2)]
    least = least_eps(points)
    assert least is not None
    assert least <= 16 / 255


def test_the_least_eps_is_that_at_which_every_try_met_the_goal() -> None:
    def point(eps: float, success: float | None) -> SweepPoint:
        return SweepPoint(eps, success, None, 2, 0, 0)

    assert least_eps(()) is None
    assert least_eps((point(1, 0.5), point(2, None))) is None
    assert least_eps((point(1, 0.5), point(2, 1.0), point(4, 1.0))) == 2


def test_no_objects_no_share() -> None:
    assert fooled_share(FrameDrift(0, None, ())) is None
