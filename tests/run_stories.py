"""Made-up runs: frames in which something happens, and writers that write them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import supervision as sv
from observations import observed

from monitor.answers import Counts
from monitor.config import Settings
from monitor.pipeline import Observation
from monitor.runs import RunWriter
from monitor.tracking import Tracking
from streams.frame import Frame

NAMES = ("face", "ball")
NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def answer(*rows: tuple[int, int, float]) -> sv.Detections:
    """(x, class, score): boxes of 8x8."""
    return sv.Detections(
        xyxy=np.array([(x, 2, x + 8, 10) for x, *_ in rows], dtype=np.float32).reshape(-1, 4),
        class_id=np.array([row[1] for row in rows], dtype=int),
        confidence=np.array([row[2] for row in rows], dtype=np.float32),
    )


NOTHING = answer()


def seen(index: int, clean: sv.Detections, attacked: sv.Detections) -> Observation:
    rng = np.random.default_rng(index)
    pixels = rng.integers(40, 200, (24, 32, 3), dtype=np.uint8)
    return observed(
        index,
        clean,
        attacked,
        frame=Frame(pixels, index, index / 25, 0.0, "clip.avi"),
        attacked_pixels=pixels + np.uint8(4),
        counts=Counts(3, 1),
        stages_ms={"scale": 0.1, "clean": 5.0, "attack": 9.0, "attacked": 5.0, "drift": 0.2},
    )


def story(count: int = 10) -> Iterator[Observation]:
    """Frames in turn: missed, relabelled, made up, kept, empty."""
    face = answer((2, 0, 0.9))
    turns = [
        (face, NOTHING),
        (face, answer((3, 1, 0.6))),
        (face, answer((2, 0, 0.8), (20, 0, 0.7))),
        (face, face),
        (NOTHING, NOTHING),
    ]
    tracking = Tracking()
    for index in range(count):
        yield tracking.follow(seen(index, *turns[index % len(turns)]), trails=2)


def settings_in(folder: Path, **words: object) -> Settings:
    return Settings().changed({"runs": str(folder / "runs"), "part_frames": 4, **words})


def writer_in(folder: Path, **words: object) -> RunWriter:
    return RunWriter(
        settings_in(folder, **words), "My clip.avi", class_names=NAMES, now=lambda: NOON
    )


def fill(
    writer: RunWriter, frames: Iterable[Observation], error: BaseException | None = None
) -> Path:
    with writer:
        for observation in frames:
            writer.add(observation)
        if error is not None:
            raise error
    return writer.folder


def written(folder: Path, frames: int = 10) -> Path:
    return fill(writer_in(folder), story(frames))


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def failing_after(count: int, code: int, real: Callable[..., object]) -> Callable[..., object]:
    """`real`, until it was called so often; then the disk's error."""
    calls = iter(range(count))

    def call(*arguments: object) -> object:
        if next(calls, None) is None:
            raise OSError(code, os.strerror(code))
        return real(*arguments)

    return call
