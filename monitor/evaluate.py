"""A recording through the pipeline, as fast as it goes, into a run folder with a report."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.assembly import build_perturber, build_pipeline
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.filming import begin_film, finish_film
from monitor.report import write_report
from monitor.runs import RunWriter
from monitor.tracking import Tracking
from monitor.video import check_video
from streams.errors import SourceUnreadable
from streams.frame import Frame
from streams.opening import AUTO, PHOTO_PREFIX, SCENE_PREFIX, input_file, open_source
from streams.source import VideoSource

READ_TIMEOUT = 60.0
"""Seconds; a file on a network drive may stall, a file that gives nothing for a minute is broken."""


@dataclass(frozen=True, slots=True)
class EvaluateProgress:
    """How far an evaluation is.

    Attributes
    ----------
    frames : done.
    total : frames in all, None where nobody knows; most containers only estimate it.
    fps : frames a second since the first one was done; 0 before the second.
    elapsed_s : seconds since the first frame was asked for.
    """

    frames: int
    total: int | None
    fps: float
    elapsed_s: float


def evaluate(
    path: str,
    settings: Settings,
    *,
    progress: Callable[[EvaluateProgress], None] | None = None,
    command: Sequence[str] = (),
) -> Path:
    """Run a video file, a scene or a photo through the pipeline and return the finished run folder.

    The folder holds report.html. Same path, settings, seed and machine: same frames, objects and
    summary, byte for byte. An error on the way leaves the folder under its partial name, with every part
    that was written, and goes on to the caller with a note of where that is; so does Ctrl+C.

    Parameters
    ----------
    path : of a video file, "scene:NAME", or "photo:PATH". `settings.stream.source` is not looked at.
    settings : `run.frames` bounds the frames; a scene or photo without an option `frames` is endless and
        needs it.
    progress : called after every frame, in this thread.
    command : the command line, for the manifest.

    Raises
    ------
    ConfigError : a camera, an endless scene or photo without `frames`, or a setting that does not go with
        the others.
    StreamError : the file cannot be read, breaks off, or holds no frame.
    ModelError : the model cannot be loaded, or answers with what is no detection.
    RunError : the run folder cannot be written.
    """
    spec = path.strip()
    _check_recording(spec)
    build_perturber(settings)  # a misspelt attack is told before a model is loaded
    check_video(settings)
    with open_source(spec, seed=settings.run.seed) as source:
        name = source.properties.name
        total = _total(source, settings)
        pipeline = build_pipeline(settings)
        first = source.read(READ_TIMEOUT)
        if first is None:
            raise SourceUnreadable(f"{name}: holds no frame; check that the file plays")
        with RunWriter(
            settings,
            name,
            class_names=pipeline.detector.class_names,
            input_file=input_file(spec),
            command=command,
        ) as writer:
            tell = _teller(progress, total)
            tracking = Tracking()
            film = begin_film(writer, settings, pipeline, wait=True)
            try:
                for frame in _frames(first, source, settings.run.frames):
                    seen = pipeline.observe(frame)
                    writer.add(tracking.follow(seen, trails=settings.panel.trails))
                    if film is not None:
                        film.add(seen)
                    tell(writer.frames)
            finally:
                if film is not None:
                    film.close()
            finish_film(film, writer, settings, pipeline.detector)
            write_report(writer.complete())
            return writer.finish()


def _frames(first: Frame, source: VideoSource, most: int) -> Iterator[Frame]:
    """The first frame and those that follow, `most` at most, 0: all. The one too many is never read."""
    frame: Frame | None = first
    for count in itertools.count(1):
        if frame is None:
            return
        yield frame
        if count == most:
            return
        frame = source.read(READ_TIMEOUT)


def _teller(
    progress: Callable[[EvaluateProgress], None] | None, total: int | None
) -> Callable[[int], None]:
    """Called with the number of frames done; works out the rate and hands it on."""
    started = time.monotonic()
    first_done = started

    def tell(frames: int) -> None:
        nonlocal first_done
        now = time.monotonic()
        if frames == 1:
            first_done = now  # the first frame compiles kernels and says nothing of the rate
        span = now - first_done
        rate = (frames - 1) / span if span > 0 else 0.0
        if progress is not None:
            progress(EvaluateProgress(frames, total, rate, now - started))

    return tell


def _check_recording(spec: str) -> None:
    if spec == AUTO or (spec.isascii() and spec.isdigit()) or spec.startswith("/dev/video"):
        raise ConfigError(
            f"{spec}: a camera cannot be evaluated twice alike; give a video file or scene:portrait, "
            "or watch it with `camdrift live`"
        )


def _total(source: VideoSource, settings: Settings) -> int | None:
    """How many frames there will be, as far as anybody knows."""
    wanted = settings.run.frames
    stated = source.properties.frame_count
    name = source.properties.name
    if stated is None and not wanted and name.startswith((SCENE_PREFIX, PHOTO_PREFIX)):
        kind = "scene" if name.startswith(SCENE_PREFIX) else "photo"
        raise ConfigError(f"{name}: a {kind} has no end; say how many frames (setting `frames`)")
    if stated is None:
        return wanted or None
    return min(wanted, stated) if wanted else stated
