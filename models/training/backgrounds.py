"""Pictures that hold nothing of what is to be found, from the folders whose licence allows training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from models.errors import ModelError
from models.training.photos import read_picture
from models.training.sample import Pixels

LONGEST = 800
"""Pixels; longer pictures are scaled down once, when they are read."""

COMMON = (
    "background/jetson_inference",
    "background/carnd_lanelines",
    "background/carnd_vehicle",
    "background/opencv_doc",
    "background/robocup_no_ball",
    "background/indoor_video",
    "faces/ultralight_imgs",
    "faces/face_recognition",
    "faces/dlib_faces",
    "faces/videos",
)
STREET = ("street_video",)

# Not free of what is sought, or not free for training.
_LEFT_OUT = ("city_",)

_PICTURES = frozenset({".jpg", ".jpeg", ".png"})
_CLIPS = frozenset({".mp4", ".gif"})

_FRAMES_A_CLIP = 16


def backgrounds(data: Path, folders: Sequence[str]) -> list[Pixels]:
    """Every picture of the folders, and some frames of every clip, uint8 BGR, at most `LONGEST` on a side.

    Raises
    ------
    ModelError : a folder holds none.
    """
    found: list[Pixels] = []
    for folder in folders:
        before = len(found)
        for path in sorted((data / folder).rglob("*")):
            if path.name.startswith(_LEFT_OUT):
                continue
            if path.suffix.lower() in _PICTURES:
                found.append(limited(read_picture(path)))
            elif path.suffix.lower() in _CLIPS:
                found.extend(limited(frame) for frame in _frames(path))
        if len(found) == before:
            raise ModelError(f"{data / folder}: no picture there; see models/training/README.md")
    return found


def bundled() -> list[Pixels]:
    """The photographs that scikit-image carries, where it is installed; free to use."""
    try:
        from skimage import data
    except ModuleNotFoundError:
        return []
    names = ("astronaut", "brick", "camera", "chelsea", "coffee", "grass", "gravel", "rocket")
    return [limited(_as_bgr(getattr(data, name)())) for name in names]


def _as_bgr(picture: np.ndarray) -> Pixels:
    code = cv2.COLOR_GRAY2BGR if picture.ndim == 2 else cv2.COLOR_RGB2BGR
    return np.asarray(cv2.cvtColor(picture, code), dtype=np.uint8)


def _frames(path: Path) -> Iterator[Pixels]:
    capture = cv2.VideoCapture(str(path))
    try:
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        every = max(count // _FRAMES_A_CLIP, 1)
        for index in range(count):
            if not capture.grab():
                return
            if index % every == 0:
                good, frame = capture.retrieve()
                if good:
                    yield np.asarray(frame, dtype=np.uint8)
    finally:
        capture.release()


def limited(pixels: Pixels) -> Pixels:
    """The picture, scaled down where it is longer than `LONGEST`."""
    scale = LONGEST / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
