"""Ground truth from COCO JSON, of pictures or of videos' frames.

Source: Lin et al. 2014, Microsoft COCO; its format as cocodataset.org describes it, with "videos" and
"track_id" as the video datasets built on it have them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np

from monitor.errors import RunError
from monitor.evaluation.storage import Storage
from monitor.evaluation.truth.boxes import (
    UNKNOWN,
    WITHOUT,
    FrameTable,
    Medium,
    Size,
    first_number,
    unnumbered,
)
from streams.naming import one_line, without_credentials

IDENTITIES: Final = ("track_id", "instance_id", "object_id")
"""Where an annotation says which object it is, itself or among its "attributes"; the first counts."""

_LAST_NUMBER: Final = re.compile(r"(\d+)\D*$")
_SHOWN: Final = 3  # names in an error's line
_LARGEST: Final = 2**63  # that int64 does not hold any more


Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Image:
    """One entry of "images": its id, where it comes from, its frame number if it states one."""

    id: int | str
    path: PurePosixPath
    video: str | None
    index: int | None
    size: Size | None

    @property
    def number(self) -> int | None:
        match = _LAST_NUMBER.search(self.path.stem)
        return int(match[1]) if match else None


class CocoFile:
    """One file, read once for all clips that it is about.

    Parameters
    ----------
    folder, name : where it lies.

    Raises
    ------
    RunError : it cannot be read, or is no COCO JSON; the entry is named.
    """

    def __init__(self, folder: Storage, name: str) -> None:
        self._shown = without_credentials(f"{folder.url}/{name}")
        tree = self._tree(folder.read(name))
        try:
            videos = {
                one["id"]: str(one.get("name", one.get("file_name", "")))
                for one in tree.get("videos", ())
            }
            self._names = {int(one["id"]): str(one["name"]) for one in tree.get("categories", ())}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._broken("its videos or categories", error) from None
        self._images = [self._image(place, one, videos) for place, one in enumerate(tree["images"])]
        self._things: dict[int | str, list[Mapping[str, Any]]] = {
            one.id: [] for one in self._images
        }
        if len(self._things) < len(self._images):
            raise RunError(f"{self._shown}: two of its images have the same id; {WITHOUT}")
        for place, one in enumerate(tree["annotations"]):
            try:
                if not (one.get("ignore") or one.get("iscrowd")):
                    # An id that is none ("1" for 1) must not make its picture look empty.
                    self._things[one["image_id"]].append(one)
            except (KeyError, TypeError, AttributeError) as error:
                raise self._broken(f"annotations[{place}]", error) from None

    def of_clip(self, medium: Medium) -> FrameTable:
        """The objects of one clip; those marked "ignore" or "iscrowd" are left out.

        An image belongs to one of the clip's pictures by the last part of its "file_name" (by the folder too,
        where that occurs twice). Of a video, images belong to it by their "video", or the "videos" entry that
        "video_id" names; without, by a "file_name" like clip/000012.jpg or clip_000012.jpg; without that, all
        of them do, unless the file is about several clips. Their frame is "frame_index", from 0, or the last
        number in "file_name" (`first_number` says whether from 0).

        A "bbox" counts in pixels of the image's "width" and "height", or of the clip where it states none.
        A frame is annotated if it has an image, with or without an object.

        Raises
        ------
        RunError : no image is of this clip, one has no frame number, two have the same, or a box is broken.
        """
        frames = (
            self._of_pictures(medium) if medium.pictures is not None else self._of_video(medium)
        )
        at, shares, labels, identities = [], [], [], []
        for index, image in sorted(frames.items()):
            wide, high = image.size or medium.size
            for one in self._things[image.id]:
                box, label, identity = self._read(one)
                at.append(index)
                x1, y1, x2, y2 = box
                shares.append((x1 / wide, y1 / high, x2 / wide, y2 / high))
                labels.append(label)
                identities.append(identity)
        return FrameTable(
            np.array(at, dtype=np.int64),
            np.array(shares, dtype=np.float64).reshape(-1, 4),
            np.array(labels, dtype=np.int64),
            np.array(identities, dtype=np.int64),
            self._names,
            frozenset(frames),
        )

    def _of_pictures(self, medium: Medium) -> dict[int, _Image]:
        by_name: dict[str, list[_Image]] = {}
        for image in self._images:
            by_name.setdefault(image.path.name, []).append(image)
        found: dict[int, _Image] = {}
        for index, name in enumerate(medium.pictures or ()):
            alike = by_name.get(name, [])
            if len(alike) > 1:
                alike = [image for image in alike if image.path.parent.name == medium.stem]
                if len(alike) != 1:
                    raise RunError(
                        f"{self._shown}: names {one_line(name)} more than once; write "
                        f"{one_line(medium.stem)}/{one_line(name)} as its file_name; {WITHOUT}"
                    )
            if alike:
                found[index] = alike[0]
        if not found:
            raise self._about_others(
                "none of the pictures of", medium, (i.path.name for i in self._images)
            )
        return found

    def _of_video(self, medium: Medium) -> dict[int, _Image]:
        images = self._images
        if any(image.video is not None for image in images):
            mine = [
                image
                for image in images
                if image.video is not None and _names(image.video, medium.stem)
            ]
            if not mine:
                raise self._about_others("not", medium, (image.video or "" for image in images))
        else:
            mine = [image for image in images if _mentions(image.path, medium.stem)]
            if not mine and not medium.strict:
                mine = images
            if not mine:
                raise self._about_others("not", medium, (image.path.as_posix() for image in images))
        return self._numbered(mine, medium)

    def _numbered(self, images: Sequence[_Image], medium: Medium) -> dict[int, _Image]:
        stated = all(image.index is not None for image in images)
        numbers = []
        for image in images:
            number = image.index if stated else image.number
            if number is None:
                raise RunError(
                    f"{self._shown}: image {one_line(str(image.path))} has no frame number; give it a "
                    "frame_index, from 0"
                )
            numbers.append(number)
        first = 0 if stated else first_number(numbers, medium.first)
        if first is None:
            raise RunError(unnumbered(self._shown, min(numbers)))
        found: dict[int, _Image] = {}
        for number, image in zip(numbers, images, strict=True):
            if number - first in found:
                raise RunError(
                    f"{self._shown}: two images are of frame {number} of {one_line(medium.stem)}; {WITHOUT}"
                )
            found[number - first] = image
        return found

    def _tree(self, content: bytes) -> dict[str, Any]:
        try:
            tree = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise RunError(f"{self._shown}: no JSON: {one_line(str(error))}; {WITHOUT}") from None
        lists = (
            [tree.get(key) for key in ("images", "annotations")] if isinstance(tree, dict) else []
        )
        if not lists or not all(isinstance(one, list) for one in lists):
            raise RunError(
                f'{self._shown}: no COCO JSON: it has no lists "images" and "annotations"; {WITHOUT}'
            )
        return dict(tree)

    def _image(self, place: int, one: Any, videos: Mapping[Any, str]) -> _Image:
        try:
            video = one.get("video", videos.get(one["video_id"]) if "video_id" in one else None)
            index = one.get("frame_index")
            width, height = int(one.get("width") or 0), int(one.get("height") or 0)
            hash(one["id"])
            return _Image(
                one["id"],
                PurePosixPath(str(one.get("file_name", "")).replace("\\", "/")),
                None if video is None else str(video),
                None if index is None else int(index),
                (width, height) if min(width, height) > 0 else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._broken(f"images[{place}]", error) from None

    def _read(self, one: Mapping[str, Any]) -> tuple[Corners, int, int]:
        """Corners in pixels, class and identity of an annotation."""
        try:
            x, y, width, height = (float(value) for value in one["bbox"])
            label, identity = int(one["category_id"]), _identity(one)
            if max(abs(label), abs(identity)) >= _LARGEST:
                raise ValueError(f"category {label}, identity {identity}: beyond all numbers")
            if not isfinite(x + y + width + height) or width < 0 or height < 0:
                raise ValueError(f"bbox {one['bbox']}")
            return (x, y, x + width, y + height), label, identity
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise self._broken(f"annotation {one_line(str(one.get('id', '?')))}", error) from None

    def _broken(self, where: str, error: Exception) -> RunError:
        reason = one_line(str(error))
        what = (
            f"{reason} is missing, or stands for nothing" if isinstance(error, KeyError) else reason
        )
        return RunError(f"{self._shown}: {where}: {what}; {WITHOUT}")

    def _about_others(self, what: str, medium: Medium, others: Iterable[str]) -> RunError:
        names = [one_line(name) for name in dict.fromkeys(others) if name]
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        return RunError(
            f"{self._shown}: is about {shown or 'nothing'}, {what} {one_line(medium.stem)}; give another, "
            "or go without ground truth (--truth none)"
        )


def _names(video: str, stem: str) -> bool:
    """Whether a video's name is the clip's, with or without folder and suffix."""
    path = PurePosixPath(video.replace("\\", "/"))
    return stem in (path.name, path.stem)


def _mentions(path: PurePosixPath, stem: str) -> bool:
    """clip/000012.jpg, clip/img1/000012.jpg, clip_000012.jpg."""
    if stem in path.parts[:-1]:
        return True
    rest = path.stem.removeprefix(stem)
    return rest != path.stem and re.fullmatch(r"[_.-]?(?:frame_?)?\d+", rest) is not None


def _identity(one: Mapping[str, Any]) -> int:
    attributes = one.get("attributes")
    for place in (one, attributes if isinstance(attributes, Mapping) else {}):
        for key in IDENTITIES:
            if place.get(key) is not None:
                return int(place[key])
    return UNKNOWN
