"""From what the user writes to a source."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path
from typing import Final

from streams.clock import SYSTEM_CLOCK, Clock
from streams.errors import SourceNotFound, SourceUnreadable, StreamError
from streams.naming import is_url, one_line, without_credentials
from streams.patience import PATIENT, Patience
from streams.producers.camera import CameraProducer
from streams.producers.devices import listed_cameras
from streams.producers.file import FileProducer
from streams.producers.images import ImagesProducer
from streams.producers.looped import LoopedProducer
from streams.producers.producer import Producer
from streams.producers.scene import SceneProducer
from streams.producers.url import SCHEMES, UrlProducer
from streams.producers.visitor import Mailbox, VisitorProducer
from streams.scenes import COSTLY, OPTIONS, SCENES
from streams.scenes.apart import Apart
from streams.scenes.options import number, read_options
from streams.scenes.photo.scene import OPTIONS as PHOTO_OPTIONS
from streams.scenes.photo.scene import Photo
from streams.scenes.scene import Scene
from streams.source import VideoSource

AUTO: Final = "auto"
SCENE_PREFIX: Final = "scene:"
PHOTO_PREFIX: Final = "photo:"
IMAGES_PREFIX: Final = "images:"
VISITOR: Final = "visitor"
FALLBACK: Final = "scene:portrait"

IMAGES_OPTIONS: Final = {"fps": number(0.01, 240)}

# Seconds for a camera to open and deliver one frame, when nobody asked for that very camera.
_PROBE: Final = 4.0
# Where the system does not list cameras, these are tried.
_TRIED: Final = (0, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class AutoChoice:
    """What "auto" came to.

    Attributes
    ----------
    spec : what to open.
    why : half a sentence to show: what was found, or what was tried.
    """

    spec: str
    why: str


def open_source(
    spec: str,
    *,
    seed: int = 0,
    pace: bool = False,
    loop: bool = False,
    patience: Patience = PATIENT,
    mailbox: Mailbox | None = None,
    apart: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> VideoSource:
    """Return the source that a spec names, not yet started.

    Parameters
    ----------
    spec : a camera's number ("0"; also "/dev/video0"), a URL (rtsp://, http:// with MJPEG, HLS or a video
        file), "scene:NAME", "photo:PATH" of a picture, a folder of pictures or a glob ("images:PATH" takes
        "?fps=25"), the path of a video file, "visitor": what a browser sends, or "auto": the first camera
        that delivers a frame, else scene:portrait (`resolve_auto` tells which). Options follow a scene or a
        photo: "scene:road?frames=300&light=dusk". A file whose name is a number is written "./0".
    seed : of a scene, and of the camera's way over a photo.
    pace : deliver a recording at its own rate; see `VideoSource`.
    loop : start a recording again at its end.
    patience : time-outs, reconnection, and what counts as too old.
    mailbox : where a visitor's pictures arrive, for "visitor".
    apart : render costly scenes in a process of their own, so that they take no time from this one.
    clock : time and waiting.

    Raises
    ------
    SourceNotFound : an unknown scene or option, or an empty spec.
    SourceUnreadable : a URL of a kind that is not opened; a visitor's camera where there is no panel.
    """
    spec = spec.strip()
    if spec == AUTO:
        spec = resolve_auto(clock=clock).spec
    factory = _producer_factory(spec, seed, clock, patience, mailbox, apart)
    # Who loops a network's stream gets its reconnection; whether it has an end is known when it is open.
    if loop and not is_url(spec) and spec != VISITOR:
        factory = partial(LoopedProducer, factory)
    return VideoSource(
        factory,
        clock=clock,
        pace=pace,
        patience=patience,
        # A little longer than the network's own limit, which tells more.
        open_timeout=max(30.0, patience.open_timeout + patience.read_timeout + 2.0),
        interrupt=(lambda: None) if mailbox is None else mailbox.interrupt,
        name=without_credentials(_shown(spec)),
    )


def resolve_auto(
    *,
    clock: Clock = SYSTEM_CLOCK,
    cameras: Sequence[int] | None = None,
    probe: Callable[[int, Clock], str] | None = None,
) -> AutoChoice:
    """Find the first camera that delivers a frame, else take scene:portrait.

    Parameters
    ----------
    clock : for the time-out of each probe.
    cameras : indexes to try; None takes those that the system lists, or 0 to 3 where it does not list them.
    probe : says what a camera delivers, or raises a StreamError; None really opens it, for 4 s at most.
    """
    if cameras is None:
        listed = listed_cameras()
        cameras = _TRIED if listed is None else listed
    if probe is None:
        probe = probe_camera
    reasons = []
    for index in cameras:
        try:
            return AutoChoice(str(index), f"camera {index} delivers {probe(index, clock)}")
        except StreamError as error:
            reasons.append(str(error))
    # One reason is enough to act on, and the first camera is the one that the user means.
    why = f"no camera delivers pictures ({reasons[0]})" if reasons else "no camera was found"
    return AutoChoice(FALLBACK, why)


def probe_camera(
    index: int, clock: Clock = SYSTEM_CLOCK, *, producer: Callable[[], Producer] | None = None
) -> str:
    """Open a camera, take one frame and close it again; return its size, as in "640x480".

    Parameters
    ----------
    index : the camera's number.
    clock : for the time-out.
    producer : what to open instead of the camera, for tests.

    Raises
    ------
    StreamError : there is none, or nothing came within 4 s. A camera that hangs is left to hang in its
        thread; it does not hold up the start.
    """
    factory = partial(CameraProducer, index, clock=clock) if producer is None else producer
    name = f"camera {index}"
    source = VideoSource(factory, clock=clock, open_timeout=_PROBE, close_timeout=0.5, name=name)
    with source:
        frame = source.read(_PROBE)
    if frame is None:
        raise SourceUnreadable(f"{name} ended before its first picture; choose another")
    return f"{frame.size[0]}x{frame.size[1]}"


def _producer_factory(
    spec: str,
    seed: int,
    clock: Clock,
    patience: Patience,
    mailbox: Mailbox | None,
    apart: bool,
) -> Callable[[], Producer]:
    device = re.fullmatch(r"/dev/video(\d+)", spec) if sys.platform.startswith("linux") else None
    digits = device[1] if device else spec
    if digits.isascii() and digits.isdigit():
        return partial(CameraProducer, int(digits), clock=clock)
    if not spec:
        raise SourceNotFound(
            "no source was given; give a camera's number, a URL, a video file, a folder of pictures, "
            "photo:PATH, scene:road, scene:portrait or auto"
        )
    for prefix, rendered in ((SCENE_PREFIX, partial(_scene, apart=apart)), (PHOTO_PREFIX, _photo)):
        if spec.startswith(prefix):
            return rendered(spec, seed)
    if spec == VISITOR:
        return _visitor(mailbox, clock, patience)
    if is_url(spec):
        return _url(spec, clock, patience)
    if spec.startswith(IMAGES_PREFIX) or _names_pictures(spec):
        return _images(spec)
    return partial(FileProducer, spec)


def _url(spec: str, clock: Clock, patience: Patience) -> Callable[[], Producer]:
    scheme = spec.partition("://")[0].lower() if "://" in spec else ""
    if scheme not in SCHEMES:
        shown = without_credentials(spec)
        what = f"{one_line(scheme)}:// is not opened" if scheme else "a login without a scheme"
        raise SourceUnreadable(
            f"{shown}: {what}; give a URL that begins with {', '.join(f'{s}://' for s in SCHEMES[:4])} or "
            "the path of a file"
        )
    return partial(UrlProducer, spec, patience=patience, clock=clock)


def _visitor(mailbox: Mailbox | None, clock: Clock, patience: Patience) -> Callable[[], Producer]:
    if mailbox is None:
        raise SourceUnreadable(
            "visitor: a browser's camera comes through the panel; choose it there, with `camdrift live`"
        )
    return partial(
        VisitorProducer,
        mailbox,
        open_timeout=patience.open_timeout,
        read_timeout=patience.read_timeout,
        clock=clock,
    )


def _names_pictures(spec: str) -> bool:
    """Whether a path is a folder, or a glob; a file whose name has a bracket in it is a file."""
    path = Path(spec).expanduser()
    return path.is_dir() or (any(sign in spec for sign in "*?[") and not path.is_file())


def _images(spec: str) -> Callable[[], Producer]:
    where, options = spec.removeprefix(IMAGES_PREFIX), {}
    # A glob has question marks of its own: only one that begins an option ends the path.
    if spec.startswith(IMAGES_PREFIX) and (match := re.search(r"\?(?=[a-z]+=)", where)):
        where, query = where[: match.start()], where[match.end() :]
        try:
            options = read_options(query, IMAGES_OPTIONS)
        except ValueError as error:
            raise SourceNotFound(f"images:{one_line(where)}: {one_line(str(error))}") from error
    if not where:
        raise SourceNotFound("images: no folder was given; write images:FOLDER or images:GLOB")
    return partial(ImagesProducer, where, **options)


def input_file(spec: str) -> Path | None:
    """Return the file that a spec reads, whether it is there or not; None for a camera, a scene or "auto"."""
    spec = spec.strip()
    if spec.startswith(PHOTO_PREFIX):
        return Path(_photo_path(spec)[0]).expanduser()
    if not spec or spec in (AUTO, VISITOR) or is_url(spec):
        return None
    if spec.startswith((SCENE_PREFIX, IMAGES_PREFIX, "/dev/video")) or _names_pictures(spec):
        return None
    return None if spec.isascii() and spec.isdigit() else Path(spec).expanduser()


def _scene(spec: str, seed: int, *, apart: bool) -> Callable[[], Producer]:
    name, _, query = spec.removeprefix(SCENE_PREFIX).partition("?")
    if name not in SCENES:
        near = get_close_matches(name.lower(), SCENES, n=1, cutoff=0.5)
        hint = f"did you mean scene:{near[0]}?" if near else f"there are {', '.join(SCENES)}"
        raise SourceNotFound(f"scene:{one_line(name)}: there is no such scene; {hint}")
    try:
        options = read_options(query, OPTIONS[name])
    except ValueError as error:
        raise SourceNotFound(f"scene:{name}: {one_line(str(error))}") from error
    shown = one_line(spec)
    make = partial(Apart, name) if apart and name in COSTLY else SCENES[name]
    return partial(SceneProducer, shown, _once(shown, partial(make, seed, **options)))


def _photo(spec: str, seed: int) -> Callable[[], Producer]:
    path, query = _photo_path(spec)
    if not path:
        raise SourceNotFound(
            "photo: no picture was given; write photo:PATH, as in photo:street.jpg"
        )
    shown = PHOTO_PREFIX + one_line(Path(path).name or path)
    try:
        options = read_options(query, PHOTO_OPTIONS)
    except ValueError as error:
        raise SourceNotFound(f"{shown}: {one_line(str(error))}") from error
    return partial(SceneProducer, shown, _once(shown, partial(Photo, path, seed, **options)))


def _photo_path(spec: str) -> tuple[str, str]:
    """Path and options; a question mark may belong to the path, if there is such a file."""
    whole = spec.removeprefix(PHOTO_PREFIX).strip()
    if Path(whole).expanduser().is_file():
        return whole, ""
    path, _, query = whole.rpartition("?") if "?" in whole else (whole, "", "")
    return path, query


def _once(shown: str, make: Callable[[], Scene]) -> Callable[[], Scene]:
    """Make the scene when it is first asked for and keep it: a loop opens its source anew each time round."""

    @cache
    def made() -> Scene:
        try:
            return make()
        except ValueError as error:
            raise SourceUnreadable(f"{shown}: {one_line(str(error))}") from error

    return made


def _shown(spec: str) -> str:
    return f"camera {spec}" if spec.isdigit() else spec
