"""A live session into run folders: one for each condition, so that no table mixes two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from monitor.config import Settings
from monitor.filming import begin_film, finish_film
from monitor.pipeline import Observation, Pipeline
from monitor.report import write_report
from monitor.runs import RunWriter
from monitor.session import Session
from monitor.video import Film
from streams.opening import input_file


class Recorder:
    """A sink of a session that writes run folders; a change of settings begins another one.

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
        self._writer: RunWriter | None = None
        self._film: Film | None = None
        self._pipeline: Pipeline | None = None
        self._condition: tuple[str, Settings] | None = None

    def __call__(self, seen: Observation) -> None:
        """Add one frame; called in the session's thread.

        Raises
        ------
        RunError : the disk does not take it.
        """
        condition = seen.frame.source, _condition(self._session.applied)
        if self._writer is None or condition != self._condition:
            self.close()
            self._writer, self._condition = self._begun(seen), condition
            self._pipeline = self._session.pipeline
            if self._pipeline is not None:
                self._film = begin_film(
                    self._writer, self._session.applied, self._pipeline, wait=False
                )
        self._writer.add(seen)
        if self._film is not None:
            self._film.add(seen)

    def close(self) -> None:
        """Finish the folder at work, report included; harmless where there is none.

        Raises
        ------
        RunError : the disk does not take it; what was written whole stays in the partial folder.
        """
        writer, self._writer = self._writer, None
        film, self._film = self._film, None
        if writer is None:
            return
        with writer:
            if film is not None and self._pipeline is not None and self._condition is not None:
                finish_film(film, writer, self._condition[1], self._pipeline.detector)
            write_report(writer.complete())
            self._on_finished(writer.finish())

    def _begun(self, seen: Observation) -> RunWriter:
        settings = self._session.applied
        file = input_file(settings.stream.source)
        return RunWriter(
            settings,
            seen.frame.source,
            class_names=self._session.class_names,
            input_file=file if file is not None and file.is_file() else None,
            command=self._command,
        )


def _condition(settings: Settings) -> Settings:
    """What a run is made under: all but how it is looked at."""
    return settings.model_copy(update={"panel": Settings().panel})
