"""Where a clip's ground truth lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from monitor.errors import ConfigError, RunError
from monitor.evaluation.storage import Storage
from monitor.evaluation.truth.attached import Attached, Kind
from monitor.evaluation.truth.places import Listing, called, home_of, is_url, split, stem_of
from monitor.evaluation.truth.yolo import beginnings
from streams.naming import one_line, without_credentials

NONE: Final = "none"
"""Given instead of a path: no ground truth."""

COCO_FILES: Final = ("annotations.json", "_annotations.coco.json", "instances.json")
"""What a data set's own COCO file is called."""

_FIRST: Final = re.compile(r"\?first=([01])$")
_FILE_NAMES: Final = re.compile(rb'"file_name"\s*:\s*"([^"]*)"')
_SIBLINGS: Final = ("labels", "voc", "annotations", "Annotations")

Candidate = tuple[Kind, str, bool]
"""Format, place, and whether the file is about other clips too."""


def find_truth(
    clip: str,
    given: str | None = None,
    *,
    listing: Listing | None = None,
    pictures: bool | None = None,
    several: bool = False,
) -> Attached | None:
    """Find the ground truth of a clip.

    Nothing given: the first of these counts that is there. Beside a video DIR/CLIP.mp4:

    1. COCO JSON: DIR/CLIP.json, DIR/CLIP.coco.json
    2. MOT text: DIR/CLIP.gt.txt, DIR/CLIP/gt/gt.txt
    3. YOLO text: DIR/CLIP/labels/, DIR/labels/CLIP/, and DIR/labels/ or DIR itself if there are files like
       CLIP_000012.txt

    Beside a folder of pictures DIR/SHOTS:

    1. COCO JSON: DIR/SHOTS.json, DIR/SHOTS.coco.json, or annotations.json, _annotations.coco.json or
       instances.json in SHOTS
    2. MOT text: DIR/SHOTS.gt.txt, SHOTS/gt/gt.txt, DIR/gt/gt.txt
    3. YOLO text or VOC XML, files called like the pictures: in SHOTS, in the folder whose path has "labels"
       where SHOTS has "images", or in labels, voc, annotations or Annotations in DIR
    4. those COCO files in DIR, if they name one of the pictures

    A file that is given is COCO (.json) or MOT (.txt). In a folder that is given the same names are looked
    for, CLIP.txt (MOT), CLIP/ with its labels, and then, if there is one clip only, what carries no clip's
    name: gt/gt.txt, gt.txt, and numbered labels.

    Parameters
    ----------
    clip : path or URL of a video, a folder of pictures, or a glob of pictures.
    given : a file or folder, or "none"; "?first=0" or "?first=1" behind it says from where names count
        frames.
    listing : remembers folders from clip to clip.
    pictures : the clip is made of pictures; None: look.
    several : what is given is for several clips.

    Returns
    -------
    None where there is none; also where the folder that is given has nothing for this clip.

    Raises
    ------
    ConfigError : what is given is not there, of no known kind, or cannot be about several clips.
    """
    if given == NONE:
        return None
    look = listing or Listing()
    if pictures is None:
        pictures = not is_url(clip) and (Path(clip).is_dir() or home_of(clip) != clip)
    clip = clip.rstrip("/") or clip
    if given is None:
        found = _beside_pictures(clip, look) if pictures else _beside_video(clip, look)
        return _first(found, clip, pictures, None)
    match = _FIRST.search(given)
    first = int(match[1]) if match else None
    place = given[: match.start()] if match else given
    if not is_url(place):
        place = Path(place).expanduser().absolute().as_posix()
    place = place.rstrip("/") or place
    return _first(_given(place, clip, pictures, look, several), clip, pictures, first)


def _first(
    found: Iterator[Candidate], clip: str, pictures: bool, first: int | None
) -> Attached | None:
    for kind, place, strict in found:
        return Attached(kind, place, clip, pictures, first, strict)
    return None


def _beside_video(clip: str, look: Listing) -> Iterator[Candidate]:
    folder, stem = split(clip)[0].rstrip("/"), stem_of(clip)
    yield from _files(folder, stem, look)
    for place in (f"{folder}/{stem}/labels", f"{folder}/labels/{stem}"):
        if look.has(place):
            yield Kind.YOLO, place, False
    for place in (f"{folder}/labels", folder):
        if _labels_of_video(place, stem, look):
            yield Kind.YOLO, place, True


