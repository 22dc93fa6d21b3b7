"""What every kind of ground truth comes to: objects a frame, in shares of the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import supervision as sv

Size = tuple[int, int]
"""Width and height in pixels."""

UNKNOWN: Final = -1
"""Stands in data["object_id"] for an object whose identity is not known, where others' are."""

WITHOUT: Final = "mend the file, or go without ground truth (--truth none)"
"""What to do about a broken file, to finish an error's line."""


class Truth(Protocol):
    """Where a clip's objects really are, frame by frame."""

    def at(self, index: int, size: Size) -> sv.Detections | None:
        """The objects of a frame.

        Parameters
        ----------
        index : of the frame, from 0. Of pictures it counts their files, also those that cannot be decoded;
            `Clip.frame_number` gives it.
        size : width and height of the frame that is worked on, in pixels.

        Returns
        -------
        xyxy float32 (n, 4) in pixels of `size`, cut to the frame; class_id as the file numbers its classes;
        data["class_name"] (str), and data["object_id"] (int64) where the file tells objects from each other:
        the same in every frame, `UNKNOWN` for single ones without. Empty where the frame is annotated as
        empty, None where it is not annotated at all.

        Raises
        ------
        RunError : what is read only now cannot be understood; one line.
        """
        ...


@dataclass(frozen=True, slots=True)
class Medium:
    """What a reader of ground truth is told of the clip.

    Attributes
    ----------
    stem : its file name without the suffix; the folder's name for pictures.
    size : of the medium's frames before they are scaled; what a file in pixels counts in, unless the file
        itself states a size.
    pictures : the file names of its frames in order; None for a video.
    first : number of the first frame in names and the like: 0 or 1; None: see `first_number`.
    strict : the file is about several clips: only what names this one is meant.
    """

    stem: str
    size: Size
    pictures: tuple[str, ...] | None = None
    first: int | None = None
    strict: bool = False


class Thing(NamedTuple):
    """One object in one frame: corners x1, y1, x2, y2 in shares of the picture, class, identity."""

    x1: float
    y1: float
    x2: float
    y2: float
    class_id: int
    name: str
    identity: int = UNKNOWN


def as_detections(things: Sequence[Thing], size: Size, *, identified: bool) -> sv.Detections:
    """Things as `Truth.at` gives them; what lies outside the picture, or has no area, is left out."""
    boxes = np.array([thing[:4] for thing in things], dtype=np.float64).reshape(-1, 4)
    labels = np.array([thing.class_id for thing in things], dtype=np.int64)
    names = np.array([thing.name for thing in things], dtype=np.str_)
    identities = np.array([thing.identity for thing in things], dtype=np.int64)
    np.clip(boxes, 0.0, 1.0, out=boxes)
    kept = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    if not kept.all():
        boxes, labels, names, identities = boxes[kept], labels[kept], names[kept], identities[kept]
    return _detections(boxes, size, labels, names, identities if identified else None)


def _detections(
    shares: npt.NDArray[np.float64],
    size: Size,
    labels: npt.NDArray[np.int64],
    names: npt.NDArray[np.str_],
    identities: npt.NDArray[np.int64] | None,
) -> sv.Detections:
    width, height = size
    data: dict[str, Any] = {"class_name": names}
    if identities is not None:
        data["object_id"] = identities
    scaled = shares * np.array([width, height, width, height], dtype=np.float64)
    return sv.Detections(xyxy=scaled.astype(np.float32), class_id=labels, data=data)


class FrameTable:
    """Objects of all frames as a few arrays: 60 bytes an object. A `Truth`.

    Parameters
    ----------
    frames : of each object, from 0, in any order; those of a frame keep theirs.
    shares : float64 (n, 4), corners in shares of the picture.
    labels, identities : int64, of each object.
    names : class id -> name.
    annotated : frames that are annotated, also those without an object; None: all are.

    Raises
    ------
    ValueError : arrays of different lengths.
    """

    def __init__(
        self,
        frames: npt.NDArray[np.int64],
        shares: npt.NDArray[np.float64],
        labels: npt.NDArray[np.int64],
        identities: npt.NDArray[np.int64],
        names: Mapping[int, str],
        annotated: frozenset[int] | None = None,
    ) -> None:
        if not len(frames) == len(shares) == len(labels) == len(identities):
            raise ValueError("the arrays of a table have one length")
        shares = np.clip(shares.reshape(-1, 4), 0.0, 1.0)
        seen = (shares[:, 2] > shares[:, 0]) & (shares[:, 3] > shares[:, 1])
        order = np.flatnonzero(seen)[np.argsort(frames[seen], kind="stable")]
        self._shares = shares[order]
        self._labels = labels[order]
        self._identities = identities[order]
        self._names = dict(names)
        self._identified = bool((self._identities != UNKNOWN).any())
        self._annotated = annotated
        at, starts = np.unique(frames[order], return_index=True)
        ends = np.append(starts, len(order))[1:]
        self._rows = {
            int(frame): slice(int(start), int(end))
            for frame, start, end in zip(at, starts, ends, strict=True)
        }

    def at(self, index: int, size: Size) -> sv.Detections | None:
        """See `Truth.at`."""
        rows = self._rows.get(index)
        if rows is None:
            if self._annotated is not None and index not in self._annotated:
                return None
            rows = slice(0, 0)
        labels = self._labels[rows]
        names = [self._names.get(int(label), f"class {label}") for label in labels]
        identities = self._identities[rows] if self._identified else None
        return _detections(
            self._shares[rows], size, labels, np.array(names, dtype=np.str_), identities
        )


def first_number(numbers: Sequence[int], first: int | None) -> int | None:
    """Whether frames are numbered from 0 or from 1.

    Parameters
    ----------
    numbers : that occur.
    first : what somebody said; it counts.

    Returns
    -------
    0 if a 0 occurs, 1 if the least is 1, None where nobody can know: numbers that begin at 10 may stand for
    the eleventh frame or the tenth.
    """
    if first is not None:
        return first
    least = min(numbers, default=0)
    return least if least in (0, 1) else None


def unnumbered(what: str, least: int) -> str:
    """The error's line where `first_number` does not know."""
    return (
        f"{what}: its lowest frame number is {least}, which may count from 0 or from 1; say which: "
        "--truth 'PATH?first=0' or '?first=1'"
    )
