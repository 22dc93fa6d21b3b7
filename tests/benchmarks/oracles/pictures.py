"""Real photographs that EfficientNet-Lite0 is sure of: an attack has something to take away from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage
from harness import LeftOut

from models.classifier import SIDE, WholeFrame
from models.detector import Pixels

DATA = Path(__file__).parents[4] / "shared" / "data"
"""The data folder, where nobody says another: beside the project, where the tests look for it too."""

SURE = 0.5
"""Least probability of the clean label."""

# Photographs of things; streets and playing fields got labels that say little ("cinema", "pool table").
FOLDERS = (
    "background/bsds500",
    "background/jetson_inference",
    "background/opencv_doc",
    "ball/stills",
)
BUNDLED = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
"""Colour photographs in the wheel of scikit-image."""
_BUNDLED_AT = Path(skimage.__file__).parent / "data"


@dataclass(frozen=True)
class Photograph:
    """One photograph as the attacks get it.

    Attributes
    ----------
    name : its place in the data folder, or skimage/FILE.
    pixels : uint8 BGR (224, 224, 3), where the classifier's own resize is the identity.
    label : the classifier's own answer, a class id.
    confidence : the probability it gives that label.
    """

    name: str
    pixels: Pixels
    label: int
    confidence: float


def photographs(
    classifier: WholeFrame, count: int = 64, data: Path | None = None
) -> list[Photograph]:
    """The first `count` photographs labelled with a probability of `SURE` or more, always the same.

    Parameters
    ----------
    data : the data folder; None: `DATA`.

    Raises
    ------
    LeftOut : the data folder is absent.
    ValueError : fewer than `count` were found.
    """
    data = data or DATA
    missing = [folder for folder in FOLDERS if not (data / folder).is_dir()]
    if missing:
        raise LeftOut(
            f"no {', '.join(missing)} under {data}: the attacks are measured on real photographs, which "
            "are not part of the project; give the data folder with --data or as ../shared/data"
        )
    found: list[Photograph] = []
    seen: set[bytes] = set()
    for name, path in _files(data):
        if len(found) == count:
            return found
        pixels = _squeezed(path)
        # The data folder holds some photographs under two names.
        if pixels is None or pixels.tobytes() in seen:
            continue
        seen.add(pixels.tobytes())
        photograph = _labelled(classifier, name, pixels)
        if photograph.confidence >= SURE:
            found.append(photograph)
    if len(found) < count:
        raise ValueError(
            f"{len(found)} photographs have a label with a probability of {SURE} or more, {count} were "
            f"asked for; ask for {len(found)}"
        )
    return found


def bundled(classifier: WholeFrame, name: str) -> Photograph:
    """One of `BUNDLED`: there on every machine, without the data folder.

    Raises
    ------
    FileNotFoundError : no such file.
    """
    pixels = _squeezed(_BUNDLED_AT / name)
    if pixels is None:
        raise FileNotFoundError(f"{name}: scikit-image has no such photograph")
    return _labelled(classifier, f"skimage/{name}", pixels)


def _labelled(classifier: WholeFrame, name: str, pixels: Pixels) -> Photograph:
    answer = classifier.detect(pixels, SURE)
    assert answer.confidence is not None
    assert answer.class_id is not None
    return Photograph(name, pixels, int(answer.class_id[0]), float(answer.confidence[0]))


def _files(data: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of every photograph, in the order of their names' digests.

    So the first few are a mixture of all folders, on every machine the same.
    """
    files = {
        path.relative_to(data).as_posix(): path
        for folder in FOLDERS
        for path in (data / folder).rglob("*")
        if path.suffix in {".jpg", ".png"}
    }
    files |= {f"skimage/{name}": _BUNDLED_AT / name for name in BUNDLED}
    return iter(sorted(files.items(), key=lambda item: hashlib.sha256(item[0].encode()).digest()))


def _squeezed(path: Path) -> Pixels | None:
    """The whole picture at 224 x 224, or None where it cannot be read."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        return None
    return np.asarray(
        cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )
