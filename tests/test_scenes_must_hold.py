"""What attacks do to `signs` and `ball`, on scenes and on photographs kept out of training.

`pytest -m slow -s tests/test_scenes_must_hold.py` prints the shares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
import supervision as sv
from conftest import SHARED

from models.quality.sets import road_sign_scenes
from models.zoo import load_model
from monitor.assembly import build_pipeline
from monitor.config import Settings
from monitor.drift.matching import Outcome
from monitor.pipeline import Observation
from streams.frame import Frame
from streams.scenes import SCENES

ATTACKS: dict[str, dict[str, object]] = {
    "PGD-10": {"attack": "pgd", "steps": 10},
    "FGSM": {"attack": "fgsm"},
    "noise": {"attack": "noise"},
}

Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def aloud(text: str) -> None:
        with capsys.disabled():
            print(text)

    return aloud


def scene_frames(name: str, every: int, count: int) -> list[Frame]:
    scene = SCENES[name](0)
    drawn = (scene.render(i * every) for i in range(count))
    return [
        Frame(pixels, i, i / 30, 0.0, f"scene:{name}", truth)
        for i, (pixels, truth) in enumerate(drawn)
    ]


def photographs(label: str | None = None) -> list[Frame]:
    if not SHARED.is_dir():
        pytest.skip(f"the photographs are not in {SHARED}")
    pictures = [p for p in road_sign_scenes(SHARED) if label is None or label in p.labels]
    return [Frame(p.pixels, i, i / 30, 0.0, "photographs", None) for i, p in enumerate(pictures)]


def seen(frames: Iterable[Frame], **words: object) -> list[Observation]:
    settings = Settings().changed({"eps": "4/255", **words})
    pipeline = build_pipeline(settings, load_model(settings.detector.model))
    return [pipeline.observe(frame) for frame in frames]


def share_missed(observations: list[Observation]) -> tuple[float, int]:
    """(share of the clean objects that the attacked answers lack, clean objects)."""
    clean = sum(o.drift.clean_count for o in observations)
    return sum(o.drift.count(Outcome.MISSED) for o in observations) / clean, clean


def turned(clean: sv.Detections, attacked: sv.Detections, was: str, now: str) -> tuple[int, int]:
    """(objects called `was` that are now called `now`, objects called `was`)."""
    mine = clean.xyxy[np.asarray(clean.data["class_name"]) == was]
    if not len(mine) or not len(attacked):
        return 0, len(mine)
    overlap = sv.box_iou_batch(mine, attacked.xyxy)
    names = np.asarray(attacked.data["class_name"])[overlap.argmax(axis=1)]
    return int(((overlap.max(axis=1) >= 0.5) & (names == now)).sum()), len(mine)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("where", "width"), [("scene:road", 640), ("photographs", 416)])
def test_signs_vanish_at_4_255(where: str, width: int, say: Say) -> None:
    frames = scene_frames("road", 45, 40) if where == "scene:road" else photographs()[::2]
    shares: dict[str, float] = {}
    for name, words in ATTACKS.items():
        observations = seen(frames, model="signs", width=width, goal="vanish", **words)
        shares[name], objects = share_missed(observations)
        say(f"{where}, {objects} signs, vanish at 4/255, {name}: {shares[name]:.3f} missed")
    assert shares["PGD-10"] >= 0.95
    assert shares["noise"] <= 0.10 < shares["FGSM"] < shares["PGD-10"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_stop_signs_turn_into_speed_limits_at_4_255(say: Say) -> None:
    frames = photographs("stop")
    shares: dict[str, float] = {}
    for name, words in ATTACKS.items():
        answers = seen(
            frames, model="signs", width=416, goal="mislabel", target="speed limit", **words
        )
        counts = np.array([turned(o.clean, o.attacked, "stop", "speed limit") for o in answers])
        hits, objects = counts.sum(axis=0)
        shares[name] = hits / objects
        say(f"photographs, {objects} stop signs, mislabel at 4/255, {name}: {shares[name]:.3f}")
    assert shares["PGD-10"] >= 0.5
    assert shares["noise"] <= 0.05


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_ball_is_put_on_the_linesmans_head_at_4_255(say: Say) -> None:
    frames = scene_frames("pitch", 40, 30)
    shares: dict[str, float] = {}
    for name, words in ATTACKS.items():
        answers = seen(frames, model="ball", width=640, goal="fabricate", at="linesman", **words)
        fallen = [o.success for o in answers if o.success is not None]
        shares[name] = float(np.mean(fallen))
        say(f"scene:pitch, {len(fallen)} frames with a linesman, {name}: {shares[name]:.3f}")
    assert shares["PGD-10"] >= 0.95
    assert shares["noise"] <= 0.05
