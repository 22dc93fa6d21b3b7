"""A live session into run folders: one for each condition, so that no table mixes two."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.config import Settings
from monitor.filming import begin_film, finish_film
from monitor.pipeline import Observation, Pipeline
from monitor.report import write_report
from monitor.runs import RunWriter
from monitor.runs.writer import PARTIAL
from monitor.session import Session
from monitor.video import Film
from streams.opening import input_file

log = logging.getLogger(__name__)


JUDGED_LIVE: Final = 100
"""Frames of a video that the detector is asked about once more, beside a session or at its end: some 5 s."""


class Recorder:
    """A sink of a session that writes run folders; a change of settings begins another one.

    A folder with a video is finished in a thread of its own, for that reads the whole file again.

    Parameters
    ----------
    session : whose frames these are.
    command : the command line, for the manifest.
    on_finished : called with each run folder that is done.
    """

    def __init__(
        self,
        session: Session,
        *,
        command: Sequence[str] = (),
        on_finished: Callable[[Path], None] = lambda _: None,
    ) -> None:
        self._session = session
        self._command = tuple(command)
        self._on_finished = on_finished
        self._take: _Take | None = None
        self._condition: tuple[str, Settings] | None = None
        self._finishing: list[threading.Thread] = []
        self._errors: list[Exception] = []

    def __call__(self, seen: Observation) -> None:
        """Add one frame; called in the session's thread.

        Raises
        ------
        RunError : the disk does not take it.
        """
        condition = seen.frame.source, _condition(self._session.applied)
        if self._take is None or condition != self._condition:
            self._end_take()
            self._take, self._condition = self._begun(seen), condition
        self._take.writer.add(seen)
        if self._take.film is not None:
            self._take.film.add(seen)

    @property
    def run(self) -> str:
        """The name of the run that is written now; "" before the first frame."""
        take = self._take
        return "" if take is None else take.writer.folder.name.removesuffix(PARTIAL)

    @property
    def frames(self) -> int:
        """Frames in that run."""
        take = self._take
        return 0 if take is None else take.writer.frames

    def close(self) -> None:
        """Finish the folder at work, report included, and wait for those before; harmless without one.

        Raises
        ------
        RunError : the disk does not take it; what was written whole stays in the partial folder.
        """
        self._end_take()
        for thread in self._finishing:
            thread.join()
        self._finishing.clear()
        if self._errors:
            raise self._errors.pop(0)

    def _end_take(self) -> None:
        take, self._take = self._take, None
        if take is None:
            return
        if take.film is None:
            self._finish(take)
            return
        thread = threading.Thread(target=self._try_to_finish, args=(take,), name="camdrift-finish")
        self._finishing = [*filter(threading.Thread.is_alive, self._finishing), thread]
        thread.start()

    def _try_to_finish(self, take: _Take) -> None:
        try:
            self._finish(take)
        except Exception as error:  # noqa: BLE001 - told at `close`, where somebody listens
            log.warning("a recording could not be finished: %s", error)
            self._errors.append(error)

    def _finish(self, take: _Take) -> None:
        with take.writer as writer:
            finish_film(
                take.film,
                writer,
                take.settings,
                take.pipeline.detector,
                most=JUDGED_LIVE,
                turn=self._session.turn,
            )
            write_report(writer.complete())
            self._on_finished(writer.finish())

    def _begun(self, seen: Observation) -> _Take:
        settings, pipeline = self._session.applied, self._session.pipeline
        assert pipeline is not None  # it has just seen a frame
        file = input_file(settings.stream.source)
        writer = RunWriter(
            settings,
            seen.frame.source,
            class_names=self._session.class_names,
            input_file=file if file is not None and file.is_file() else None,
            command=self._command,
        )
        film = begin_film(writer, settings, pipeline, wait=False)
        return _Take(writer, film, settings, pipeline)


@dataclass(frozen=True, slots=True)
class _Take:
    """One folder at work, and what it is made with."""

    writer: RunWriter
    film: Film | None
    settings: Settings
    pipeline: Pipeline


def _condition(settings: Settings) -> Settings:
    """What a run is made under: all but how it is looked at."""
    return settings.model_copy(update={"panel": Settings().panel})
