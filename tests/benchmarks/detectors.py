"""How often the project's own detectors fall to PGD-10 at 4/255: everything vanishes, something appears.

    python tests/benchmarks/detectors.py --count 30 --data FOLDER --failed FOLDER --json FILE

Shares of frames, as the monitor runs them: VANISH, of those that have an object, where all of them are
missed; FABRICATE, where at least one box with a score of 0.5 or more belongs to none of the clean ones.
Random noise of the same size stands beside it, without a target: it shows what falls to any change.

The frames are those of the project's scenes, and with the folder of data clips and photographs that were
kept out of training, taken evenly over each source.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count as counted
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from harness import LeftOut, Ratio, at_least, conclude, frames_of, free, settle

from models.detector import Detector
from models.quality.sets import Picture, portraits, road_sign_scenes, robocup_days
from models.zoo import load_model
from monitor.assembly import build_pipeline
from monitor.config import Settings
from monitor.pipeline import Observation
from monitor.views import attacked_view, clean_view
from streams.frame import Frame
from streams.scenes import SCENES

EPS, THRESHOLD = "4/255", 0.5
TARGETS = {"vanish": 0.95, "fabricate": 0.90}
ATTACKS: dict[str, dict[str, object]] = {
    "PGD-10": {"attack": "pgd", "steps": 10},
    "noise": {"attack": "noise"},
}

COUNT = 30
"""Frames of a source."""

STRIDES = {"portrait": 45, "road": 45, "pitch": 40}
"""Frames of a scene from one to the next, as the tests have them: apart enough to show other things."""


@dataclass(frozen=True)
class Place:
    """Where one model is attacked.

    Attributes
    ----------
    model, name : of the zoo; for people.
    width : that frames are brought to: that of the model's own tests.
    frames : makes at most so many.
    """

    model: str
    name: str
    width: int
    frames: Callable[[int], Iterable[Frame]]


def places(data: Path | None) -> list[Place]:
    """The scenes, and with a folder of data its clips and photographs.

    Raises
    ------
    LeftOut : that folder is absent.
    """
    found = [
        Place("faces", "scene:portrait", 448, lambda count: _scene("portrait", count)),
        Place("signs", "scene:road", 640, lambda count: _scene("road", count)),
        Place("ball", "scene:pitch", 640, lambda count: _scene("pitch", count)),
    ]
    if data is None:
        return found
    if not data.is_dir():
        raise LeftOut(f"{data}: no such folder; --data wants the folder of real photographs")
    return [
        *found,
        Place("faces", "clips", 448, lambda count: _clips(data / "faces" / "videos", count)),
        Place("faces", "portraits", 448, lambda count: _photographs(portraits(data), count)),
        Place("signs", "road_sign_scenes", 416, lambda n: _photographs(road_sign_scenes(data), n)),
        Place("ball", "robocup_ml", 608, lambda count: _photographs(robocup_days(data), count)),
    ]


def run(data: Path | None = None, count: int = COUNT, failed: Path | None = None) -> dict[str, Any]:
    """Shares of each model, place and goal, and what the frames have in them that stood.

    Parameters
    ----------
    failed : folder for pictures of these: clean on the left, attacked on the right.
    """
    ratios: dict[str, Ratio] = {}
    stood: list[dict[str, Any]] = []
    for place in places(data):
        detector = load_model(place.model)
        frames = list(place.frames(count))
        for goal, target in TARGETS.items():
            for attack, words in ATTACKS.items():
                seen = _seen(detector, frames, goal=goal, width=place.width, **words)
                value = sum(bool(o.success) for o in seen) / len(seen) if seen else None
                note = f"of {len(seen)} frames"
                ratio = (
                    at_least(value, target, note, "share")
                    if attack == "PGD-10" and seen
                    else free(value, f"no target; {note}", "share")
                )
                title = f"{place.model}, {place.name}, {goal}, {attack}"
                ratios[title] = ratio
                if attack == "PGD-10":
                    lost = [o for o in seen if not o.success]
                    stood += [{"where": title, **_told(o)} for o in lost]
                    if failed:
                        _draw(failed, title, lost, detector.class_names)
    return {"ratios": ratios, "stood": stood}


def _seen(detector: Detector, frames: Iterable[Frame], **words: object) -> list[Observation]:
    """The frames that the goal has something to work on."""
    settings = Settings().changed(
        {"model": detector.name, "eps": EPS, "threshold": THRESHOLD, **words}
    )
    pipeline = build_pipeline(settings, detector)
    return [o for o in map(pipeline.observe, frames) if o.success is not None]


def _told(seen: Observation) -> dict[str, Any]:
    """What a frame that stood has in it: clean and attacked scores, and the size of the clean objects."""
    sides = np.sqrt(np.prod(seen.clean.xyxy[:, 2:] - seen.clean.xyxy[:, :2], axis=1))
    return {
        "frame": seen.frame.index,
        "sides": [round(float(side), 1) for side in sides],
        "clean": _scores(seen.clean.confidence),
        "attacked": _scores(seen.attacked.confidence),
    }


def _scores(confidence: Any) -> list[float]:
    return [] if confidence is None else [round(float(score), 3) for score in confidence]


def _draw(folder: Path, title: str, lost: list[Observation], names: tuple[str, ...]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seen in lost:
        views = [view(seen, names, zoom=1) for view in (clean_view, attacked_view)]
        words = title.replace(", ", "-").replace(":", "-")
        cv2.imwrite(str(folder / f"{words}-{seen.frame.index}.png"), np.hstack(views))


def _scene(name: str, count: int) -> Iterator[Frame]:
    scene = SCENES[name](0)
    for i in range(count):
        pixels, truth = scene.render(i * STRIDES[name])
        yield Frame(pixels, i, i / 30, 0.0, f"scene:{name}", truth)


def _photographs(pictures: Iterator[Picture], count: int) -> Iterator[Frame]:
    for i, picture in enumerate(_evenly(list(pictures), count)):
        yield Frame(picture.pixels, i, i / 30, 0.0, "photographs", None)


def _clips(folder: Path, count: int) -> Iterator[Frame]:
    """Of each clip as many, numbered through."""
    clips = sorted(folder.glob("*"))
    if not clips:
        raise LeftOut(f"no clips in {folder}; --data wants the folder of real photographs")
    index = counted()
    for clip in clips:
        for frame in _evenly(frames_of(str(clip)), -(-count // len(clips))):
            i = next(index)
            yield Frame(frame.pixels, i, i / 30, 0.0, clip.name, None)


def _evenly(items: list[Any], count: int) -> Iterator[Any]:
    """At most so many of them, from the first on."""
    return islice(items, 0, None, max(1, -(-len(items) // count)))


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=COUNT, help="frames of a source")
    parser.add_argument("--data", type=Path, help="folder of real photographs and clips")
    parser.add_argument("--failed", type=Path, help="folder for pictures of the frames that stood")
    parser.add_argument("--json", type=Path, help="write shares and frames that stood here")
    options = parser.parse_args()
    if options.count < 1:
        parser.error(f"--count {options.count}: give 1 or more")
    settle()
    try:
        result = run(options.data, options.count, options.failed)
    except LeftOut as missing:
        raise SystemExit(str(missing)) from None
    conclude("How often the detectors fall, 4/255", "detectors", result, options.json)


if __name__ == "__main__":
    main()
