"""Pictures of a run's worst frames: as the run kept them, out of its video, or from its source once more."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from monitor.arrays import Pixels
from monitor.errors import RunError
from monitor.panel.runs_shelf import VIDEOS, Shelf, has_file
from monitor.panel.runs_source import clean_frame, trouble_with_source
from monitor.panel.runs_worst import WorstFrame, drift_of, kept_pictures, worst_frame
from monitor.pictures import (
    attacked_picture,
    clean_picture,
    difference_picture,
    enlarged,
    legible_zoom,
)
from monitor.runs import Run
from monitor.runs.worst import FOLDER, encoded
from streams.producers.capture import decode, open_capture

KINDS: Final = ("clean", "attacked", "difference")

_USUAL_FACTOR: Final = 8.0
_KEPT: Final = 12
"""Frames whose drawn pictures are kept, some 1 MB each."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Which pictures of a frame there are.

    Attributes
    ----------
    kinds : of `KINDS`, those that can be had.
    origin : where from, in words; "" of those that the run kept itself.
    trouble : why some cannot be had, one clause; "" where all can.
    """

    kinds: tuple[str, ...]
    origin: str
    trouble: str


def offer(run: Run, frame: WorstFrame) -> Offer:
    """Which pictures of a frame can be had; nothing is decoded for this."""
    if _kept_files(run, frame.index):
        return Offer(KINDS, "", "")
    video = _video(run)
    if video == "side":
        return Offer(KINDS, "from side.mkv", "")
    return _with_source(run, video)


def _with_source(run: Run, video: str) -> Offer:
    """What there is where the clean frame, or the attacked one, is not in a video."""
    lacking = "the attacked picture was not recorded"
    if video == "clean":
        return Offer(("clean",), "from clean.mkv", lacking)
    reason = trouble_with_source(run)
    again = "drawn once more" if _is_scene(run) else "read once more"
    if video == "attacked" and reason:
        return Offer(("attacked",), "from attacked.mkv", reason)
    if video == "attacked":
        return Offer(KINDS, f"attacked from attacked.mkv, clean {again}", "")
    if reason:
        return Offer((), "", f"the pictures were not recorded, and {reason}")
    return Offer(("clean",), again, lacking)


class Album:
    """Makes the pictures of runs and keeps the newest. For several threads; one draws at a time.

    Parameters
    ----------
    shelf : whose runs.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._drawn: dict[tuple[str, int], tuple[Run, dict[str, bytes]]] = {}

    def picture(self, name: str, index: int, kind: str) -> bytes:
        """The picture of a worst frame as PNG.

        Parameters
        ----------
        name : of a run on the shelf.
        index : of one of its worst frames.
        kind : one of `KINDS`.

        Raises
        ------
        RunError : no such run, frame or picture; one line.
        """
        run = self._shelf.open(name)
        kept = _kept_files(run, index)
        if kind in kept:
            return _content(kept[kind])
        with self._lock:
            drawn = self._drawn.pop((name, index), None)
            if drawn is None or drawn[0] is not run:
                drawn = run, _drawn(run, worst_frame(run, index))
            self._drawn[name, index] = drawn
            while len(self._drawn) > _KEPT:
                del self._drawn[next(iter(self._drawn))]
        if kind not in drawn[1]:
            raise RunError(f"frame {index} has no such picture")
        return drawn[1][kind]


def _kept_files(run: Run, index: int) -> dict[str, Path]:
    """Kind -> file, of a frame whose three pictures the run kept; else nothing."""
    told = kept_pictures(run).get(index)
    if told is None:
        return {}
    files = {}
    for kind in KINDS:
        # The summary may be a stranger's: a name in it is a name in this one folder, or none.
        name = Path(str(told.get(kind, ""))).name
        expected = f"-frame-{index:06d}-{kind}.png"
        path = run.folder / FOLDER / name
        if not name.endswith(expected) or path.is_symlink() or not path.is_file():
            return {}
        files[kind] = path
    return files


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunError(f"a picture cannot be read: {error.strerror}") from error


