"""The real photographs: those that weights may be fitted to, and the split that never is.

Every reader takes the folder of data and gives pictures with boxes. Which files are kept out of training
stands in `splits/`, one path a line; nothing else decides it.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np

from models.bundled import SIGNS
from models.errors import ModelError
from models.training.sample import Boxes, Labels, Pixels, no_boxes

ROAD_SIGNS = "signs/road_sign_scenes"
ROBOCUP = "ball/robocup_ml"

_ROAD_NAMES = {
    "speedlimit": "speed limit",
    "stop": "stop",
    "redlight": "traffic light",
    "greenlight": "traffic light",
    "unlight": "traffic light",
    "crosswalk": "crosswalk",
}


@dataclass(frozen=True, slots=True)
class Photo:
    """One annotated photograph, not yet decoded.

    Attributes
    ----------
    path : of the picture.
    boxes : float32 (n, 4), xyxy in shares of width and height.
    labels : int64 (n,).
    """

    path: Path
    boxes: Boxes
    labels: Labels

    def pixels(self) -> Pixels:
        """The picture, uint8 BGR.

        Raises
        ------
        ModelError : it cannot be decoded.
        """
        return read_picture(self.path)


def read_picture(path: Path) -> Pixels:
    """A picture, uint8 BGR (H, W, 3).

    Raises
    ------
    ModelError : it cannot be decoded.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ModelError(f"{path}: not a picture; take the file out of the data folder or mend it")
    return np.asarray(pixels, dtype=np.uint8)


def pictures_in(folder: Path) -> list[Path]:
    """Every .jpg and .png in a folder and below it, in the order of their paths.

    Raises
    ------
    ModelError : there is none.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in (".jpg", ".png")]
    if not paths:
        raise ModelError(f"{folder}: no picture there; --data names the folder of real pictures")
    return paths


@contextmanager
def annotation(path: Path) -> Iterator[None]:
    """What goes wrong when an annotation is read, said in one line.

    Raises
    ------
    ModelError : the file is not as its data set has it.
    """
    try:
        yield
    except (ElementTree.ParseError, ValueError, KeyError, TypeError, ArithmeticError) as error:
        why = f"{type(error).__name__}: {error}"
        raise ModelError(
            f"{path}: not the annotation that its data set has ({why}); fetch the file anew"
        ) from error


def road_signs(data: Path) -> Iterator[Photo]:
    """The photographs of road_sign_scenes; stop, speed limit, crosswalk and traffic light are labelled.

    The VOC files are used: the YOLO text beside them has no crosswalk signs and lacks some boxes of 20
    pictures.

    Raises
    ------
    ModelError : no picture there, or an annotation that cannot be read.
    """
    for path in pictures_in(data / ROAD_SIGNS / "images"):
        note = data / ROAD_SIGNS / "voc" / f"{path.name.partition('_png')[0]}.xml"
        boxes, labels = [], []
        with annotation(note):
            tree = ElementTree.parse(note)
            size = [float(tree.findtext(f"size/{side}", "0")) for side in ("width", "height")]
            for thing in tree.iter("object"):
                corners = [float(thing.findtext(f"bndbox/{c}", "0")) for c in _CORNERS]
                boxes.append(np.array([v / n for v, n in zip(corners, 2 * size, strict=True)]))
                labels.append(SIGNS.index(_ROAD_NAMES[thing.findtext("name", "")]))
        yield Photo(path, *_arrays(boxes, labels))


_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def robocup(data: Path) -> Iterator[Photo]:
    """The photographs of robocup_ml; label 0 is the ball, other labels are left out.

    Raises
    ------
    ModelError : no picture there, or an annotation that cannot be read.
    """
    for path in pictures_in(data / ROBOCUP):
        note = path.with_suffix(".txt")
        boxes, labels = [], []
        with annotation(note):
            for line in note.read_text(encoding="utf-8").splitlines():
                label, x, y, width, height = (float(word) for word in line.split())
                if label == 0:
                    half = np.array([width, height]) / 2
                    centre = np.array([x, y])
                    boxes.append(np.concatenate([centre - half, centre + half]))
                    labels.append(0)
        yield Photo(path, *_arrays(boxes, labels))


def held_out(name: str) -> frozenset[str]:
    """Paths, relative to the data folder, of the photographs kept out of the training of that model."""
    text = importlib.resources.files("models.training") / "splits" / f"{name}.txt"
    lines = text.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _arrays(boxes: list[np.ndarray], labels: list[int]) -> tuple[Boxes, Labels]:
    stacked = np.stack(boxes).astype(np.float32).clip(0, 1) if boxes else no_boxes()
    return stacked, np.array(labels, dtype=np.int64)
