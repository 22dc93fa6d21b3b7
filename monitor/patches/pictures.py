"""The pictures that a patch is trained on: frames of sources, with what the model finds in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import supervision as sv

from models.detector import WhiteBoxDetector
from monitor.arrays import Pixels
from monitor.errors import PatchError
from monitor.patches.wearing import chosen
from streams.frame import Frame
from streams.opening import SCENE_PREFIX, open_source
from streams.scaling import scaled

PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
"""How the files of a folder of photographs end."""

SCENE_RATE: Final = 5
"""Frames a second of a scene: what lies nearer together looks alike."""

DRIVE: Final = 150
"""Frames of a scene before another one of its kind begins, with the next seed."""

PATIENCE: Final = 60
"""Frames that are looked at for each that is wanted, before a source is given up."""

_WAIT: Final = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One frame with what there is to attack in it.

    Attributes
    ----------
    pixels : uint8 BGR (H, W, 3).
    clean : the model's answer.
    victims : the objects of it that count.
    """

    pixels: Pixels
    clean: sv.Detections
    victims: sv.Detections

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which frames count.

    Attributes
    ----------
    width : pixels that frames are scaled to.
    threshold : score from which a detection counts.
    victims : classes of which one must be there; none: any object.
    bare : frames without objects count as well (where something is to appear).
    least : pixels of a victim's side; smaller ones are no victims.
    """

    width: int
    threshold: float
    victims: tuple[str, ...] = ()
    bare: bool = False
    least: float = 0.0


def gather(
    spec: str,
    count: int,
    seed: int,
    detector: WhiteBoxDetector,
    wanted: Wanted,
    check: Callable[[int], None] = lambda _: None,
) -> list[Picture]:
    """At most `count` pictures of one source, in its own order.

    Parameters
    ----------
    spec : a folder of photographs, or what `camdrift live --source` takes.
    seed : of a scene; another one is begun every `DRIVE` frames.
    check : called with how many there are, once a frame; what it raises ends the search.

    Raises
    ------
    PatchError : no frame of the source has what is wanted.
    streams.errors.StreamError : the source cannot be opened.
    """
    found: list[Picture] = []
    for frame in islice(_frames(spec, seed), PATIENCE * count):
        check(len(found))
        picture = looked_at(frame, detector, wanted)
        if len(picture.victims) or wanted.bare:
            found.append(picture)
        if len(found) == count:
            break
    if not found:
        objects = " or ".join(wanted.victims) or "object"
        raise PatchError(
            f"{spec}: the model {detector.name} found no {objects} in its frames; name another source, "
            "or other victims"
        )
    return found


def looked_at(frame: Frame, detector: WhiteBoxDetector, wanted: Wanted) -> Picture:
    """A frame at the working width, and what the model finds in it."""
    pixels = np.ascontiguousarray(scaled(frame, wanted.width).pixels)
    clean = detector.detect(pixels, wanted.threshold)
    picture = Picture(pixels, clean, chosen(clean, wanted.victims))
    return of_size(picture, wanted.least)


def of_size(picture: Picture, least: float) -> Picture:
    """The same picture, with the victims alone whose side is that many pixels; see `Wanted.least`."""
    if not least or not len(picture.victims):
        return picture
    sides = np.sqrt(np.prod(picture.victims.xyxy[:, 2:] - picture.victims.xyxy[:, :2], axis=1))
    large = picture.victims[sides >= least]
    assert isinstance(large, sv.Detections)
    return replace(picture, victims=large)


def _frames(spec: str, seed: int) -> Iterator[Frame]:
    if Path(spec).expanduser().is_dir():
        yield from _photographs(Path(spec).expanduser())
    elif spec.startswith(SCENE_PREFIX):
        rate = "" if "fps=" in spec else f"{'&' if '?' in spec else '?'}fps={SCENE_RATE}"
        # A thousand apart, so that neighbouring seeds do not share their drives.
        drive = 1000 * seed
        while True:
            yield from islice(_read(spec + rate, drive), DRIVE)
            drive += 1
    else:
        yield from _read(spec, seed)


def _read(spec: str, seed: int) -> Iterable[Frame]:
    with open_source(spec, seed=seed) as source:
        while (frame := source.read(_WAIT)) is not None:
            yield frame


def _photographs(folder: Path) -> Iterator[Frame]:
    """The pictures in a folder and its folders; what cannot be decoded is left out."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in PICTURES)
    if not files:
        raise PatchError(f"{folder}: a folder without pictures ({', '.join(sorted(PICTURES))})")
    # Not in the order of their names, in which those of one kind stand together; always in the same.
    order = np.random.default_rng(0).permutation(len(files))
    for index, at in enumerate(order):
        pixels = cv2.imread(str(files[at]))
        if pixels is not None:
            yield Frame(np.asarray(pixels, np.uint8), index, None, 0.0, files[at].name)
