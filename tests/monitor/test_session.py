"""The live loop: it starts, changes, pauses, falls idle, fails and ends as it says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from stills import PATIENCE, Stills, running, settings, until

from models.centerface import CenterFace
from models.classifier import WholeFrame
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.pipeline import Observation
from monitor.session import Session
from monitor.status import SessionState
from streams.clock import Clock
from streams.errors import SourceNotFound, SourceUnreadable
from streams.producers.producer import Picture
from streams.source import VideoSource

pytestmark = pytest.mark.timeout(30)


def next_where(session: Session, holds: Callable[[Observation], bool]) -> Observation:
    serial, _ = session.broadcast.newest()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        newer = session.broadcast.wait(serial, 1.0)
        if newer is not None:
            serial, observation = newer
            if holds(observation):
                return observation
    raise AssertionError("no such frame came")


def test_both_answers_and_their_drift_come_out(faces: CenterFace, photograph: np.ndarray) -> None:
    with running(faces, lambda: Stills(photograph), attack="pgd") as session:
        seen = next_where(session, lambda _: True)
    assert len(seen.clean) == 1
    assert seen.success is True
    assert seen.drift.objects[0].outcome == "missed"
    assert not np.array_equal(seen.frame.pixels, seen.attacked_pixels)
    assert list(seen.stages_ms) == [
        *("wait", "scale", "clean", "attack", "attacked", "drift", "margin")
    ]
    assert all(ms >= 0 for ms in seen.stages_ms.values())


def test_a_change_holds_from_a_later_frame_on_without_a_restart(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    with running(faces, lambda: Stills(photograph)) as session:
        assert next_where(session, lambda _: True).distances.linf == pytest.approx(4 / 255)
        session.apply({"eps": "9/255"})
        assert session.settings.attack.eps == pytest.approx(9 / 255)
        assert next_where(
            session, lambda o: o.distances.linf > 5 / 255
        ).distances.linf == pytest.approx(9 / 255)
        session.apply({"attack": "none"})
        untouched = next_where(session, lambda o: o.distances.linf == 0)
        assert untouched.success is None
        assert np.array_equal(untouched.frame.pixels, untouched.attacked_pixels)


@pytest.mark.parametrize(
    "change", [{"eps": "lots"}, {"attack": "fgms"}, {"goal": "hide"}, {"colour": 1}, {"steps": 0}]
)
def test_a_bad_change_is_refused_where_it_is_made_and_nothing_changes(
    faces: CenterFace, photograph: np.ndarray, change: dict[str, object]
) -> None:
    with running(faces, lambda: Stills(photograph)) as session:
        before = session.settings
        with pytest.raises(ConfigError):
            session.apply(change)
        assert session.settings == before
        next_where(session, lambda _: True)


def test_pause_stands_still_and_resume_goes_on(faces: CenterFace, photograph: np.ndarray) -> None:
    with running(faces, lambda: Stills(photograph)) as session:
        next_where(session, lambda _: True)
        session.pause()
        until(lambda: session.status.state is SessionState.PAUSED)
        serial, _ = session.broadcast.newest()
        assert session.broadcast.wait(serial, 0.3) is None
        session.resume()
        assert session.broadcast.wait(serial, PATIENCE) is not None
        assert session.status.state is SessionState.RUNNING


def test_a_change_while_paused_shows_on_the_frame_that_stands(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    recorded: list[int] = []
    with running(faces, lambda: Stills(photograph)) as session:
        session.add_sink(lambda seen: recorded.append(seen.frame.index))
        next_where(session, lambda _: True)
        session.pause()
        until(lambda: session.status.state is SessionState.PAUSED)
        _, standing = session.broadcast.newest()
        session.apply({"eps": "9/255"})
        again = next_where(session, lambda o: o.distances.linf > 5 / 255)
        assert standing is not None
        assert again.frame.index == standing.frame.index
        assert session.status.state is SessionState.PAUSED
        assert recorded.count(standing.frame.index) == 1


def test_nobody_watching_makes_it_idle_and_a_viewer_wakes_it(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    with running(faces, lambda: Stills(photograph), idle_after=0.05) as session:
        until(lambda: session.status.state is SessionState.IDLE)
        frames = session.status.frames
        with session.viewer():
            until(lambda: session.status.frames > frames)
        until(lambda: session.status.state is SessionState.IDLE)


def test_the_end_of_a_recording_is_said(faces: CenterFace, photograph: np.ndarray) -> None:
    with running(faces, lambda: Stills(photograph, count=3)) as session:
        until(lambda: session.status.state is SessionState.ENDED)
        assert session.status.frames == 3
        assert session.status.dropped == 0
        assert "over" in session.status.message


def test_the_number_of_frames_asked_for_is_kept(faces: CenterFace, photograph: np.ndarray) -> None:
    with running(faces, lambda: Stills(photograph), frames=4) as session:
        until(lambda: session.status.state is SessionState.ENDED)
        assert session.status.frames == 4


def test_a_reader_that_raises_is_shown_with_its_reason(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    def failing() -> Stills:
        return Stills(photograph, count=2, error=SourceUnreadable("stills: the lamp went out"))

    with running(faces, failing) as session:
        until(lambda: session.status.state is SessionState.FAILED)
        assert session.status.message == "stills: the lamp went out"
        assert session.status.frames == 2


def test_after_a_failure_a_new_choice_of_source_goes_on(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    made = []

    def producer() -> Stills:
        made.append(1)
        return Stills(
            photograph, count=None if len(made) > 1 else 1, error=SourceUnreadable("gone")
        )

    with running(faces, producer) as session:
        until(lambda: session.status.state is SessionState.FAILED)
        session.apply({"source": "stills"})
        until(lambda: session.status.frames > 3)
        assert session.status.state is SessionState.RUNNING


def test_a_source_that_does_not_open_leaves_the_old_one_running(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    def opened(wanted: Settings, clock: Clock) -> VideoSource:
        if wanted.stream.source == "nowhere":
            raise SourceNotFound("nowhere: no such file")
        return VideoSource(lambda: Stills(photograph), clock=clock, name="stills")

    session = Session(settings(), open_live=opened, load_model=lambda _: faces)
    session.start()
    try:
        session.apply({"source": "nowhere", "eps": "7/255"})
        until(lambda: session.status.message == "nowhere: no such file")
        until(lambda: session.settings.stream.source == "stills")
        assert next_where(session, lambda o: o.distances.linf > 6 / 255)
        assert session.status.state is SessionState.RUNNING
    finally:
        session.stop()


def test_a_callback_that_raises_is_dismissed_and_the_loop_goes_on(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    calls = []

    def broken(_: Observation) -> None:
        calls.append(1)
        raise ValueError("no more ink")

    with running(faces, lambda: Stills(photograph)) as session:
        session.add_sink(broken)
        until(lambda: "no more ink" in session.status.message)
        frames = session.status.frames
        until(lambda: session.status.frames > frames + 2)
        assert len(calls) == 1


def test_a_model_that_answers_nan_stops_the_loop_with_its_reason(
    faces: CenterFace, photograph: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = faces.forward

    def poisoned(frames):  # type: ignore[no-untyped-def]
        candidates = forward(frames)
        candidates.logits = candidates.logits * float("nan")
        return candidates

    monkeypatch.setattr(faces, "forward", poisoned)
    with running(faces, lambda: Stills(photograph)) as session:
        until(lambda: session.status.state is SessionState.FAILED)
        assert "NaN" in session.status.message


def test_what_cannot_start_is_raised_at_the_start(faces: CenterFace) -> None:
    session = Session(
        Settings().changed({"source": "/no/such/clip.mp4"}), load_model=lambda _: faces
    )
    with pytest.raises(SourceNotFound):
        session.start()
    session.stop()


def test_stopping_is_quick_while_a_reader_hangs(faces: CenterFace, photograph: np.ndarray) -> None:
    hang = threading.Event()

    class Hanging(Stills):
        def read(self) -> Picture | None:
            hang.wait(PATIENCE)
            return super().read()

    with running(faces, lambda: Hanging(photograph)) as session:
        until(lambda: session.status.state is SessionState.RUNNING)
        began = time.monotonic()
        hang.set()
        session.stop()
        assert time.monotonic() - began < 2.0


def test_no_thread_is_left_and_the_source_is_closed(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    stills = Stills(photograph)
    before = threading.active_count()
    with running(faces, lambda: stills):
        until(lambda: stills.given > 0)
    until(lambda: threading.active_count() <= before)
    assert stills.closed


def test_a_goal_that_the_model_cannot_take_is_refused_where_it_is_asked_for(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    with running(faces, lambda: Stills(photograph)) as session:
        with pytest.raises(ConfigError, match="model faces has one class"):
            session.apply({"goal": "mislabel", "target": "face"})
        assert session.settings.attack.goal == "vanish"


def test_a_model_that_cannot_take_the_goal_leaves_the_old_one_at_work(
    faces: CenterFace, imagenet: WholeFrame, photograph: np.ndarray
) -> None:
    with running(faces, lambda: Stills(photograph)) as session:
        session._load_model = lambda _: imagenet
        session.apply({"model": "imagenet"})
        until(lambda: "labels the whole frame" in session.status.message)
        assert session.model is faces
        # The message comes a moment before the settings that hold.
        until(lambda: session.settings.detector.model == "faces")
        until(lambda: session.status.state is SessionState.RUNNING)
        session.apply({"model": "imagenet", "goal": "any"})
        until(lambda: session.model is imagenet)


def test_a_place_that_the_source_does_not_know_is_told_and_can_be_mended(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    with running(faces, lambda: Stills(photograph)) as session:
        session.apply({"goal": "fabricate", "at": "linesman"})
        until(lambda: session.status.state is SessionState.FAILED)
        assert "has no ground truth" in session.status.message
        session.apply({"at": "0.2,0.5"})
        until(lambda: session.status.state is SessionState.RUNNING)


def test_what_happens_beside_the_loop_counts_in_the_latency(
    faces: CenterFace, photograph: np.ndarray
) -> None:
    with running(faces, lambda: Stills(photograph)) as session:
        until(lambda: session.status.frames > 2)
        session.note_stage("draw", 10.0)
        session.note_stage("draw", 20.0)
        status = session.status
    assert list(status.stages_ms)[-1] == "draw"
    assert status.stages_ms["draw"] == pytest.approx(15.0)
    assert status.latency_ms == pytest.approx(sum(status.stages_ms.values()))
