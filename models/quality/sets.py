"""The photographs that models are judged on, read from the data folder; none of them was trained on.

Pictures are shown to a detector at their own size, but for the street scenes of 1920 pixels, which are
scaled to `STREET_WIDTH`: that is the input size on which an object counts as large or small.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.bundled import SIGNS
from models.training.photos import (
    annotation,
    held_out,
    pictures_in,
    read_picture,
    road_signs,
    robocup,
)
from models.training.sample import Boxes, Pixels, no_boxes

STREET_WIDTH = 960
"""Pixels; the DFG scenes are looked at at half their size."""

LEAST_SIDE = 20.0
"""Pixels of the input; smaller signs of the DFG scenes do not count."""

_PORTRAITS = "faces/pytorch_tutorial_faces"
_LANDMARKS = 68


@dataclass(frozen=True, slots=True)
class Picture:
    """One photograph with what is in it.

    Attributes
    ----------
    pixels : uint8 BGR.
    boxes : float32 (n, 4), xyxy in pixels.
    labels : class names, one a box.
    """

    pixels: Pixels
    boxes: Boxes
    labels: tuple[str, ...]


def road_sign_scenes(data: Path) -> Iterator[Picture]:
    """The held-out photographs of road_sign_scenes, 416x416; not all kinds of sign are labelled."""
    kept = held_out("signs")
    for photo in road_signs(data):
        if photo.path.relative_to(data).as_posix() in kept:
            yield _picture(photo.pixels(), photo.boxes, [SIGNS[label] for label in photo.labels])


def dfg_scenes(data: Path) -> Iterator[Picture]:
    """The street scenes of DFG at `STREET_WIDTH`, labels are DFG's own; without ignored and small signs."""
    folder = data / "signs/dfg_scenes"
    note = folder / "annotations.json"
    with annotation(note):
        content = json.loads(note.read_text(encoding="utf-8"))
        names = {category["id"]: category["name"] for category in content["categories"]}
        scenes = []
        for image in content["images"]:
            scale = STREET_WIDTH / image["width"]
            mine = [a for a in content["annotations"] if a["image_id"] == image["id"]]
            scenes.append((image["file_name"], scale, *_large_enough(mine, scale, names)))
    for name, scale, boxes, labels in scenes:
        whole = read_picture(folder / "images" / name)
        size = STREET_WIDTH, round(whole.shape[0] * scale)
        pixels = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
        yield Picture(np.asarray(pixels, np.uint8), boxes, labels)


def _large_enough(
    things: Sequence[Mapping[str, Any]], scale: float, names: Mapping[int, str]
) -> tuple[Boxes, tuple[str, ...]]:
    boxes, labels = [], []
    for thing in things:
        x, y, width, height = (float(v) * scale for v in thing["bbox"])
        if not thing.get("ignore") and min(width, height) >= LEAST_SIDE:
            boxes.append((x, y, x + width, y + height))
            labels.append(names[thing["category_id"]])
    return _boxes(boxes), tuple(labels)


DFG_OWN = frozenset(
    ("I-5.1", "II-1", "II-2", "II-7.1", "II-33", "II-34", "II-40", "II-47", "III-3", "III-6", "X-4")
)  # fmt: skip
"""Categories of the DFG scenes that are of the ten named classes; the rest is boards, plates and mirrors."""


def free_of_signs_and_balls(data: Path) -> Iterator[Picture]:
    """bsds500 and camvid_no_signsymbol: never trained on, without signs and balls."""
    for folder in ("bsds500", "camvid_no_signsymbol"):
        yield from _empty(data / "background" / folder)


def robocup_days(data: Path) -> Iterator[Picture]:
    """The held-out days of robocup_ml, 608x800."""
    kept = held_out("ball")
    for photo in robocup(data):
        if photo.path.relative_to(data).as_posix() in kept:
            yield _picture(photo.pixels(), photo.boxes, ["ball"] * len(photo.boxes))


def vot_ball(data: Path) -> Iterator[Picture]:
    """The sequence vot_ball, 320x240: a red and white football in an office."""
    folder = data / "ball/vot_ball"
    note = folder / "groundtruth.txt"
    with annotation(note):
        lines = note.read_text(encoding="utf-8").splitlines()
        polygons = [_around([float(v) for v in line.split(",")]) for line in lines]
    for path, box in zip(pictures_in(folder), polygons, strict=False):
        yield Picture(read_picture(path), _boxes([box]), ("ball",))


def portraits(data: Path) -> Iterator[Picture]:
    """69 portraits; a face's box is that of its landmarks, without the forehead."""
    folder = data / _PORTRAITS
    note = folder / "face_landmarks.csv"
    faces: dict[str, list[tuple[float, ...]]] = {}
    with annotation(note), note.open(encoding="utf-8", newline="") as file:
        for name, *values in list(csv.reader(file))[1:]:
            box = _around([float(v) for v in values[: 2 * _LANDMARKS]])
            faces.setdefault(name, []).append(box)
    for name, boxes in faces.items():
        yield Picture(read_picture(folder / name), _boxes(boxes), ("face",) * len(boxes))


def free_of_balls(data: Path) -> Iterator[Picture]:
    """The portraits, as pictures without a ball."""
    for picture in portraits(data):
        yield Picture(picture.pixels, no_boxes(), ())


Reader = Callable[[Path], Iterator[Picture]]


def _empty(folder: Path) -> Iterator[Picture]:
    for path in pictures_in(folder):
        yield Picture(read_picture(path), no_boxes(), ())


def _picture(pixels: Pixels, shares: Boxes, labels: list[str]) -> Picture:
    height, width = pixels.shape[:2]
    size = np.array([width, height, width, height], np.float32)
    return Picture(pixels, shares * size, tuple(labels))


def _around(coordinates: Sequence[float]) -> tuple[float, ...]:
    """The box around points that are given as x, y, x, y, ..."""
    points = np.array(coordinates).reshape(-1, 2)
    return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


def _boxes(boxes: Sequence[tuple[float, ...]]) -> Boxes:
    return np.array(boxes, np.float32).reshape(-1, 4)
