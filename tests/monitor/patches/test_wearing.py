"""A patch on a stream: where it hangs, what it may cover, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.centerface import CenterFace
from monitor.assembly import build_perturber, build_pipeline
from monitor.config import Settings
from monitor.distances import distances
from monitor.errors import ConfigError
from monitor.goals import Goal
from monitor.objective import Objective
from monitor.patches.anchors import BLINK
from monitor.patches.patch import controls, load
from monitor.patches.placing import parse_placing
from monitor.patches.wearing import Wearing, chosen
from monitor.perturbers import Perturbed
from streams.frame import Frame

Pixels = np.ndarray


def step(worn: Wearing, faces: CenterFace, pixels: Pixels, index: int) -> Perturbed:
    view = Objective(faces, pixels, Goal.VANISH, threshold=0.5, with_gradient=worn.needs_gradient)
    return worn.perturb(Frame(pixels, index, index / 25, 0.0, "clip"), view)


def face_patch(at: str = "", share: float = 0.05) -> Wearing:
    patch = load("face")
    return Wearing(patch, parse_placing(at or patch.facts.place), share)


@pytest.mark.parametrize("at", ["on:0.5", "below", "above:0.7", "left:2", "right", "0.5,0.5"])
@pytest.mark.parametrize("share", [0.002, 0.03, 0.2])
def test_it_covers_no_more_than_its_share_and_leaves_the_frame_alone(
    at: str, share: float, faces: CenterFace, photograph: Pixels
) -> None:
    before = photograph.copy()
    worn = face_patch(at, share)
    for index in range(2):
        result = step(worn, faces, photograph, index)
        assert result.attacked
        covered = distances(photograph, result.pixels).l0
        assert 0 < covered <= share * photograph.shape[0] * photograph.shape[1]
        assert not np.shares_memory(result.pixels, photograph)
    assert np.array_equal(photograph, before)


def test_a_spot_is_as_large_as_its_share_lets_it(faces: CenterFace, photograph: Pixels) -> None:
    shown = step(face_patch("0.3,0.6", 0.05), faces, photograph, 0).pixels
    changed = (shown != photograph).any(-1)
    rows, columns = np.nonzero(changed)
    height, width = changed.shape
    assert changed.mean() > 0.04
    assert abs(rows.mean() / height - 0.6) < 0.01
    assert abs(columns.mean() / width - 0.3) < 0.01


def test_the_patch_hides_a_face_and_grey_and_random_ones_do_not(
    faces: CenterFace, photograph: Pixels
) -> None:
    patch, fell = load("face"), {}
    for name, one in {"patch": patch, **dict(controls(patch))}.items():
        worn = Wearing(one, parse_placing(patch.facts.place), patch.facts.share)
        shown = step(worn, faces, photograph, 0).pixels
        fell[name] = not len(faces.detect(shown, 0.5))
    assert fell == {"patch": True, "grey": False, "random": False}


def test_without_an_object_nothing_hangs(faces: CenterFace) -> None:
    empty = np.full((96, 128, 3), 90, np.uint8)
    result = step(face_patch(), faces, empty, 0)
    assert not result.attacked
    assert np.array_equal(result.pixels, empty)


def test_it_stays_for_a_blink_of_the_detector_and_then_goes(
    faces: CenterFace, photograph: Pixels
) -> None:
    worn = face_patch("below")
    empty = np.full_like(photograph, 90)
    step(worn, faces, photograph, 0)
    painted = [
        (step(worn, faces, empty, index).pixels != empty).any() for index in range(1, BLINK + 4)
    ]
    assert all(painted[:BLINK])
    assert not any(painted[BLINK:])


def test_a_stream_that_begins_again_or_changes_its_size_forgets(
    faces: CenterFace, photograph: Pixels
) -> None:
    empty = np.full_like(photograph, 90)
    for shown, index in ((empty, 0), (np.full((64, 64, 3), 90, np.uint8), 6)):
        worn = face_patch("below")
        step(worn, faces, photograph, 5)
        assert np.array_equal(step(worn, faces, shown, index).pixels, shown)


def test_the_same_stream_gives_the_same_frames(faces: CenterFace, photograph: Pixels) -> None:
    def run() -> list[Pixels]:
        worn = face_patch()
        moved = (np.roll(photograph, 3 * i, axis=1) for i in range(4))
        return [step(worn, faces, pixels, i).pixels for i, pixels in enumerate(moved)]

    for once, again in zip(run(), run(), strict=True):
        assert np.array_equal(once, again)


def test_a_plane_is_followed(faces: CenterFace, photograph: Pixels) -> None:
    worn = face_patch("0.55,0.3 0.75,0.3 0.75,0.6 0.55,0.6")
    middles = []
    for index in range(8):
        pixels = np.ascontiguousarray(photograph[:, 4 * index : 4 * index + 280])
        shown = step(worn, faces, pixels, index).pixels
        middles.append(np.argwhere((shown != pixels).any(-1)).mean(axis=0)[1])
    assert np.allclose(np.diff(middles), -4, atol=0.6)


def test_only_the_objects_of_its_classes_wear_it(faces: CenterFace, photograph: Pixels) -> None:
    found = faces.detect(photograph, 0.5)
    assert len(chosen(found, ("face",))) == len(found) == 1
    assert len(chosen(found, ("stop",))) == 0
    assert chosen(found, ()) is found
    patch = load("face")
    other = replace(patch, facts=patch.facts.model_copy(update={"victims": ("stop",)}))
    worn = Wearing(other, parse_placing("on"), 0.05)
    assert not step(worn, faces, photograph, 0).attacked


def test_the_pipeline_wears_what_the_settings_name(faces: CenterFace, photograph: Pixels) -> None:
    settings = Settings().changed({"attack": "patch:face", "patch_share": 0.04, "width": 320})
    assert (settings.attack.attack, settings.attack.patch) == ("patch", "face")
    pipeline = build_pipeline(settings, faces)
    seen = pipeline.observe(Frame(photograph, 0, 0.0, 0.0, "still"))
    assert seen.success
    assert (seen.counts.forwards, seen.counts.backwards, seen.counts.queries) == (2, 0, 0)
    assert seen.distances.l0 <= 0.04 * photograph.shape[0] * photograph.shape[1]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ({"attack": "patch"}, "write --attack patch:FILE"),
        ({"attack": "patch:face", "patch_at": "under"}, "patch_at = 'under'"),
        ({"attack": "patch:face", "margin_every": 5}, "margin_every = 5"),
    ],
)
def test_what_cannot_be_worn_is_refused_when_the_pipeline_is_built(
    words: dict[str, object], part: str, faces: CenterFace
) -> None:
    with pytest.raises(ConfigError, match=part):
        build_pipeline(Settings().changed(words), faces)


@pytest.mark.parametrize("fault", ["fog:3", "jpeg:5"])
def test_faults_come_over_the_patch(fault: str, faces: CenterFace, photograph: Pixels) -> None:
    """It hangs in the scene, so that fog veils it as well."""
    frame = Frame(photograph, 0, 0.0, 0.0, "still")

    def shown(pixels: Pixels, **words: object) -> Pixels:
        settings = Settings().changed({"width": 320, "seed": 3, **words})
        view = Objective(faces, photograph, Goal.VANISH, threshold=0.5)
        return build_perturber(settings).perturb(replace(frame, pixels=pixels), view).pixels

    worn = shown(photograph, attack="patch:face")
    both = shown(photograph, attack="patch:face", faults=fault)
    assert np.array_equal(both, shown(worn, attack="none", faults=fault))
    assert not np.array_equal(both, worn)


def test_drawing_is_the_attacks_time_and_the_answer_is_not(
    faces: CenterFace, photograph: Pixels
) -> None:
    settings = Settings().changed({"attack": "patch:face", "width": 320})
    pipeline = build_pipeline(settings, faces)
    frame = Frame(photograph, 0, 0.0, 0.0, "still")
    pipeline.observe(frame)
    seen = pipeline.observe(replace(frame, index=1))
    assert 0 < seen.stages_ms["attack"] < seen.stages_ms["attacked"]
