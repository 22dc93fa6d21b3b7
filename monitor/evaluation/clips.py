"""What is evaluated: from paths, globs, scenes and URLs to clips with a number and a name."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Self

from monitor.errors import RunError
from monitor.evaluation import remote
from monitor.evaluation.media import Failed, Medium, media_of
from monitor.evaluation.truth.attached import Attached
from monitor.evaluation.truth.finding import NONE, find_truth, nothing_found
from monitor.evaluation.truth.places import Listing
from monitor.runs.manifest import sha256_of_file
from streams.errors import StreamError
from streams.frame import Frame
from streams.opening import open_source
from streams.producers.images import found as pictures_in


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording that is evaluated; make them with `find_clips`.

    Attributes
    ----------
    number : from 0, in the order in which the paths came.
    name : fit to be shown, without credentials; no two clips of an evaluation have the same.
    spec : what `open_source` takes; empty where the clip lies behind a URL: `fetched` brings it here.
    url : absolute path or URL of the file, the folder or the glob of pictures; empty for a scene. It may hold
        a login: not to be shown.
    seed : of a scene or photo; 0 for others.
    sha256 : of the file; of pictures, of them all; empty for a scene, and until `with_hash`.
    size : bytes; 0 for a scene, None where a server does not say.
    pictures : a folder or glob of pictures.
    truth : where its ground truth comes from.
    own_truth : each frame brings its own (`Frame.truth`), and it counts.
    """

    number: int
    name: str
    spec: str = field(repr=False)
    url: str = field(default="", repr=False)
    seed: int = 0
    sha256: str = ""
    size: int | None = 0
    pictures: bool = False
    truth: Attached | None = None
    own_truth: bool = False

    @property
    def stream(self) -> int:
        """A number from the name alone, for draws: the same whatever other clips there are; below 2^32."""
        return zlib.crc32(self.name.encode())

    @property
    def truth_name(self) -> str:
        """Where its ground truth comes from, to be shown; empty: there is none."""
        if self.truth is not None:
            return self.truth.name
        return "the scene's own" if self.own_truth else ""

    def frame_number(self, frame: Frame, fps: float | None) -> int:
        """What ground truth calls a frame.

        A picture that cannot be decoded has no frame, but its time stays empty: without a look at the time,
        the boxes of all that come after it would be those of the picture before.

        Parameters
        ----------
        frame : of this clip, whole or scaled.
        fps : that its source states.
        """
        if not self.pictures or frame.media_time is None or fps is None:
            return frame.index
        return round(frame.media_time * fps)

    def with_hash(self) -> Self:
        """The same with its `sha256`; what lies behind a URL is read from there, and not kept.

        Raises
        ------
        RunError : it cannot be read.
        """
        if self.sha256 or not self.url:
            return self
        try:
            return replace(self, sha256=self._hash())
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RunError(
                f"{self.name}: cannot be read ({reason}); look whether it is still there"
            ) from error

    def _hash(self) -> str:
        if not self.spec:
            files = remote.files_of(self.url, pictures=self.pictures)
            digests = [(name, remote.sha256(url)) for name, url in files]
        elif self.pictures:
            digests = [(path.name, sha256_of_file(path)) for path in pictures_in(Path(self.url))]
        else:
            return sha256_of_file(Path(self.url))
        if not self.pictures:
            return digests[0][1]
        lines = "".join(f"{digest}  {name}\n" for name, digest in digests)
        return hashlib.sha256(lines.encode()).hexdigest()


class Probed(NamedTuple):
    """What a clip states of itself: frames (None: it does not say), size before scaling, frames a second."""

    frames: int | None
    width: int
    height: int
    fps: float | None


def find_clips(
    paths: Sequence[str],
    *,
    truth: str | None = None,
    scene_seeds: Sequence[int] = (0,),
    frames: int = 0,
) -> tuple[list[Clip], list[Failed]]:
    """List what is to be evaluated; nothing is opened or hashed.

    A path is one of these; what is named twice is one clip.

    - a video file
    - a folder: all videos in it and below, or, where there is none, each folder of pictures as one clip;
      hidden files are left out
    - a glob ("**" goes down): the videos and folders that it finds; pictures, where it finds nothing else,
      are one clip
    - "images:PATH?fps=25": pictures at a rate of their own
    - "scene:NAME?frames=300", "photo:FILE?frames=300": a clip for each of the seeds
    - a URL of a file, a folder or a glob ("*") that fsspec opens; a web server's folder ends with "/"

    Parameters
    ----------
    paths : in order.
    truth : see `find_truth`; "none": no ground truth, that of scenes neither.
    scene_seeds : of scenes and photos.
    frames : of a clip at most; 0: all.

    Returns
    -------
    Clips in the order of the paths, those of a folder or glob sorted by name; and what is there and cannot be
    read.

    Raises
    ------
    ConfigError : a path that names nothing at all, a camera, an endless scene where `frames` is 0, or ground
        truth that is not there.
    """
    failed: list[Failed] = []
    media: dict[tuple[str, int], Medium] = {}
    for path in paths:
        for one in media_of(
            path.strip(), failed, seeds=scene_seeds, frames=frames, own_truth=truth != NONE
        ):
            media.setdefault((one.spec or one.url, one.seed), one)
    recorded = sum(not one.rendered for one in media.values())
    listing, named = Listing(), set[str]()
    clips = [
        Clip(
            number=number,
            name=_unique(one.name, named),
            spec=one.spec,
            url=one.url,
            seed=one.seed,
            size=one.size,
            pictures=one.pictures,
            truth=_truth_of(one, truth, listing, several=recorded > 1),
            own_truth=one.own_truth,
        )
        for number, one in enumerate(media.values())
    ]
    if truth is not None and truth != NONE and recorded and not any(clip.truth for clip in clips):
        raise nothing_found(truth)
    return clips, failed


def probe(clip: Clip, spec: str = "") -> Probed | Failed:
    """Open a clip for a moment.

    Parameters
    ----------
    clip : any.
    spec : where it was fetched to, for one behind a URL.
    """
    try:
        with open_source(spec or clip.spec, seed=clip.seed) as source:
            facts = source.properties
    except StreamError as error:
        return Failed(clip.name, str(error))
    return Probed(facts.frame_count, facts.width, facts.height, facts.fps)


def fetched(clip: Clip, folder: Path) -> str:
    """What `open_source` takes for a clip; one behind a URL is brought here first, once.

    It is in the folder whole or not at all, whoever else fetches it at the same time.

    Parameters
    ----------
    clip : any.
    folder : of what was fetched; made if need be.

    Raises
    ------
    RunError : the server does not give it, or less than it said; the disk is full.
    """
    if clip.spec:
        return clip.spec
    return str(remote.fetch(clip.url, folder, size=clip.size, pictures=clip.pictures))


def _truth_of(
    medium: Medium, given: str | None, listing: Listing, *, several: bool
) -> Attached | None:
    if medium.rendered:
        return None
    return find_truth(
        remote.without_query(medium.url),
        given,
        listing=listing,
        pictures=medium.pictures,
        several=several,
    )


def _unique(name: str, named: set[str]) -> str:
    """The name, with a number where another clip's looks the same: queries and odd characters do not show."""
    shown, count = name, 1
    while shown in named:
        count += 1
        shown = f"{name} ({count})"
    named.add(shown)
    return shown
