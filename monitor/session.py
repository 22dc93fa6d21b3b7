"""The live loop: frame -> clean -> attack -> attacked -> drift -> whoever watches.

A session is driven from outside: start, stop, pause, `apply` for settings, `subscribe` for records and
pictures, `broadcast` for the newest picture, `add_sink` for work in the loop. The command line and the
panel are two of its users.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial

from models.detector import Detector, note_of
from models.errors import ModelError
from monitor.aiming import build_aim
from monitor.assembly import build_perturber, build_pipeline, load_detector
from monitor.broadcast import Broadcast
from monitor.config import Settings
from monitor.errors import MonitorError
from monitor.live_source import OpenSource, start_source
from monitor.live_source import open_live as _open_live
from monitor.pace import Pace
from monitor.pipeline import Observation, Pipeline
from monitor.status import SessionState, SessionStatus, trouble_of
from monitor.subscription import MOST_RECORDS, Subscribers, Subscription
from monitor.threads import work_on
from monitor.tracking import Tracking
from monitor.turns import Turns
from streams.clock import Clock, SystemClock
from streams.errors import SourceTimeout, StreamError
from streams.frame import Frame
from streams.health import Health
from streams.producers.visitor import Mailbox
from streams.source import VideoSource

log = logging.getLogger(__name__)

Sink = Callable[[Observation], None]

READ_TIMEOUT = 0.2
"""Seconds; how long a wish to stop, pause or change can wait behind a source that delivers nothing."""


class Session:
    """One source, one pipeline, one thread.

    Parameters
    ----------
    settings : what to do; `apply` changes it.
    turn : held while a frame is worked on; sessions that share a model take turns.
    clock, open_live, load_model : injected for tests.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        turn: AbstractContextManager[object] | None = None,
        clock: Clock | None = None,
        open_live: OpenSource | None = None,
        load_model: Callable[[Settings], Detector] = load_detector,
    ) -> None:
        self._settings = settings
        self._sinks: list[Sink] = []
        self._clock: Clock = clock or SystemClock()
        self.mailbox = Mailbox(self._clock)
        """Where a visitor's pictures arrive, for the source "visitor"."""
        self._open_live: OpenSource = open_live or partial(_open_live, mailbox=self.mailbox)
        self.turn: AbstractContextManager[object] = turn or Turns()
        """Held while a frame is worked on; for others who ask the same model."""
        self._subscribers = Subscribers()
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
        self._tracking = Tracking()
        self._pace = Pace(self._clock)
        self._state = SessionState.NEW
        self._message = ""
        self._frames = 0
        self._late = 0
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
        return self.model.class_names if self.model else ()

    @property
    def model(self) -> Detector | None:
        """The model at work; None before the start."""
        pipeline = self._pipeline
        return pipeline.detector if pipeline else None

    @property
    def pipeline(self) -> Pipeline | None:
        """The step at work; None before the start."""
        return self._pipeline

    @property
    def status(self) -> SessionStatus:
        """A snapshot."""
        with self._wake:
            source, state, now = self._source, self._state, self._clock.monotonic()
            name = source.properties.name if source else ""
            health = source.health if source else Health()
            if state is SessionState.RUNNING and health.outage is not None:
                state = SessionState.RECONNECTING
            halted = state in (SessionState.ENDED, SessionState.FAILED, SessionState.STOPPED)
            return SessionStatus(
                state=state,
                source=name,
                message=self._message,
                frames=self._frames,
                fps=self._pace.rate,
                stages_ms=self._pace.stages_ms,
                trouble="" if halted else trouble_of(health, name, now),
                age_s=None if self._frame is None else now - self._frame.captured_at,
                late=self._late,
                health=health,
            )

    def subscribe(self, *, most: int = MOST_RECORDS) -> Subscription:
        """A listener's place: every frame's record from the next one on, and the newest picture.

        It never slows the loop. `most` records wait for it; see `Subscription`.
        """
        return self._subscribers.add(most)

    def note_stage(self, stage: str, ms: float) -> None:
        """A stage outside the loop took so long on a frame: drawing it, sending it."""
        with self._wake:
            self._pace.note(stage, ms)

    def add_sink(self, sink: Sink) -> None:
        """Call `sink`, in the loop, with every observation from the next one on.

        One that raises is dismissed and named in the status; the loop goes on.
        """
        self._sinks.append(sink)

    def start(self, *, lenient: bool = False) -> None:
        """Load the model, open the source, begin. What fails here is raised here.

        Parameters
        ----------
        lenient : begin without a source where it does not open: the session stands failed and says why, and
            the next `apply` tries again.

        Raises
        ------
        StreamError, ModelError, MonitorError : the source, the model or a setting is no good.
        RuntimeError : started before.
        """
        if self._thread is not None:
            raise RuntimeError("a session starts once; make a new one")
        detector = self._load_model(self._settings)
        self._pipeline = build_pipeline(self._settings, detector)
        try:
            self._source = self._opened(self._settings)
        except StreamError as error:
            if not lenient:
                raise
            self._halt(SessionState.FAILED, str(error))
        else:
            self._say("; ".join(filter(None, (note_of(detector), self._message))))
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
        self._subscribers.end()

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
        ConfigError : an unknown word, a value out of range, an attack that does not exist, a goal or a
            target that the model at work cannot take; nothing changes.
        """
        with self._wake:
            wanted = self._latest().changed(changes)
            # These raise here, where somebody is looking, not in the loop.
            build_perturber(wanted)
            if self.model and _same_model(wanted, self._settings):
                build_aim(wanted.attack, self.model)
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
        work_on(self._settings.detector.threads)
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
            self._late += observation.late
            self._pace.tick(observation.stages_ms)
        self._hand_out(observation)
        if self._settings.run.frames and self._frames >= self._settings.run.frames:
            self._halt(SessionState.ENDED, f"{self._frames} frames done, as asked for")

    def _show_again(self) -> None:
        """The frame that stands, under the settings that hold now; for pictures, not for records."""
        if self._frame is not None and (seen := self._observed(self._frame, again=True)):
            self.broadcast.publish(seen)

    def _observed(self, frame: Frame, *, again: bool = False) -> Observation | None:
        """The frame sent through; None where that failed, and the status says why."""
        assert self._pipeline is not None
        try:
            with self.turn:
                waited = self._clock.monotonic() - frame.captured_at
                seen = self._pipeline.observe(frame)
            seen = replace(seen, stages_ms={"wait": max(0.0, waited) * 1e3, **seen.stages_ms})
            if again:
                return self._tracking.again(seen)
            return self._tracking.follow(seen, trails=self._settings.panel.trails)
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
        self._subscribers.offer(observation)
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
        if wanted.detector.model != self._settings.detector.model:
            self._tracking = Tracking()
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
        """Build the step anew; with a model that does not load or cannot take the goal, stay and say so."""
        assert self._pipeline is not None
        detector, was = self._pipeline.detector, self._settings
        try:
            if not _same_model(wanted, was):
                detector = self._load_model(wanted)
                if note := note_of(detector):
                    self._say(note)
            held = self._pipeline.surrogate
            self._pipeline = build_pipeline(wanted, detector, surrogate=held and held[0])
        except (ModelError, MonitorError) as error:
            self._say(str(error))
            kept = {"detector": was.detector, "model": was.model, "attack": was.attack}
            wanted = wanted.model_copy(update=kept)
            self._pipeline = build_pipeline(wanted, self._pipeline.detector)
        return wanted

    def _opened(self, settings: Settings) -> VideoSource:
        source, note = start_source(settings, self._open_live, self._clock)
        self._say(note)
        return source

    def _halt(self, state: SessionState, message: str) -> None:
        with self._wake:
            self._state, self._message = state, message

    def _say(self, message: str) -> None:
        with self._wake:
            self._message = message


def _same_model(a: Settings, b: Settings) -> bool:
    return (a.detector.model, a.model) == (b.detector.model, b.model)