def _beside_pictures(clip: str, look: Listing) -> Iterator[Candidate]:
    home = home_of(clip)
    above, name = split(home)
    above = above.rstrip("/")
    yield from ((kind, place, strict) for kind, place, strict in _files(above, name, look))
    yield from (
        (Kind.COCO, f"{home}/{one}", False) for one in COCO_FILES if look.has(f"{home}/{one}")
    )
    for place in (f"{home}/gt/gt.txt", f"{above}/gt/gt.txt"):
        if look.has(place):
            yield Kind.MOT, place, False
    stems = look.pictures(home)
    before, images, after = f"{home}/".rpartition("/images/")
    swapped = [f"{before}/labels/{after}".rstrip("/")] if images else []
    for place in dict.fromkeys((home, *swapped, *(f"{above}/{one}" for one in _SIBLINGS))):
        yield from _labels_of_pictures(place, stems, look)
    for one in COCO_FILES:
        if look.has(f"{above}/{one}") and _names_any(above, one, stems):
            yield Kind.COCO, f"{above}/{one}", True


def _given(
    place: str, clip: str, pictures: bool, look: Listing, several: bool
) -> Iterator[Candidate]:
    shown = without_credentials(place)
    if is_url(place):
        there = (
            place.startswith(("http://", "https://")) or look.has(place) or bool(look.names(place))
        )
        is_file = bool(re.search(r"\.[A-Za-z]+$", split(place)[1])) and not look.names(place)
    else:
        there, is_file = Path(place).exists(), Path(place).is_file()
    if not there:
        raise ConfigError(
            f"{shown}: there is no such ground truth; give a file (COCO .json, MOT .txt), a folder of "
            "labels, or none"
        )
    if not is_file:
        yield from _in_folder(place, clip, pictures, look, several)
        return
    suffix = place.rpartition(".")[2].lower()
    if suffix not in ("json", "txt"):
        raise ConfigError(
            f"{shown}: ground truth is read from .json (COCO), .txt (MOT) or a folder of labels; give one "
            "of these"
        )
    if suffix == "txt" and several:
        raise ConfigError(
            f"{shown}: MOT text is about one clip, and there are several; give the folder of their files "
            "(CLIP.gt.txt)"
        )
    yield (Kind.COCO, place, several) if suffix == "json" else (Kind.MOT, place, False)


def _in_folder(
    folder: str, clip: str, pictures: bool, look: Listing, several: bool
) -> Iterator[Candidate]:
    name = called(clip, pictures)
    yield from _files(folder, name, look)
    for place in (f"{folder}/{name}.txt", f"{folder}/{name}/gt.txt"):
        if look.has(place):
            yield Kind.MOT, place, False
    stems = look.pictures(home_of(clip)) if pictures else frozenset()
    for place in (f"{folder}/{name}/labels", f"{folder}/{name}"):
        if pictures:
            yield from _labels_of_pictures(place, stems, look)
        elif look.labelled(place):
            yield Kind.YOLO, place, False
    if pictures:
        yield from _labels_of_pictures(folder, stems, look)
    elif _labels_of_video(folder, name, look):
        yield Kind.YOLO, folder, True
    yield from (
        (Kind.COCO, f"{folder}/{one}", several) for one in COCO_FILES if look.has(f"{folder}/{one}")
    )
    if not several:
        yield from _without_a_name(folder, pictures, look)


def _without_a_name(folder: str, pictures: bool, look: Listing) -> Iterator[Candidate]:
    for place in (f"{folder}/gt/gt.txt", f"{folder}/gt.txt"):
        if look.has(place):
            yield Kind.MOT, place, False
    if not pictures and look.labelled(folder):
        yield Kind.YOLO, folder, False


def _files(folder: str, name: str, look: Listing) -> Iterator[Candidate]:
    """Single files that carry the clip's name."""
    for kind, file in (
        (Kind.COCO, f"{name}.json"),
        (Kind.COCO, f"{name}.coco.json"),
        (Kind.MOT, f"{name}.gt.txt"),
        (Kind.MOT, f"{name}/gt/gt.txt"),
    ):
        if look.has(f"{folder}/{file}"):
            yield kind, f"{folder}/{file}", False


def _labels_of_video(folder: str, stem: str, look: Listing) -> bool:
    return not look.labelled(folder).isdisjoint(beginnings(stem))


def _labels_of_pictures(folder: str, stems: frozenset[str], look: Listing) -> Iterator[Candidate]:
    names = look.names(folder)
    if any(f"{stem}.txt" in names for stem in stems):
        yield Kind.YOLO, folder, False
    elif not is_url(folder) and any(f"{stem}.xml" in names for stem in stems):
        yield Kind.VOC, folder, False


def _names_any(folder: str, file: str, stems: frozenset[str]) -> bool:
    """Whether a COCO file names one of the pictures; a look at its text, for it may be large."""
    try:
        content = Storage(folder).read(file)
    except RunError:
        return False
    return any(
        stem_of(one.decode("utf-8", "replace")) in stems for one in _FILE_NAMES.findall(content)
    )


def nothing_found(given: str) -> ConfigError:
    """The error where what was given has nothing for any clip."""
    return ConfigError(
        f"{one_line(without_credentials(given))}: no ground truth of any clip there; files carry the clip's "
        "name: CLIP.json, CLIP.gt.txt, CLIP_000012.txt"
    )
