"""What a path stands for: a video, the videos of a folder, pictures, a scene, something behind a URL."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from monitor.errors import ConfigError, RunError
from monitor.evaluation import remote
from monitor.evaluation.truth.places import is_picture
from streams.errors import StreamError
from streams.files import check_file
from streams.naming import is_url, one_line, without_credentials
from streams.opening import (
    AUTO,
    IMAGES_PREFIX,
    PHOTO_PREFIX,
    SCENE_PREFIX,
    VISITOR,
    input_file,
    open_source,
)
from streams.producers.images import found as pictures_in
from streams.producers.url import SCHEMES
from streams.scenes.photo.boxes import find_labels

VIDEOS: Final = frozenset(
    (
        ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".gif", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts",
        ".wmv", ".flv", ".ogv", ".3gp", ".mjpeg", ".y4m",
    )
)  # fmt: skip
"""What counts as a video in a folder, and in a glob that finds one of these; a file that is named is taken
as it is."""

_LIVE: Final = frozenset(SCHEMES) - {"http", "https"}


@dataclass(frozen=True, slots=True)
class Failed:
    """What cannot be evaluated.

    Attributes
    ----------
    name : fit to be shown.
    reason : one line.
    """

    name: str
    reason: str


class Medium(NamedTuple):
    """What a path stands for, before it has a number; the fields are `Clip`'s.

    `rendered` tells scenes and photos from what was recorded.
    """

    name: str
    spec: str
    url: str
    size: int | None
    seed: int = 0
    pictures: bool = False
    rendered: bool = False
    own_truth: bool = False


def media_of(
    path: str,
    failed: list[Failed],
    *,
    seeds: Sequence[int] = (0,),
    frames: int = 0,
    own_truth: bool = True,
) -> Iterator[Medium]:
    """What one path stands for; see `monitor.evaluation.clips.find_clips`.

    Parameters
    ----------
    path : without spaces around it.
    failed : what cannot be read is added to it.
    seeds : of scenes and photos.
    frames : of a clip at most; 0: all.
    own_truth : whether that of scenes counts.

    Raises
    ------
    ConfigError : it names nothing at all, a camera, or an endless scene where `frames` is 0.
    """
    before, count = len(failed), 0
    for one in _expanded(path, failed, seeds, frames, own_truth):
        count += 1
        yield one
    if not count and len(failed) == before:
        raise ConfigError(
            f"{without_credentials(path)}: no videos and no pictures there; give another folder or file"
        )


def _expanded(
    path: str, failed: list[Failed], seeds: Sequence[int], frames: int, own_truth: bool
) -> Iterator[Medium]:
    if path.startswith((SCENE_PREFIX, PHOTO_PREFIX)):
        return _rendered(path, failed, seeds, frames, own_truth)
    if path.startswith(IMAGES_PREFIX):
        return _images(path)
    path = path.removeprefix("file://")
    there = bool(path) and Path(path).expanduser().exists()
    digits = path.isascii() and path.isdigit()
    if digits or path in ("", AUTO, VISITOR) or path.startswith("/dev/video"):
        raise _camera(f"{path or 'an empty path'}")
    if there:
        return (_in_folder if Path(path).expanduser().is_dir() else _file)(path, failed)
    if is_url(path):
        if "://" not in path or path.partition("://")[0].lower() in _LIVE:
            raise _camera(without_credentials(path))
        return _behind_url(path, failed)
    if glob.has_magic(path):
        return _globbed(path, failed)
    raise ConfigError(
        f"{one_line(path)}: there is no such file or folder; check the path, and put a glob in quotes"
    )


def _camera(shown: str) -> ConfigError:
    return ConfigError(
        f"{shown}: a camera cannot be evaluated twice alike; record it, or give a video file, a folder or "
        "scene:road?frames=300"
    )


def _rendered(
    path: str, failed: list[Failed], seeds: Sequence[int], frames: int, own_truth: bool
) -> Iterator[Medium]:
    kind = "scene" if path.startswith(SCENE_PREFIX) else "photo"
    _check_options(path)
    if not frames and not re.search(r"[?&]frames=", path):
        example = f"{one_line(path)}{'&' if '?' in path else '?'}frames=300"
        raise ConfigError(
            f"{one_line(path)}: a {kind} has no end; say how many frames: {example}, or --frames"
        )
    file = input_file(path)
    if file is not None:
        if not file.is_file():
            raise ConfigError(f"{one_line(path)}: there is no such picture; check the path")
        boxes = re.search(r"[?&]boxes=([^&]*)", path)
        try:
            check_file(file, wanted="a picture")
            # A photo without boxes is not annotated: its frames' empty truth says nothing.
            annotated = bool(find_labels(file, boxes and boxes[1], (1, 1)))
        except StreamError as error:
            failed.append(Failed(one_line(path), str(error)))
            return
        own_truth = own_truth and annotated
    for seed in seeds:
        yield Medium(
            one_line(path) + (f", seed {seed}" if seed else ""),
            path,
            "" if file is None else str(file.absolute()),
            0 if file is None else file.stat().st_size,
            seed,
            rendered=True,
            own_truth=own_truth,
        )


def _check_options(path: str) -> None:
    """Read the name and the options; nothing is opened."""
    try:
        open_source(path)
    except StreamError as error:
        raise ConfigError(str(error)) from None


def _images(path: str) -> Iterator[Medium]:
    _check_options(path)
    where = re.split(r"\?(?=[a-z]+=)", path.removeprefix(IMAGES_PREFIX), maxsplit=1)[0]
    place = Path(where).expanduser().absolute()
    files = pictures_in(place)
    if not files:
        raise ConfigError(f"{one_line(path)}: no pictures there; give a folder or a glob of them")
    spec = IMAGES_PREFIX + str(place) + path.removeprefix(IMAGES_PREFIX + where)
    yield Medium(one_line(path), spec, str(place), _bytes(files), pictures=True)


def _file(path: str, failed: list[Failed]) -> Iterator[Medium]:
    place, name = Path(path).expanduser().absolute(), one_line(PurePath(path).as_posix())
    try:
        check_file(place, wanted="a video file")
        yield Medium(name, str(place), str(place), place.stat().st_size)
    except (StreamError, OSError) as error:
        failed.append(Failed(name, one_line(str(error))))


def _in_folder(path: str, failed: list[Failed]) -> Iterator[Medium]:
    root = Path(path).expanduser()
    files = [file.relative_to(root).as_posix() for file in _walked(root, failed)]
    for below, pictures in chosen(files):
        where = (PurePath(path) / below).as_posix()
        if not pictures:
            yield from _file(where, failed)
            continue
        place = (root / below).absolute()
        yield Medium(
            one_line(where), str(place), str(place), _bytes(pictures_in(place)), pictures=True
        )


def _walked(root: Path, failed: list[Failed]) -> Iterator[Path]:
    """All files below, but for hidden ones; links to folders are not followed, for they may go round."""
    try:
        entries = sorted(root.iterdir())
    except OSError as error:
        failed.append(Failed(one_line(str(root)), f"the folder cannot be read ({error.strerror})"))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if not entry.is_symlink():
                yield from _walked(entry, failed)
        else:
            yield entry


def chosen(files: Sequence[str]) -> list[tuple[str, bool]]:
    """The clips among a folder's files, sorted: its videos, or the folders of its pictures where it has none.

    Parameters
    ----------
    files : paths relative to the folder.

    Returns
    -------
    Paths, "." for the folder itself, and whether it is a folder of pictures.
    """
    videos = sorted(file for file in files if PurePath(file).suffix.lower() in VIDEOS)
    if videos:
        return [(file, False) for file in videos]
    folders = {
        PurePath(file).parent.as_posix() for file in files if is_picture(PurePath(file).name)
    }
    return [(folder, True) for folder in sorted(folders)]


def _globbed(path: str, failed: list[Failed]) -> Iterator[Medium]:
    pattern = Path(path).expanduser()
    hits = sorted(glob.glob(str(pattern), recursive=True))  # noqa: PTH207 - takes absolute patterns
    files = [hit for hit in hits if not Path(hit).is_dir()]
    if not hits:
        raise ConfigError(f"{one_line(path)}: matches nothing; check the pattern")
    if len(files) == len(hits) and all(is_picture(Path(hit).name) for hit in files):
        place = str(pattern.absolute())
        yield Medium(
            one_line(path), place, place, _bytes([Path(file) for file in files]), pictures=True
        )
        return
    videos = [hit for hit in files if Path(hit).suffix.lower() in VIDEOS]
    wanted = set(videos or (files if len(files) == len(hits) else ()))
    for hit in hits:
        if hit in wanted:
            yield from _file(hit, failed)
        elif Path(hit).is_dir():
            yield from _in_folder(hit, failed)


def _behind_url(url: str, failed: list[Failed]) -> Iterator[Medium]:
    try:
        media = remote.listed(url, chosen)
    except RunError as error:
        failed.append(Failed(without_credentials(url), str(error)))
        return
    if not media:
        raise ConfigError(f"{without_credentials(url)}: nothing to evaluate there; check the URL")
    for one in media:
        name = without_credentials(one.url)
        yield Medium(name, "", one.url, one.size, pictures=one.pictures)


def _bytes(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)
