"""One shard: frames in, rows of the tables out, written whole."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from models.detector import Detector
from models.errors import ModelError
from monitor.assembly import build_pipeline, load_detector
from monitor.errors import MonitorError, RunError
from monitor.evaluation.clips import Clip, fetched
from monitor.evaluation.gathered import PACKED_FRAMES, Gathered
from monitor.evaluation.plan import Shard
from monitor.evaluation.storage import Storage
from monitor.evaluation.suite import Condition
from monitor.evaluation.tables import Row
from monitor.evaluation.truth.attached import Shelf
from monitor.evaluation.truth.boxes import Truth
from monitor.evaluation.truth.matched import ClassIds, truth_rows
from monitor.pipeline import Observation, Pipeline
from monitor.runs.tables import frame_row, object_rows
from monitor.threads import work_on
from streams.errors import StreamError
from streams.frame import Frame
from streams.opening import open_source
from streams.source import VideoSource

SHARDS: Final = "shards"
"""Folder of what is done; gone once the tables are made of it."""

PARTS: Final = ("objects", "truth", "frames")
"""The tables of a shard, in the order in which they are written: the frames vouch for the others."""

READ_TIMEOUT: Final = 60.0
"""Seconds; a file that gives nothing for a minute is broken."""

FACTS: Final = b"camdrift"
"""Key of a frames part's metadata: size and rate of the clip, as JSON."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is told.

    Attributes
    ----------
    shard : what to do.
    clip : whose frames.
    conditions : those of the shard.
    storage : of the run.
    cache : folder on this machine where clips from elsewhere are kept.
    frames : of the clip at most; 0: all.
    aliases : names of the ground truth's classes -> the model's.
    """

    shard: Shard
    clip: Clip
    conditions: tuple[Condition, ...]
    storage: Storage
    cache: Path
    frames: int
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """A shard that was done.

    Attributes
    ----------
    task : which.
    frames : that went through, each once for all conditions.
    trouble : one line where the clip cannot be read; "" where it could.
    """

    task: Task
    frames: int
    trouble: str = ""


@dataclass(slots=True)
class Bench:
    """What a worker keeps from shard to shard: models, the open clip, its pipelines.

    Shards of a clip come in order, so that going on where the last one ended is the rule: decoding costs the
    same a frame however long the clip is.
    """

    _detectors: dict[str, Detector] = field(default_factory=dict)
    _pipelines: dict[int, Pipeline] = field(default_factory=dict)
    _class_ids: dict[tuple[Any, ...], ClassIds] = field(default_factory=dict)
    _shelf: Shelf = field(default_factory=Shelf)
    _truth: Truth | None = None
    _of_clip: tuple[Any, ...] = ()
    _source: VideoSource | None = None
    _next: int = 0

    def do(self, task: Task, tell: Callable[[], None] = lambda: None) -> Done:
        """Work a shard out and write it.

        Parameters
        ----------
        task : what to do.
        tell : called after every frame.

        Raises
        ------
        ModelError, MonitorError : what would be the same with every clip.
        """
        shard = task.shard
        work_on(task.conditions[0].settings.detector.threads)
        rows = Gathered(PARTS, len(task.conditions))
        facts: dict[str, Any] = {}
        frames = 0
        try:
            pipelines = self._pipelines_of(task)
            for frame in self._frames(task):
                self._one(task, pipelines, frame, rows, facts)
                frames += 1
                if frames % PACKED_FRAMES == 0:
                    rows.pack()
                tell()
        except (StreamError, RunError) as error:  # the clip, its ground truth, its server
            self.close()
            return Done(task, 0, str(error))
        except (ModelError, MonitorError) as error:
            self.close()
            error.add_note(f"clip {task.clip.name}, frame {shard.first + frames}")
            raise
        except BaseException:
            self.close()
            raise
        for name in PARTS:
            table = rows.table(name)
            if name == "frames":
                table = table.replace_schema_metadata({FACTS: json.dumps(facts).encode()})
            task.storage.write(f"{SHARDS}/{name}/{shard.name}.parquet", parquet(table))
        if shard.end is None:
            self.close()  # the clip is over; in a long-lived process it would stay open
        return Done(task, frames)

    def close(self) -> None:
        """Let go of the clip."""
        if self._source is not None:
            self._source.close()
        self._source, self._of_clip, self._truth = None, (), None
        self._pipelines.clear()

    def _one(
        self,
        task: Task,
        pipelines: Sequence[Pipeline],
        frame: Frame,
        rows: Gathered,
        facts: dict[str, Any],
    ) -> None:
        wants = any(pipeline.perturber.needs_gradient for pipeline in pipelines)
        whole = frame.size
        frame, opening = pipelines[0].open(frame, with_gradient=wants)
        assert self._source is not None
        facts.setdefault("size", list(frame.size))
        facts.setdefault("fps", self._source.properties.fps)
        truth = frame.truth if task.clip.own_truth else None
        if task.clip.truth is not None:
            if self._truth is None:
                self._truth = task.clip.truth.opened(whole, shelf=self._shelf)
            number = task.clip.frame_number(frame, self._source.properties.fps)
            truth = self._truth.at(number, frame.size)
        for place, (condition, pipeline) in enumerate(zip(task.conditions, pipelines, strict=True)):
            seen = pipeline.observe(frame, opening)
            keys = {"clip": task.clip.number, "condition": condition.number}
            names = pipeline.detector.class_names
            rows.add("frames", place, [{**keys, **frame_row(seen)}])
            both = zip(object_rows(seen, names), _indexes(seen), strict=True)
            rows.add("objects", place, ({**keys, **row, **more} for row, more in both))
            if truth is not None:
                found = truth_rows(
                    truth,
                    seen.clean,
                    seen.attacked,
                    class_names=self._ids(task, condition.model, names),
                    iou=pipeline.iou,
                    frame=frame.index,
                )
                rows.add("truth", place, ({**keys, **row} for row in found))

    def _pipelines_of(self, task: Task) -> list[Pipeline]:
        clip = task.clip
        if self._of_clip != (clip.number, clip.name, task.storage.url):
            self.close()
            self._of_clip = clip.number, clip.name, task.storage.url
        made = []
        for condition in task.conditions:
            held = self._pipelines.get(condition.number)
            if held is None:
                detector = self._detector(condition)
                held = build_pipeline(condition.settings, detector, clip.stream)
                if not condition.carried:
                    self._pipelines[condition.number] = held
            made.append(held)
        return made

    def _ids(self, task: Task, model: str, names: Sequence[str]) -> ClassIds:
        key = model, *sorted(task.aliases.items())
        if key not in self._class_ids:
            self._class_ids[key] = ClassIds(names, task.aliases)
        return self._class_ids[key]

    def _detector(self, condition: Condition) -> Detector:
        settings = condition.settings
        key = settings.detector.model_dump_json() + settings.model.model_dump_json()
        if key not in self._detectors:
            self._detectors[key] = load_detector(settings)
        return self._detectors[key]

    def _frames(self, task: Task) -> Iterator[Frame]:
        """The shard's frames; what lies before them is read and let go of."""
        shard, most = task.shard, task.frames
        end = shard.end
        if most:
            end = most if end is None else min(end, most)
        if self._source is None or self._next > shard.first:
            if self._source is not None:
                self._source.close()
            self._source = open_source(fetched(task.clip, task.cache), seed=task.clip.seed)
            self._source.start()
            self._next = 0
        while end is None or self._next < end:
            frame = self._source.read(READ_TIMEOUT)
            if frame is None:
                self._next = 1 << 62  # whoever asks next has to open it again
                return
            self._next = frame.index + 1
            if frame.index >= shard.first:
                yield frame


@cache
def bench() -> Bench:
    """The one of this process: a model is loaded once, whatever number of shards come."""
    return Bench()


def work(task: Task) -> Done:
    """A shard, in whatever process this is."""
    return bench().do(task)


def parquet(table: pa.Table) -> bytes:
    """A table as a Parquet file; the same table, the same bytes."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _indexes(seen: Observation) -> Iterator[Row]:
    for thing in seen.drift.objects:
        yield {"clean_index": thing.clean_index, "attacked_index": thing.attacked_index}
