"""Make the pictures of attacked scenes that stand in the README; not a test.

    python tests/attack_pictures.py [FOLDER]

writes vanish.png, mislabel.png and fabricate.png into FOLDER, by default docs/: clean on the left,
attacked on the right, both as the panel draws them. All of it is drawn by camdrift itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import supervision as sv

from models.memory import keep_freed_memory
from models.zoo import load_model
from monitor.arrays import Pixels
from monitor.assembly import build_pipeline
from monitor.config import Settings
from monitor.drift.matching import Outcome
from monitor.pipeline import Observation
from monitor.views import attacked_view, clean_view
from streams.opening import open_source

GAP = 12
"""Pixels between the two pictures."""


@dataclass(frozen=True)
class Shot:
    """One picture: what is run, and which frame tells it best.

    Attributes
    ----------
    name : of the file.
    source : the scene.
    words : settings.
    label : the object that the picture is about must be called so in the clean frame; "": any will do.
    """

    name: str
    source: str
    words: dict[str, object] = field(default_factory=dict)
    label: str = ""

    def settings(self) -> Settings:
        """All settings of it."""
        fixed = {"width": 640, "attack": "pgd", "steps": 10, "eps": "4/255"}
        return Settings().changed({"source": self.source, **fixed, **self.words})


SHOTS = (
    Shot("vanish", "scene:road?light=day", {"model": "signs", "goal": "vanish"}),
    Shot(
        "mislabel",
        "scene:road?light=day",
        {"model": "signs", "goal": "mislabel", "target": "speed limit"},
        label="stop",
    ),
    Shot(
        "fabricate",
        "scene:pitch",
        {"model": "ball", "goal": "fabricate", "at": "linesman"},
        label="ball",
    ),
)


def observations(settings: Settings, every: int, most: int) -> Iterator[Observation]:
    """Some frames of the scene, sent through the monitor."""
    pipeline = build_pipeline(settings, load_model(settings.detector.model))
    with open_source(settings.stream.source) as source:
        for i in range(most):
            frame = source.read(60)
            if frame is not None and i % every == 0:
                yield pipeline.observe(frame)


def interest(seen: Observation, shot: Shot) -> float:
    """How well a frame tells the story: fallen, what it is about is large, nothing beside it."""
    label = shot.label
    names = seen.clean.data.get("class_name", np.zeros(0, str))
    if not seen.success or (label and label not in names):
        return 0.0
    sides = np.minimum(*(seen.clean.xyxy[:, 2:] - seen.clean.xyxy[:, :2]).T)
    right = _right(seen)
    about = sides[right & ((names == label) | (not label))]
    beside = np.count_nonzero(~right)
    if shot.words["goal"] != "fabricate":
        beside += sum(thing.outcome is Outcome.FABRICATED for thing in seen.drift.objects)
    return float(about.max()) / (1 + beside) if len(about) else 0.0


def _right(seen: Observation) -> npt.NDArray[np.bool_]:
    """Which clean detections are of an object that is really there, under its right name."""
    truth = seen.frame.truth
    if truth is None or not len(truth):
        return np.zeros(len(seen.clean), bool)
    same = (
        np.asarray(seen.clean.data["class_name"])[:, None]
        == np.asarray(truth.data["class_name"])[None, :]
    )
    overlap = sv.box_iou_batch(seen.clean.xyxy, truth.xyxy)
    right: npt.NDArray[np.bool_] = (same & (overlap >= 0.5)).any(axis=1)
    return right


def pair(seen: Observation, names: tuple[str, ...]) -> Pixels:
    """Clean and attacked, side by side."""
    left, right = (view(seen, names, zoom=1) for view in (clean_view, attacked_view))
    gap = np.full((left.shape[0], GAP, 3), 255, np.uint8)
    return np.hstack([left, gap, right])


def main() -> None:
    """Make them all."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "docs"
    keep_freed_memory()
    for shot in SHOTS:
        settings = shot.settings()
        names = load_model(settings.detector.model).class_names
        best = max(observations(settings, every=12, most=1500), key=lambda o: interest(o, shot))
        if not interest(best, shot):
            raise SystemExit(f"{shot.name}: no frame of {shot.source} has fallen")
        path = folder / f"{shot.name}.png"
        cv2.imwrite(str(path), pair(best, names))
        print(path)


if __name__ == "__main__":
    main()
