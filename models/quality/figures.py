"""The figures that a bundled model is held to, with their targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.detector import Detector
from models.errors import ModelError
from models.quality.scores import LEAST_SCORE, Seen, ap50, boxes_a_picture, recall
from models.quality.sets import (
    DFG_OWN,
    LEAST_SIDE,
    STREET_WIDTH,
    Reader,
    dfg_scenes,
    free_of_balls,
    free_of_signs_and_balls,
    portraits,
    road_sign_scenes,
    robocup_days,
    vot_ball,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes
    ----------
    measure, on : what was measured, and on which pictures.
    value : the figure; None where nothing could be measured.
    target : what it is to reach, and `most` whether that is an upper bound; None: none was set.
    counted : what it stands on, in words.
    """

    measure: str
    on: str
    value: float | None
    target: float | None
    most: bool
    counted: str

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; None without one."""
        if self.target is None or self.value is None:
            return None
        return self.value <= self.target if self.most else self.value >= self.target


@dataclass(frozen=True, slots=True)
class _Measure:
    name: str
    pictures: str
    target: float | None
    of: Callable[[list[Seen], float], tuple[float | None, str]]
    most: bool = False


def _precision(name: str) -> Callable[[list[Seen], float], tuple[float | None, str]]:
    def of(seen: list[Seen], _: float) -> tuple[float | None, str]:
        objects = sum(picture.labels.count(name) for picture in seen)
        return ap50(seen, name), f"{objects} objects in {len(seen)} pictures"

    return of


def _recall(
    name: str | None = None, only: frozenset[str] | None = None
) -> Callable[[list[Seen], float], tuple[float | None, str]]:
    def of(seen: list[Seen], threshold: float) -> tuple[float | None, str]:
        if only is not None:
            seen = [_kept(picture, only) for picture in seen]
        hits, total = recall(seen, threshold, name)
        return (hits / total if total else None), f"{hits} of {total} objects"

    return of


def _kept(picture: Seen, only: frozenset[str]) -> Seen:
    mine = [i for i, label in enumerate(picture.labels) if label in only]
    labels = tuple(picture.labels[i] for i in mine)
    return Seen(picture.boxes[mine], labels, picture.found, picture.size)


def _false(seen: list[Seen], threshold: float) -> tuple[float | None, str]:
    return boxes_a_picture(seen, threshold), f"{len(seen)} pictures"


_SETS: dict[str, Reader] = {
    "road_sign_scenes, held out, 416x416": road_sign_scenes,
    f"DFG scenes, {STREET_WIDTH} wide": dfg_scenes,
    "bsds500 and camvid without signs": free_of_signs_and_balls,
    "robocup_ml, held-out days, 608x800": robocup_days,
    "vot_ball, 320x240": vot_ball,
    "portraits": portraits,
    "portraits (no ball)": free_of_balls,
}
_ROAD, _DFG, _FREE, _ROBOCUP, _VOT, _FACES, _NO_BALL = _SETS

_MEASURES: dict[str, tuple[_Measure, ...]] = {
    "signs": (
        _Measure("AP50 stop", _ROAD, 0.95, _precision("stop")),
        _Measure("AP50 speed limit", _ROAD, 0.97, _precision("speed limit")),
        _Measure("AP50 traffic light", _ROAD, 0.65, _precision("traffic light")),
        _Measure("AP50 crosswalk", _ROAD, None, _precision("crosswalk")),
        _Measure("recall stop", _ROAD, None, _recall("stop")),
        _Measure("recall speed limit", _ROAD, None, _recall("speed limit")),
        _Measure("recall traffic light", _ROAD, None, _recall("traffic light")),
        _Measure(f"recall, any class, {LEAST_SIDE:g} px or more", _DFG, 0.80, _recall()),
        _Measure("the same, of the ten named classes", _DFG, None, _recall(only=DFG_OWN)),
        _Measure("false boxes a picture", _FREE, 0.1, _false, most=True),
    ),
    "ball": (
        _Measure("AP50 ball", _ROBOCUP, 0.90, _precision("ball")),
        _Measure("recall ball", _ROBOCUP, None, _recall("ball")),
        _Measure("recall ball", _VOT, 0.85, _recall("ball")),
        _Measure("false boxes a picture", _FREE, 0.05, _false, most=True),
        _Measure("false boxes a picture", _NO_BALL, 0.02, _false, most=True),
    ),
    "faces": (_Measure("recall face", _FACES, None, _recall("face")),),
}

JUDGED = tuple(_MEASURES)
"""The models that there are pictures for."""


def figures(name: str, detector: Detector, data: Path, threshold: float) -> Iterator[Figure]:
    """Measure a model on the pictures that it is judged on.

    Parameters
    ----------
    name : one of JUDGED.
    data : the folder of real pictures.
    threshold : score from which a detection counts; average precision looks at all scores.

    Raises
    ------
    ModelError : no such model, or the pictures are not there.
    """
    if name not in _MEASURES:
        raise ModelError(
            f"model {name}: there are no pictures to judge it on; take one of {', '.join(JUDGED)}"
        )
    if not data.is_dir():
        raise ModelError(f"{data}: no such folder; --data names the folder of real pictures")
    answers: dict[str, list[Seen]] = {}
    for measure in _MEASURES[name]:
        if measure.pictures not in answers:
            answers[measure.pictures] = _answers(detector, _SETS[measure.pictures], data)
        value, counted = measure.of(answers[measure.pictures], threshold)
        yield Figure(measure.name, measure.pictures, value, measure.target, measure.most, counted)


def _answers(detector: Detector, reader: Reader, data: Path) -> list[Seen]:
    try:
        seen = [
            Seen(
                picture.boxes,
                picture.labels,
                detector.detect(picture.pixels, LEAST_SCORE),
                (picture.pixels.shape[1], picture.pixels.shape[0]),
            )
            for picture in reader(data)
        ]
    except OSError as error:
        raise ModelError(
            f"{error.filename}: {error.strerror}; is {data} the right folder?"
        ) from None
    if not seen:
        raise ModelError(
            f"{data}: none of the pictures is there that {detector.name} is judged on; "
            "--data names the folder of real pictures"
        )
    return seen
