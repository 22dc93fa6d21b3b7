"""Real, small evaluations: clips of bright squares, a detector that costs nothing, and what a run came to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from spots import spots

from monitor.config import Settings
from monitor.evaluation.conductor import Conductor
from monitor.evaluation.engines import Engine, Here
from monitor.evaluation.progress import Progress
from monitor.evaluation.request import Prepared, begin, prepare, resumed
from monitor.evaluation.storage import Storage
from monitor.evaluation.suite import suite_of
from streams.writer import VideoFileWriter

SUITE = """
name = "spots"
criteria = ["miss_rate at linf 8/255 <= 0.9"]
[settings]
width = 160
[[attacks]]
attack = "noise"
eps = ["8/255", "24/255"]
[[attacks]]
attack = "square"
queries = 12
eps = "24/255"
"""

MODEL = "spots:SpotDetector"


def clip_of_spots(path: Path, frames: int, seed: int = 0) -> Path:
    """Two squares that wander, about as bright as the detector's threshold."""
    rng = np.random.default_rng(seed)
    at = rng.integers(30, 90, (2, 2)).astype(float)
    step = rng.uniform(-1.5, 1.5, (2, 2))
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoFileWriter(path, size=(160, 120), fps=25.0) as writer:
        for _ in range(frames):
            at = np.clip(at + step, 20, 100)
            places = [(int(x), int(y)) for x, y in at]
            writer.write(spots(places, level=int(rng.integers(150, 190))))
    return path


def base(runs: Path | str, **changes: object) -> Settings:
    """Settings for `SUITE`."""
    return Settings().changed({"model": MODEL, "runs": str(runs), **changes})


def prepared(
    paths: Sequence[Path | str], runs: Path | str, *, suite: str = SUITE, shard_frames: int = 5
) -> Prepared:
    """A run that has its folder and no frame yet."""
    settings = base(runs)
    words = [str(path) for path in paths]
    made = prepare(words, suite_of(suite, "suite"), settings)
    return begin(made, settings, paths=words, truth=None, shard_frames=shard_frames)


def evaluated(
    paths: Sequence[Path | str],
    runs: Path | str,
    *,
    suite: str = SUITE,
    shard_frames: int = 5,
    engine: Engine | None = None,
    heard: list[Progress] | None = None,
) -> Storage:
    """The finished run."""
    tell = (lambda _: None) if heard is None else heard.append
    made = prepared(paths, runs, suite=suite, shard_frames=shard_frames)
    return Conductor(made, engine or Here(), tell).run()


def gone_on(run: Path | str, engine: Engine | None = None) -> Storage:
    """A run that was broken off, finished."""
    made = resumed(str(run))
    return Conductor(made, engine or Here()).run()


def outcome(storage: Storage) -> dict[str, bytes]:
    """What has to be equal: file -> content."""
    names = ["clips.parquet", "conditions.parquet", "summary.json"]
    for folder in ("frames", "objects", "truth", "tracks", "worst"):
        names += [f"{folder}/{name}" for name in storage.names(folder)]
    return {name: storage.read(name) for name in names}
