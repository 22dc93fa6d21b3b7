"""What an evaluation will cost, by timing a few frames of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.detector import Detector
from monitor.assembly import build_pipeline
from monitor.evaluation.clips import Clip, fetched
from monitor.evaluation.plan import MOST_FRAMES, groups
from monitor.evaluation.suite import Condition
from monitor.evaluation.worker import READ_TIMEOUT
from monitor.threads import work_on
from streams.errors import StreamError
from streams.frame import Frame
from streams.opening import open_source

FRAMES: Final = 3
"""That are timed, after one that compiles and is not."""

_SHARD_S: Final = 20.0
"""Seconds that a shard is to take: what is lost with a worker, and how often news comes."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The cost of a run, before it begins.

    Attributes
    ----------
    frames : of all clips, each once; None: some clip does not say.
    forwards : passes, forwards and backwards, over all conditions, by the frames tried; None as above.
    seconds : of work, on one worker; None as above.
    frame_s : seconds a frame takes under all conditions.
    condition_s : number of the condition -> seconds a frame takes under it, the clean answer not counted.
    """

    frames: int | None
    forwards: int | None
    seconds: float | None
    frame_s: float
    condition_s: dict[int, float]

    @property
    def shard_frames(self) -> int:
        """Frames a shard is to have."""
        return max(4, min(MOST_FRAMES, int(_SHARD_S / max(self.frame_s, 1e-6))))


def estimated(
    clips: Sequence[tuple[Clip, int | None]],
    conditions: Sequence[Condition],
    detectors: dict[str, Detector],
    cache: Path,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Estimate:
    """Time every condition on the first frames of the first clip that can be read.

    Parameters
    ----------
    clips : with the frames that each is said to have.
    conditions : of the suite.
    detectors : model -> the model, loaded.
    cache : folder for clips from elsewhere.
    clock : in seconds; injected for tests.

    Raises
    ------
    ModelError, MonitorError : what would end the run: an attack that the model cannot take, for example.
    """
    frames = _first_frames(clips, cache)
    spent: dict[int, float] = {}
    passes = 0.0
    shared = 0.0
    for group in groups(conditions):
        work_on(group[0].settings.detector.threads)
        pipelines = [
            build_pipeline(one.settings, detectors[one.model], clips[0][0].stream) for one in group
        ]
        wants = any(pipeline.perturber.needs_gradient for pipeline in pipelines)
        for number, frame in enumerate(frames):
            began = clock()
            scaled, opening = pipelines[0].open(frame, with_gradient=wants)
            opened = clock()
            shared += (opened - began) * (number > 0)
            for condition, pipeline in zip(group, pipelines, strict=True):
                since = clock()
                seen = pipeline.observe(scaled, opening)
                if number:
                    spent[condition.number] = spent.get(condition.number, 0.0) + clock() - since
                    passes += seen.counts.forwards + seen.counts.backwards
    timed = max(len(frames) - 1, 1)
    condition_s = {number: seconds / timed for number, seconds in spent.items()}
    frame_s = sum(condition_s.values()) + shared / timed
    counted = [count for _, count in clips]
    total = None if None in counted else sum(count or 0 for count in counted)
    return Estimate(
        frames=total,
        forwards=None if total is None else round(total * passes / timed),
        seconds=None if total is None else total * frame_s,
        frame_s=frame_s,
        condition_s=condition_s,
    )


def _first_frames(clips: Sequence[tuple[Clip, int | None]], cache: Path) -> list[Frame]:
    for clip, _ in clips:
        found: list[Frame] = []
        try:
            with open_source(fetched(clip, cache), seed=clip.seed) as source:
                while len(found) <= FRAMES and (frame := source.read(READ_TIMEOUT)) is not None:
                    found.append(frame)
        except StreamError:
            continue  # the run itself will tell
        if found:
            return found if len(found) > 1 else found * 2
    return []
