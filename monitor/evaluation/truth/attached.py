"""Which ground truth belongs to a clip: what somebody named, or what lies beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import supervision as sv

from monitor.evaluation.storage import Storage
from monitor.evaluation.truth.boxes import Medium, Size, Truth
from monitor.evaluation.truth.coco import CocoFile
from monitor.evaluation.truth.mot import LABELS, read_mot
from monitor.evaluation.truth.places import (
    beside_pictures,
    called,
    is_picture,
    is_url,
    natural,
    parent,
    split,
    stem_of,
)
from monitor.evaluation.truth.voc import VocTruth
from monitor.evaluation.truth.yolo import NAME_FILES, of_video, read_yolo
from streams.naming import one_line
from streams.producers.images import found


class Kind(StrEnum):
    """The formats, as they are called in tables."""

    COCO = "COCO JSON"
    YOLO = "YOLO text"
    MOT = "MOT text"
    VOC = "VOC XML"


class Shelf:
    """The COCO file that was read last, for clips that share one: of 10,000 clips it is read once."""

    def __init__(self) -> None:
        self._place = ""
        self._file: CocoFile | None = None

    def coco(self, place: str) -> CocoFile:
        """The file at a path or URL; see `CocoFile`."""
        if self._file is None or self._place != place:
            folder, name = split(place)
            self._place, self._file = place, CocoFile(Storage(folder), name)
        return self._file


@dataclass(frozen=True)
class Attached:
    """The ground truth of one clip: where it lies, and how it is read. Make one with `find_truth`.

    It can be pickled; what it has read stays behind.

    Attributes
    ----------
    kind : its format.
    place : path or URL of the file, or of the folder of files; may hold a login.
    clip : path or URL of the clip: a video, a folder of pictures, or a glob of pictures.
    pictures : the clip is made of pictures.
    first : number of the first frame in names and the like; None: `first_number` says.
    strict : the file is about several clips.
    """

    kind: Kind
    place: str = field(repr=False)
    clip: str = field(repr=False)
    pictures: bool = False
    first: int | None = None
    strict: bool = False
    _read: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """Fit to be shown: its last two parts, and its format."""
        folder, name = split(self.place)
        above = split(folder)[1]
        above = "" if above in (".", "") or folder.endswith("/") or "@" in above else f"{above}/"
        return f"{one_line(above + name)} ({self.kind})"

    def opened(self, original: Size, *, shelf: Shelf | None = None) -> Truth:
        """Read it.

        Parameters
        ----------
        original : width and height of the medium's frames, before they are scaled.
        shelf : keeps a file that other clips share.

        Raises
        ------
        RunError : it cannot be read or understood, or is not about the clip; one line. Labels in a file a
            frame are read, and found broken, when their frame is asked for.
        """
        folder, name = split(self.place)
        medium = Medium(
            called(self.clip, self.pictures), original, self._pictures(), self.first, self.strict
        )
        if self.kind is Kind.COCO:
            return (shelf or Shelf()).coco(self.place).of_clip(medium)
        if self.kind is Kind.MOT:
            return read_mot(Storage(folder), name, medium)
        if self.kind is Kind.VOC:
            files = beside_pictures(medium.pictures or (), Storage(self.place).names(), ".xml")
            return VocTruth({i: Path(self.place) / one for i, one in files.items()}, original)
        return read_yolo(Storage(self.place), medium)

    def at(self, index: int, size: Size, original: Size) -> sv.Detections | None:
        """`Truth.at` of what `opened` gives; the first call reads it.

        Parameters
        ----------
        index, size : of the frame; see `Truth.at`.
        original : see `opened`; that of the first call counts.
        """
        if "truth" not in self._read:
            self._read["truth"] = self.opened(original)
        truth: Truth = self._read["truth"]
        return truth.at(index, size)

    def sha256(self) -> str:
        """Of the file; of a folder, of the clip's own files in it, their names, and the names of classes.

        Raises
        ------
        RunError : a file cannot be read.
        """
        whole = hashlib.sha256()
        for folder, name in self._files():
            content = Storage(folder).read(name)
            if self.kind is Kind.COCO:
                return hashlib.sha256(content).hexdigest()
            whole.update(f"{name}\0{len(content)}\0".encode())
            whole.update(content)
        return whole.hexdigest()

    def _files(self) -> Iterator[tuple[str, str]]:
        folder, name = split(self.place)
        if self.kind in (Kind.COCO, Kind.MOT):
            yield folder, name
            beside = LABELS if self.kind is Kind.MOT else ()
            yield from ((folder, one) for one in beside if Storage(folder).exists(one))
            return
        there = Storage(self.place).names()
        if self.pictures:
            suffix = ".xml" if self.kind is Kind.VOC else ".txt"
            mine = sorted(beside_pictures(self._pictures() or (), there, suffix).values())
        else:
            mine = sorted(one for _, one in of_video(there, stem_of(self.clip), strict=self.strict))
        yield from ((self.place, one) for one in mine)
        above: str | None = self.place
        for _ in range(4):
            if above is not None:
                yield from ((above, one) for one in NAME_FILES if Storage(above).exists(one))
                above = parent(above)

    def _pictures(self) -> tuple[str, ...] | None:
        """The pictures' names in the order in which they come."""
        if not self.pictures:
            return None
        if is_url(self.clip):
            names = Storage(self.clip).names()
            return tuple(sorted((n for n in names if is_picture(n)), key=natural))
        return tuple(file.name for file in found(Path(self.clip)))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_read": {}}
