"""An evaluation from its beginning, or from where it was broken off, to its report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from monitor.errors import RunError
from monitor.evaluation.clips import Clip
from monitor.evaluation.closing import CLOSED, Closing, close_clip, merge, write_lists
from monitor.evaluation.engines import Engine
from monitor.evaluation.estimate import Estimate, estimated
from monitor.evaluation.figures.summary import summarise
from monitor.evaluation.hashes import seal
from monitor.evaluation.lock import LOCK, locked
from monitor.evaluation.opened import MANIFEST, SUMMARY, Evaluation
from monitor.evaluation.plan import Shard, shards_of
from monitor.evaluation.progress import Progress, Tell
from monitor.evaluation.request import Prepared
from monitor.evaluation.storage import Storage
from monitor.evaluation.worker import SHARDS, Done, Task, work
from monitor.evaluation.worst import write_worst
from monitor.report.evaluation import write_evaluation_report
from monitor.runs.whole import disk_error, sync_folder

PARTIAL: Final = ".partial"


@dataclass(slots=True)
class Conductor:
    """Has shards done, tables made of them, figures of those, and a report of these.

    Every step looks at what is there already, so that a run which was ended between any two system calls goes
    on with the same outcome.

    Attributes
    ----------
    prepared : what is to be done; its manifest is in the folder.
    engine : who does it.
    tell : called with all news.
    clock : in seconds.
    """

    prepared: Prepared
    engine: Engine
    tell: Tell = lambda _: None
    clock: Callable[[], float] = time.monotonic
    _failed: dict[int, str] = field(default_factory=dict)
    _counted: dict[int, int | None] = field(init=False)

    def __post_init__(self) -> None:
        self._counted = {clip.number: frames for clip, frames in self.prepared.clips}

    def run(self) -> Storage:
        """Everything that is left to do; the finished folder.

        Raises
        ------
        RunError : the folder cannot be written, or a worker died again and again.
        ModelError, MonitorError : a model or an attack failed; the folder can be resumed.
        """
        prepared = self.prepared
        storage = prepared.storage
        with locked(storage.local), tempfile.TemporaryDirectory(prefix="camdrift-") as cache:
            if prepared.manifest["status"] == "finished":
                return self._named(storage)  # all but the last step was done
            try:
                self._work(Path(cache))
                self._close()
                return self._finish(Path(cache))
            except BaseException as error:
                if "--resume" not in str(error):
                    error.add_note(f"`camdrift evaluate --resume {storage.url}` goes on")
                raise

    def _work(self, cache: Path) -> None:
        """All shards that are not there."""
        prepared = self.prepared
        storage = prepared.storage
        there = set(storage.names(f"{SHARDS}/frames"))
        closed = self._closed()
        counted = self._counted
        total = None if None in counted.values() else sum(n or 0 for n in counted.values())
        own = {one.number: one for one in prepared.conditions}
        left: dict[int, int] = {}
        frames = ended = 0

        def todo() -> Iterator[Task]:
            for clip, _ in prepared.clips:
                for shard in self._shards(clip):
                    if clip.number in closed or f"{shard.name}.parquet" in there:
                        continue
                    if clip.number in self._failed:
                        break
                    conditions = tuple(own[number] for number in shard.conditions)
                    yield Task(
                        *(shard, clip, conditions, storage, cache, prepared.most_frames),
                        aliases=prepared.suite.aliases,
                    )

        for clip, _ in prepared.clips:
            missing = [
                shard for shard in self._shards(clip) if f"{shard.name}.parquet" not in there
            ]
            left[clip.number] = 0 if clip.number in closed else len(missing)
            ended += not left[clip.number]
        groups = max(1, len({shard.conditions for shard in self._shards(prepared.clips[0][0])}))
        before = self._frames_there(there, closed, groups)
        began = self.clock()
        self._say(ended, before, total, 0.0)
        for done in self.engine.run(work, todo()):
            assert isinstance(done, Done)
            number = done.task.clip.number
            if done.trouble:
                ended += bool(left[number])
                self._failed[number] = done.trouble
                left[number] = 0
            elif left[number]:
                left[number] -= 1
                ended += not left[number]
                frames += done.frames
            spent = self.clock() - began
            rate = frames / groups / spent if spent > 0 else 0.0
            self._say(ended, before + frames // groups, total, rate)

    def _close(self) -> None:
        """The tables of every clip."""
        prepared = self.prepared
        there = self._closed()
        todo = [
            Closing(
                clip,
                tuple(prepared.conditions),
                tuple(self._shards(clip)),
                prepared.class_names,
                prepared.storage,
            )
            for clip, _ in prepared.clips
            if clip.number not in there and clip.number not in self._failed
        ]
        done = len(there)
        for _ in self.engine.run(close_clip, todo):
            done += 1
            self.tell(Progress("tables", done, len(prepared.clips), failed=len(self._failed)))

    def _finish(self, cache: Path) -> Storage:
        """Parts, lists, worst frames, figures, verdicts, report, seal, name."""
        prepared, storage = self.prepared, self.prepared.storage
        clips = {clip.number: clip for clip, _ in prepared.clips}
        good = [number for number in clips if number not in self._failed]
        rows = [storage.read_json(f"{CLOSED}/facts/c{number:06d}.json") for number in good]
        good = [row["clip"] for row in rows if row["frames"]]
        for row in rows:
            if not row["frames"]:
                self._failed[row["clip"]] = (
                    f"{row['name']}: holds no frame; check that the file plays"
                )
        if not good:
            reason = next(iter(self._failed.values()), "there was none")
            raise RunError(f"not one clip could be read: {reason}")
        merge(storage, good)
        write_lists(storage, [row for row in rows if row["frames"]], prepared.conditions)
        manifest = self._manifest(rows)
        run = Evaluation(storage, manifest)
        self.tell(Progress("figures", len(good), len(clips), failed=len(self._failed)))
        detectors = prepared.detectors()
        worst = write_worst(run, clips, prepared.conditions, detectors, cache)
        summary = summarise(run, worst=worst)
        storage.write_json(SUMMARY, summary)
        self.tell(Progress("report", len(good), len(clips), failed=len(self._failed)))
        # The report tells the seal, so that who signs it signs for these tables. The manifest comes last:
        # once it says that the run is finished nothing else is missing.
        sealed = seal(storage, manifest)
        write_evaluation_report(Evaluation(storage, sealed), summary)
        storage.write_json(MANIFEST, sealed)
        return self._named(storage)

    def _manifest(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        hashes = {row["name"]: (row["sha256"], row["truth_sha256"]) for row in rows}
        manifest = self.prepared.manifest
        clips = []
        for clip in manifest["clips"]:
            own, truth = hashes.get(clip["name"], ("", ""))
            clips.append({**clip, "sha256": own, "truth_sha256": truth})
        names = {clip.number: clip.name for clip, _ in self.prepared.clips}
        failed = [
            *self.prepared.unreadable,
            *({"name": names[n], "reason": why} for n, why in sorted(self._failed.items())),
        ]
        return {
            **manifest,
            "status": "finished",
            "finished_utc": self.prepared.now().isoformat(timespec="seconds"),
            "clips": clips,
            "failed": failed,
        }

    def _named(self, storage: Storage) -> Storage:
        """Without what it was made from, and on a disk under its final name."""
        for folder in (SHARDS, CLOSED):
            storage.remove(folder)
        place = storage.local
        if place is None or not place.name.endswith(PARTIAL):
            return storage
        (place / LOCK).unlink(missing_ok=True)
        final = place.with_name(place.name.removesuffix(PARTIAL))
        try:
            place.rename(final)
            sync_folder(final.parent)
        except OSError as error:
            raise disk_error(error, place / MANIFEST) from error
        return replace(storage, url=str(final))

    def _shards(self, clip: Clip) -> Iterator[Shard]:
        frames = self._counted[clip.number]
        return shards_of(clip.number, frames, self.prepared.conditions, self.prepared.shard_frames)

    def _closed(self) -> set[int]:
        """Numbers of the clips whose tables are whole."""
        names = self.prepared.storage.names(f"{CLOSED}/facts")
        return {int(name[1:7]) for name in names}

    def _frames_there(self, there: set[str], closed: set[int], groups: int) -> int:
        frames = 0
        for clip, _ in self.prepared.clips:
            count = self._counted[clip.number] or 0
            if clip.number in closed:
                frames += count
                continue
            for shard in self._shards(clip):
                if f"{shard.name}.parquet" in there:
                    frames += ((shard.end or count) - shard.first) // groups
        return frames

    def _say(self, ended: int, frames: int, total: int | None, rate: float) -> None:
        remaining = None
        if total is not None and rate > 0:
            remaining = max(0.0, (total - frames) / rate)
        clips = len(self.prepared.clips)
        self.tell(
            Progress("frames", ended, clips, frames, total, rate, remaining, len(self._failed))
        )


def cost(prepared: Prepared) -> Estimate:
    """What a run will cost; see `estimated`."""
    with tempfile.TemporaryDirectory(prefix="camdrift-") as cache:
        return estimated(prepared.clips, prepared.conditions, prepared.detectors(), Path(cache))
