"""A run's clean frame once more: from its scene or its file, if that is still what it was."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import monitor
from monitor.arrays import Pixels
from monitor.errors import RunError
from monitor.panel.runs_worst import WorstFrame
from monitor.runs import Run
from monitor.runs.manifest import git_state
from streams.errors import StreamError
from streams.frame import Frame
from streams.opening import SCENE_PREFIX, open_source
from streams.scaling import scaled
from streams.scenes import OPTIONS, SCENES
from streams.scenes.options import read_options

_FURTHEST: Final = 500
"""Frames that are decoded on the way to one of a file: 2 s at 1080p."""

_LARGEST: Final = 500 * 10**6
"""Bytes of a file that is hashed, half a second."""

_TIMEOUT: Final = 10.0
"""Seconds for a picture of a file."""


def trouble_with_source(run: Run) -> str:
    """Why clean frames cannot be had from the run's source, in a few words; "" where they perhaps can.

    Looks at the manifest and at the file's size; the file's hash is compared by `clean_frame`.
    """
    source = str(run.manifest.get("source", ""))
    if source.startswith(SCENE_PREFIX):
        return "" if _same_code(run.manifest) else "another version of camdrift drew the scene"
    if not isinstance(run.manifest.get("input"), dict):
        return "its source cannot be read once more"
    return "" if _file(run.manifest) is not None else "its file is not where it was"


def clean_frame(run: Run, frame: WorstFrame) -> Pixels:
    """The clean frame at the run's working width, uint8 BGR (height, width, 3).

    Raises
    ------
    RunError : the source is not there, or is not what it was: another version draws the scene, the file
        has another hash, or its frame another time.
    """
    reason = trouble_with_source(run)
    if reason:
        raise RunError(reason)
    source = str(run.manifest.get("source", ""))
    try:
        if source.startswith(SCENE_PREFIX):
            found = _rendered(source, _seed(run.manifest), frame)
        else:
            found = _decoded(run.manifest, frame)
        return scaled(found, _width(run.summary)).pixels
    except (StreamError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"its source cannot be read once more: {error}") from error


def _same_code(manifest: Mapping[str, Any]) -> bool:
    """Whether this very code made the run; another may draw a scene otherwise."""
    versions = manifest.get("versions")
    if not isinstance(versions, dict) or versions.get("camdrift") != monitor.__version__:
        return False
    now, then = _code(), manifest.get("git")
    if now is None or not isinstance(then, dict):
        return now is None and then is None
    # A checkout with changes of its own has no name: nobody knows what it drew.
    unchanged = now.get("dirty") is False and then.get("dirty") is False
    return unchanged and now.get("commit") == then.get("commit")


@cache
def _code() -> dict[str, object] | None:
    """The state of the code that runs; two calls of git, 20 ms each."""
    return git_state()


def _file(manifest: Mapping[str, Any]) -> Path | None:
    """The run's file, by the command that made the run: the manifest itself holds its bare name."""
    told, command = manifest.get("input"), manifest.get("command")
    if not isinstance(told, dict) or not isinstance(command, list):
        return None
    for argument in command:
        # A share on another machine is never asked for: that would hand it this user's name.
        if not isinstance(argument, str) or argument.startswith(("\\\\", "//")):
            continue
        path = Path(argument).expanduser()
        try:
            if path.name == told.get("name") and path.is_file():
                size = path.stat().st_size
                return path if size == told.get("bytes") and size <= _LARGEST else None
        except (OSError, ValueError):
            continue
    return None


def _decoded(manifest: Mapping[str, Any], wanted: WorstFrame) -> Frame:
    path = _file(manifest)
    if path is None:
        raise RunError("its file is not where it was")
    if wanted.index >= _FURTHEST:
        raise RunError(f"frame {wanted.index} of a file is too far in to be looked for")
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != manifest["input"].get("sha256"):
            raise RunError("its file has changed since")
    with open_source(str(path)) as source:
        while (frame := source.read(_TIMEOUT)) is not None:
            if frame.index == wanted.index:
                if frame.media_time != wanted.media_time:
                    break
                return frame
    raise RunError("its file does not hold that frame at that time")


def _rendered(spec: str, seed: int, wanted: WorstFrame) -> Frame:
    name, _, query = spec.removeprefix(SCENE_PREFIX).partition("?")
    scene = SCENES[name](seed, **read_options(query, OPTIONS[name]))
    index, count = wanted.index, scene.frame_count
    # In a live run the scene may have begun anew; its frames are counted on.
    if wanted.media_time != index / scene.fps or (count is not None and index >= count):
        raise RunError("the scene holds no such frame at that time")
    pixels, _ = scene.render(index)
    return Frame(pixels, index, wanted.media_time, captured_at=0.0, source=spec)


def _seed(manifest: Mapping[str, Any]) -> int:
    seed = manifest.get("seed")
    if type(seed) is not int:
        raise RunError("its manifest names no seed")
    return seed


def _width(summary: Mapping[str, Any]) -> int:
    width = summary["condition"]["width"]
    if type(width) is not int:
        raise RunError("its summary names no width")
    return width
