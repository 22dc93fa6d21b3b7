"""Writing a run folder: parts while frames come, the summary at the end, the final name last of all."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from monitor.config import Settings
from monitor.errors import RunError
from monitor.pipeline import Observation
from monitor.runs.manifest import build_manifest
from monitor.runs.tables import SCHEMAS, Row, frame_row, object_rows, timing_row, track_rows
from monitor.runs.whole import disk_error, sync_folder, write_json, write_whole
from monitor.runs.worst import WorstFrames
from monitor.summary import Summariser
from streams.naming import without_credentials

PARTIAL: Final = ".partial"
MANIFEST: Final = "manifest.json"
SUMMARY: Final = "summary.json"

_SLUG_LENGTH = 40
_BY_FRAME: Final = ("objects", "timings", "frames")
"""The tables that grow with the frames, in the order in which a part of each is written."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class RunWriter:
    """One run folder, `<runs>/<utc>-<name>/`; until `finish` it is called `<utc>-<name>.partial`.

    A context manager: left in peace it finishes, left by an exception it keeps what it has in the
    partial folder and notes there why. Not for two threads at once.

    Parameters
    ----------
    settings : of the run; `run.runs` is the folder that run folders are made in.
    source : what frames come from ("clip.avi", "scene:portrait"); gives the folder its name.
    class_names : class id -> name, for the objects table.
    input_file : the file that frames come from, to be hashed; None for a scene or a camera.
    command : the command line, for the manifest; secrets are removed.
    now : the wall clock, aware; injected for tests.

    Raises
    ------
    RunError : the folder cannot be made or written; the message says why and what to do.
    """

    def __init__(
        self,
        settings: Settings,
        source: str,
        *,
        class_names: Sequence[str],
        input_file: Path | None = None,
        command: Sequence[str] = (),
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._settings = settings
        self._class_names = tuple(class_names)
        self._now = now
        shown = without_credentials(source)
        self._summariser = Summariser(settings, shown, self._class_names)
        self._worst = WorstFrames(settings.attack.goal)
        self._rows: dict[str, list[Row]] = {table: [] for table in _BY_FRAME}
        self._parts = 0
        self._attached: dict[str, object] = {}
        self._complete = False
        self._final: Path | None = None
        started = now()
        root = Path(settings.run.runs)
        self._folder = reserve(root, f"{started:%Y%m%dT%H%M%SZ}-{slug(shown)}")
        try:
            self._manifest = build_manifest(
                settings,
                name=self._folder.name.removesuffix(PARTIAL),
                source=shown,
                input_file=input_file,
                command=command,
                started=started,
            )
            write_json(self._folder / MANIFEST, self._manifest)
        except BaseException:
            with contextlib.suppress(OSError):
                self._folder.rmdir()  # only an empty one goes
            raise

    @property
    def folder(self) -> Path:
        """Where the run lies now."""
        return self._final or self._folder

    @property
    def frames(self) -> int:
        """Frames added."""
        return self._summariser.frames

    def attach(self, key: str, value: object) -> None:
        """Put something more into the summary, before `complete`."""
        self._attached[key] = value

    def add(self, seen: Observation) -> None:
        """Add one frame; every `part_frames` frames a part goes to the disk.

        Raises
        ------
        RunError : the disk does not take the part.
        ModelOutputError : a score outside [0, 1].
        ValueError : the run is complete.
        """
        if self._complete:
            raise ValueError("a complete run takes no more frames; make a new one")
        self._summariser.update(seen)
        self._worst.offer(seen)
        self._rows["frames"].append(frame_row(seen))
        self._rows["objects"] += object_rows(seen, self._class_names)
        self._rows["timings"].append(timing_row(seen))
        if len(self._rows["frames"]) >= self._settings.run.part_frames:
            self._flush()

    def complete(self) -> Path:
        """Write what is left, tracks, worst frames and summary; the folder keeps its partial name.

        Between `complete` and `finish` is the time to put more files into the folder.

        Raises
        ------
        RunError : the disk does not take it, or not a single frame was added.
        """
        if self._complete:
            return self._folder
        if not self.frames:
            raise RunError(f"{self._folder}: not a single frame to write; check the source")
        if self._rows["frames"]:
            self._flush()
        self._write_part("tracks", list(track_rows(self._summariser.tracks, self._class_names)), 0)
        amplify = self._settings.panel.amplify
        worst = self._worst.save(self._folder, self._class_names, amplify)
        summary = {**self._summariser.summary(), **self._attached, "worst_frames": worst}
        write_json(self._folder / SUMMARY, summary)
        self._set_status("finished")
        self._complete = True
        return self._folder

    def finish(self) -> Path:
        """`complete`, then give the folder its final name and return it; may be called twice.

        Raises
        ------
        RunError : as `complete`.
        """
        if self._final is None:
            self.complete()
            final = self._folder.with_name(self._folder.name.removesuffix(PARTIAL))
            try:
                self._folder.rename(final)
                sync_folder(final.parent)
            except OSError as error:
                raise disk_error(error, self._folder / MANIFEST) from error
            self._final = final
        return self._final

    def __enter__(self) -> Self:
        """The writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish, or note why not."""
        if error is None:
            self.finish()
        elif self._final is None:
            self._give_up(error)

    def _flush(self) -> None:
        """Write one part of each table; frames last, so that a part of it vouches for the others."""
        for table in _BY_FRAME:
            self._write_part(table, self._rows[table], self._parts)
        for kept in self._rows.values():
            kept.clear()
        self._parts += 1

    def _write_part(self, table: str, rows: list[Row], number: int) -> None:
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMAS[table]), sink, compression="zstd")
        content = sink.getvalue().to_pybytes()
        write_whole(self._folder / table / f"part-{number:05d}.parquet", content)

    def _give_up(self, error: BaseException) -> None:
        """Save what can be saved; the error that brought us here is the one that counts."""
        with contextlib.suppress(RunError):
            # On a full disk another part would not fit either.
            if self._rows["frames"] and not isinstance(error, RunError):
                self._flush()
            failed = not isinstance(error, KeyboardInterrupt)
            self._manifest["error"] = f"{type(error).__name__}: {error}" if failed else None
            self._set_status("failed" if failed else "interrupted")
        if str(self._folder) not in str(error):
            error.add_note(f"unfinished run: {self._folder}")

    def _set_status(self, status: str) -> None:
        finished = self._now().isoformat(timespec="seconds")
        self._manifest |= {"status": status, "finished_utc": finished, "frames": self.frames}
        write_json(self._folder / MANIFEST, self._manifest)


def slug(source: str) -> str:
    """A file name made of a source's name: "My clip.avi" -> "my-clip"."""
    name = re.split(r"[/\\]", source)[-1]
    stem = name.rpartition(".")[0] or name
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:_SLUG_LENGTH].strip("-") or "run"


def reserve(root: Path, name: str) -> Path:
    """A new partial folder of that name, or of that name and a number."""
    number = 1
    while True:
        final = root / (name if number == 1 else f"{name}-{number}")
        partial = final.with_name(final.name + PARTIAL)
        number += 1
        try:
            root.mkdir(parents=True, exist_ok=True)
            partial.mkdir()
        except FileExistsError as error:
            if not root.is_dir():
                raise disk_error(error, root) from error
            continue
        except OSError as error:
            raise disk_error(error, root) from error
        # Looked at after the folder was made: another run may have taken the name just before.
        if not final.exists():
            return partial
        partial.rmdir()
