"""The live loop: frame -> clean -> attack -> attacked -> drift -> whoever watches.

A session is driven from outside: start, stop, pause, `apply` for settings, `broadcast` for pictures,
`add_sink` for records. The command line and the panel are two of its users.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from models.detector import WhiteBoxDetector
from models.errors import ModelError
from models.zoo import load_model
from monitor.assembly import build_perturber, build_pipeline
from monitor.broadcast import Broadcast
from monitor.config import Settings
from monitor.errors import MonitorError
from monitor.pace import Pace
from monitor.pipeline import Observation, Pipeline
from monitor.status import SessionState, SessionStatus
from streams.clock import Clock, SystemClock
from streams.errors import SourceTimeout, StreamError
from streams.frame import Frame
from streams.opening import AUTO, open_source, resolve_auto
from streams.source import VideoSource

log = logging.getLogger(__name__)

Sink = Callable[[Observation], None]
OpenSource = Callable[[Settings, Clock], VideoSource]

READ_TIMEOUT = 0.2
"""Seconds; how long a wish to stop, pause or change can wait behind a source that delivers nothing."""


def open_live(settings: Settings, clock: Clock) -> VideoSource:
    """The source of a live session: released at its own pace, a file over and over if `loop` says so."""
    return open_source(
        settings.stream.source,
        seed=settings.run.seed,
        pace=True,
        loop=settings.stream.loop,
        clock=clock,
    )


class Session:
    """One source, one pipeline, one thread.

    Parameters
    ----------
    settings : what to do; `apply` changes it.
    clock, open_live, load_model : injected for tests.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        open_live: OpenSource = open_live,
        load_model: Callable[[str], WhiteBoxDetector] = load_model,
    ) -> None:
        self._settings = settings
        self._sinks: list[Sink] = []
        self._clock: Clock = clock or SystemClock()
        self._open_live = open_live
        self._load_model = load_model
        self._wake = threading.Condition()
        self._wanted: Settings | None = None
        self._taking: Settings | None = None  # a camera can take seconds to open
        self._paused = False
        self._stopping = False
        self._viewers = 0
        self._unwatched_since = self._clock.monotonic()
        self._thread: threading.Thread | None = None
        self._source: VideoSource | None = None
        self._pipeline: Pipeline | None = None
        self._pace = Pace(self._clock)
        self._state = SessionState.NEW
        self._message = ""
        self._frames = 0
        self._frame: Frame | None = None
        self.broadcast: Broadcast[Observation] = Broadcast()
        """The newest observation, for whoever wants pictures; a slow reader misses some."""

    @property
    def settings(self) -> Settings:
        """The settings that hold from the next frame on."""
        with self._wake:
            return self._latest()

    @property
    def applied(self) -> Settings:
        """The settings under which the newest frame was worked on."""
        return self._settings

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class id -> name of the model at work; empty before the start."""
        pipeline = self._pipeline
        return pipeline.detector.class_names if pipeline else ()

    @property
    def status(self) -> SessionStatus:
        """A snapshot."""
        with self._wake:
            source = self._source
            return SessionStatus(
                state=self._state,
                source=source.properties.name if source else "",
                message=self._message,
                frames=self._frames,
                dropped=source.dropped if source else 0,
                fps=self._pace.rate,
                stages_ms=self._pace.stages_ms,
            )

    def add_sink(self, sink: Sink) -> None:
        """Call `sink`, in the loop, with every observation from the next one on.

        One that raises is dismissed and named in the status; the loop goes on.
        """
        self._sinks.append(sink)

    def start(self) -> None:
        """Load the model, open the source, begin. What fails here is raised here.

        Raises
        ------
        StreamError, ModelError, MonitorError : the source, the model or a setting is no good.
        RuntimeError : started before.
        """
        if self._thread is not None:
            raise RuntimeError("a session starts once; make a new one")
        detector = self._load_model(self._settings.detector.model)
        self._pipeline = build_pipeline(self._settings, detector)
        self._source = self._opened(self._settings)
        self._state = SessionState.RUNNING
        self._unwatched_since = self._clock.monotonic()
        self._thread = threading.Thread(target=self._run, name="camdrift-session", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End the thread and let go of the camera; may be called twice."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                log.warning("the session's thread did not end within %.1f s", timeout)
        elif self._source is not None:
            self._source.close()
        self.broadcast.close()

    def pause(self) -> None:
        """Stand still at this frame."""
        with self._wake:
            self._paused = True
            self._wake.notify_all()

    def resume(self) -> None:
        """Go on."""
        with self._wake:
            self._paused = False
            self._wake.notify_all()

    def apply(self, changes: Mapping[str, object]) -> Settings:
        """Change settings by word; they hold from the next frame on.

        Raises
        ------
        ConfigError : an unknown word, a value out of range, an attack that does not exist; nothing changes.
        """
        with self._wake:
            wanted = self._latest().changed(changes)
            build_perturber(wanted)  # raises here, where somebody is looking, not in the loop
            self._wanted, self._message = wanted, ""
            self._wake.notify_all()
            return wanted

    @contextmanager
    def viewer(self) -> Iterator[None]:
        """While this is open somebody watches, and the session does not fall idle."""
        with self._wake:
            self._viewers += 1
            self._wake.notify_all()
        try:
            yield
        finally:
            with self._wake:
                self._viewers -= 1
                self._unwatched_since = self._clock.monotonic()

    def _latest(self) -> Settings:
        return self._wanted or self._taking or self._settings

    # The rest runs in the session's own thread.

    def _run(self) -> None:
        try:
            while not self._stopping:
                changed = self._take_changes()
                if self._may_work():
                    self._step()
                elif changed and self._state is SessionState.PAUSED:
                    self._show_again()
        finally:
            if self._source is not None:
                self._source.close()
            with self._wake:
                self._state = SessionState.STOPPED

    def _may_work(self) -> bool:
        """False after a wait in which there was nothing to do; the caller looks again."""
        with self._wake:
            held: SessionState
            if self._state in (SessionState.ENDED, SessionState.FAILED):
                held = self._state
            elif self._paused:
                held = SessionState.PAUSED
            elif self._unwatched():
                held = SessionState.IDLE
            else:
                self._move(SessionState.RUNNING)
                return True
            self._move(held)
            if not self._stopping and self._wanted is None:
                self._wake.wait(READ_TIMEOUT)
            return False

    def _unwatched(self) -> bool:
        patience = self._settings.panel.idle_after
        if not patience or self._viewers or self._settings.run.record:
            return False
        return self._clock.monotonic() - self._unwatched_since >= patience

    def _move(self, state: SessionState) -> None:
        was, self._state = self._state, state
        source = self._source
        if source is None or was is state:
            return
        if was is SessionState.RUNNING and state in (SessionState.PAUSED, SessionState.IDLE):
            source.pause()
        elif state is SessionState.RUNNING and was in (SessionState.PAUSED, SessionState.IDLE):
            self._pace.restart()
            source.resume()

    def _step(self) -> None:
        assert self._source is not None
        try:
            self._frame = self._source.read(READ_TIMEOUT)
        except SourceTimeout:
            return
        except StreamError as error:
            self._halt(SessionState.FAILED, str(error))
            return
        except Exception as error:  # a reader hands on whatever its medium throws
            log.exception("the source failed")
            self._fail(error)
            return
        if self._frame is None:
            self._halt(SessionState.ENDED, "the recording is over; choose a source to go on")
            return
        observation = self._observed(self._frame)
        if observation is None:
            return
        with self._wake:
            self._frames += 1
            self._pace.tick(observation.stages_ms)
        self._hand_out(observation)
        if self._settings.run.frames and self._frames >= self._settings.run.frames:
            self._halt(SessionState.ENDED, f"{self._frames} frames done, as asked for")

    def _show_again(self) -> None:
        """The frame that stands, under the settings that hold now; for pictures, not for records."""
        if self._frame is not None and (seen := self._observed(self._frame)) is not None:
            self.broadcast.publish(seen)

    def _observed(self, frame: Frame) -> Observation | None:
        """The frame sent through; None where that failed, and the status says why."""
        assert self._pipeline is not None
        try:
            return self._pipeline.observe(frame)
        except (ModelError, MonitorError) as error:
            self._halt(SessionState.FAILED, str(error))
        except Exception as error:  # the loop must not die silently, whatever a model throws
            log.exception("frame %d could not be worked on", frame.index)
            self._fail(error)
        return None

    def _fail(self, error: Exception) -> None:
        reason = f"unexpected {type(error).__name__}: {error}; see the log"
        self._halt(SessionState.FAILED, reason)

    def _hand_out(self, observation: Observation) -> None:
        self.broadcast.publish(observation)
        for sink in tuple(self._sinks):
            try:
                sink(observation)
            except Exception as error:  # somebody else's code
                log.exception("a sink failed and was dismissed")
                self._sinks.remove(sink)
                self._say(f"a recorder or listener failed and was dismissed: {error}")

    def _take_changes(self) -> bool:
        with self._wake:
            wanted, self._wanted = self._wanted, None
            self._taking = wanted
        if wanted is None:
            return False
        wanted = self._with_source(wanted)
        wanted = self._with_pipeline(wanted)
        with self._wake:
            self._settings, self._taking = wanted, None
        return True

    def _with_source(self, wanted: Settings) -> Settings:
        """Open what is wanted before the old source goes; where it does not open, stay and say so."""
        was = self._settings.stream
        same = wanted.stream.source == was.source and wanted.stream.loop == was.loop
        over = self._state in (SessionState.FAILED, SessionState.ENDED)
        if same and not over:
            return wanted
        if over and self._source is not None:
            self._source.close()  # the same camera could not be opened twice
        try:
            fresh = self._opened(wanted)
        except StreamError as error:
            self._say(str(error))
            return wanted.changed({"source": was.source, "loop": was.loop})
        if self._source is not None:
            self._source.close()
        with self._wake:
            self._source, self._state = fresh, SessionState.RUNNING
            self._frame, self._paused = None, False  # whoever picks a source wants to see it
            self._pace.restart()
        return wanted

    def _with_pipeline(self, wanted: Settings) -> Settings:
        """Build the step anew; where the model does not load, keep the one at work and say so."""
        assert self._pipeline is not None
        detector = self._pipeline.detector
        was = self._settings.detector.model
        if wanted.detector.model != was:
            try:
                detector = self._load_model(wanted.detector.model)
            except ModelError as error:
                self._say(str(error))
                wanted = wanted.changed({"model": was})
        self._pipeline = build_pipeline(wanted, detector)
        return wanted

    def _opened(self, settings: Settings) -> VideoSource:
        spec, note = settings.stream.source, ""
        if spec == AUTO:
            choice = resolve_auto(clock=self._clock)
            spec, note = choice.spec, choice.why
        source = self._open_live(settings.changed({"source": spec}), self._clock)
        try:
            source.start()
        except BaseException:
            source.close()
            raise
        self._say(note)
        return source

    def _halt(self, state: SessionState, message: str) -> None:
        with self._wake:
            self._state, self._message = state, message

    def _say(self, message: str) -> None:
        with self._wake:
            self._message = message
