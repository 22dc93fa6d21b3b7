"""Tracks in the live session: what ends them, and that a recording has the ids of an evaluation."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from spots import SpotDetector, spots
from stills import PATIENCE, Stills, running, until

from monitor.config import Settings
from monitor.evaluate import evaluate
from monitor.pipeline import Observation
from monitor.recording import Recorder
from monitor.runs import Run
from monitor.session import Session
from monitor.status import SessionState

pytestmark = pytest.mark.timeout(90)

STILL = spots([(60, 60)])


def newest(session: Session) -> Observation:
    _, seen = session.broadcast.newest()
    assert seen is not None
    return seen


def ids(session: Session) -> list[int | None]:
    return [track.track_id for track in newest(session).tracks]


def frames_on(session: Session, count: int = 4) -> None:
    frames = session.status.frames
    until(lambda: session.status.frames >= frames + count)


def test_an_object_keeps_its_id_when_the_attack_changes() -> None:
    with running(SpotDetector(), lambda: Stills(STILL), attack="none") as session:
        frames_on(session)
        assert ids(session) == [1]
        session.apply({"attack": "noise", "eps": "8/255", "trails": 0})
        until(lambda: newest(session).distances.linf > 0)
        frames_on(session)
        assert ids(session) == [1]
        assert newest(session).clean_trails == ()


def test_another_width_source_or_model_begins_anew() -> None:
    with running(SpotDetector(), lambda: Stills(STILL), attack="none") as session:
        frames_on(session)
        session.apply({"width": 200})
        until(lambda: newest(session).frame.size[0] == 200)
        frames_on(session)
        assert ids(session) == [2], "the same source: no number is given twice"
        before = newest(session).drift.index
        session.apply({"source": "other stills"})
        until(lambda: newest(session).drift.index < before)
        frames_on(session)
        assert ids(session) == [3], "it has the same name: the numbers go on"
        session.apply({"model": "another"})
        until(lambda: session.applied.detector.model == "another")
        frames_on(session)
        assert ids(session) == [1]


def test_a_change_while_the_frame_stands_shows_the_ids_that_it_has() -> None:
    with running(SpotDetector(), lambda: Stills(STILL), attack="none") as session:
        frames_on(session)
        session.pause()
        until(lambda: session.status.state is SessionState.PAUSED)
        before = newest(session)
        session.apply({"attack": "noise", "eps": "4/255"})
        until(lambda: newest(session) is not before)
        assert newest(session).drift.index == before.drift.index
        assert newest(session).distances.linf > 0
        assert ids(session) == [1]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two spots that pass; the lower one is so dim that noise hides it in some frames."""
    path = tmp_path / "spots.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (160, 120))
    for i in range(24):
        picture = spots([(20 + 5 * i, 30)])
        dim = spots([(140 - 5 * i, 90)], level=153)
        writer.write(np.maximum(picture, dim))
    writer.release()
    return path


def test_live_and_batch_give_the_same_tracks(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.assembly.load_model", lambda *_: SpotDetector())
    words = {"width": 160, "attack": "noise", "eps": "16/255", "goal": "any", "idle_after": 0}
    batch_settings = Settings().changed({**words, "runs": str(tmp_path / "runs")})
    batch = Run.open(evaluate(str(clip), batch_settings))
    live = batch_settings.changed({"source": str(clip), "loop": False, "record": True})
    session = Session(live, load_model=lambda *_: SpotDetector())
    finished: list[Path] = []
    recorder = Recorder(session, on_finished=finished.append)
    session.add_sink(recorder)
    session.start()
    try:
        until(lambda: session.status.state is SessionState.ENDED)
    finally:
        session.stop(PATIENCE)
        recorder.close()
    recorded = Run.open(finished[0])
    rows = batch.tracks().to_pylist()
    assert [row["missed"] == 0 for row in rows if not row["made_up"]] == [True, False]
    assert recorded.tracks() == batch.tracks()
    assert recorded.objects() == batch.objects()
    assert recorded.summary["time_to_loss_frames"] == batch.summary["time_to_loss_frames"]