def _is_scene(run: Run) -> bool:
    return run.manifest.get("input") is None


def _video(run: Run) -> str:
    """Which video of the run shows each of its frames in order; "" where there is none."""
    told = run.summary.get("video")
    counts = run.summary.get("counts")
    if not isinstance(told, dict) or not isinstance(counts, dict):
        return ""
    whole = not told.get("frames_lost") and told.get("frames") == counts.get("frames")
    files = told.get("files")
    if not whole or not isinstance(files, list) or len(files) != 1:
        return ""  # frames are missing, nobody knows which
    name = str(files[0])
    return name.removesuffix(".mkv") if name in VIDEOS and has_file(run, name) else ""


def _drawn(run: Run, frame: WorstFrame) -> dict[str, bytes]:
    """Every picture that can be had, with boxes, as PNG."""
    clean, attacked = _pixels(run, frame, offer(run, frame).kinds)
    drift, tracks = drift_of(run, frame)
    condition = run.summary.get("condition")
    names = condition.get("classes") if isinstance(condition, dict) else None
    classes = tuple(str(name) for name in names) if isinstance(names, list) else ()
    drawn = {}
    if clean is not None:
        zoom = legible_zoom(clean)
        drawn["clean"] = encoded(clean_picture(clean, drift, classes, zoom=zoom, tracks=tracks))
    if attacked is not None:
        zoom = legible_zoom(attacked)
        shown = attacked_picture(attacked, drift, classes, zoom=zoom, tracks=tracks)
        drawn["attacked"] = encoded(shown)
    if clean is not None and attacked is not None:
        height, width = np.minimum(clean.shape, attacked.shape)[:2]  # a video repeats an odd edge
        pair = clean[:height, :width], attacked[:height, :width]
        apart = difference_picture(*pair, factor_of(run))
        drawn["difference"] = encoded(enlarged(apart, legible_zoom(apart)))
    return drawn


def factor_of(run: Run) -> float:
    """How much the run's differences are amplified."""
    config = run.manifest.get("config")
    panel: Any = config.get("panel", {}) if isinstance(config, Mapping) else {}
    value = panel.get("amplify") if isinstance(panel, Mapping) else None
    return float(value) if isinstance(value, int | float) and 1 <= value <= 64 else _USUAL_FACTOR


def _pixels(
    run: Run, frame: WorstFrame, kinds: tuple[str, ...]
) -> tuple[Pixels | None, Pixels | None]:
    """The clean and the attacked frame, uint8 BGR (height, width, 3), None where one cannot be had."""
    video = _video(run)
    found = _of_video(run.folder / f"{video}.mkv", frame.row) if video else None
    if video == "side" and found is not None:
        half = found.shape[1] // 2
        return np.ascontiguousarray(found[:, :half]), np.ascontiguousarray(found[:, half:])
    clean = found if video == "clean" else None
    if clean is None and "clean" in kinds:
        clean = clean_frame(run, frame)
    return clean, found if video == "attacked" else None


def _of_video(path: Path, row: int) -> Pixels:
    with _capture(path) as capture:
        # FFV1 has key frames only, and FFmpeg finds those of H.264: no frame before it is decoded twice.
        if row:
            capture.set(cv2.CAP_PROP_POS_FRAMES, row)
        found = decode(capture)
    if found is None:
        raise RunError(f"{path.name} does not hold frame {row}")
    return found


@contextmanager
def _capture(path: Path) -> Iterator[Any]:
    capture = open_capture(str(path.absolute()))
    try:
        if not capture.isOpened():
            raise RunError(f"{path.name} cannot be opened")
        yield capture
    except cv2.error as error:
        raise RunError(f"{path.name} cannot be decoded") from error
    finally:
        capture.release()
