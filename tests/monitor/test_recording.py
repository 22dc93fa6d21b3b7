"""A live session into run folders."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from stills import Stills, running, until

from models.centerface import CenterFace
from monitor.recording import Recorder
from monitor.runs import Run
from monitor.status import SessionState

pytestmark = pytest.mark.timeout(60)


def test_a_change_of_settings_begins_another_folder_and_no_table_mixes_two(
    faces: CenterFace, photograph: np.ndarray, tmp_path: Path
) -> None:
    finished: list[Path] = []
    with running(faces, lambda: Stills(photograph), runs=str(tmp_path), record=True) as session:
        recorder = Recorder(session, on_finished=finished.append)
        session.add_sink(recorder)
        until(lambda: session.status.frames >= 4)
        session.apply({"eps": "9/255"})
        until(lambda: bool(finished))
        frames = session.status.frames
        session.apply({"amplify": 16})  # how it is looked at, not what it is
        until(lambda: session.status.frames >= frames + 4)
        session.stop()
        recorder.close()
    assert len(finished) == 2
    for folder, eps in zip(finished, (4 / 255, 9 / 255), strict=True):
        assert re.search(r"Z-stills(-2)?$", folder.name)
        run = Run.open(folder)
        assert run.summary["condition"]["eps"] == pytest.approx(eps)
        moved = run.frames()["linf"].to_pylist()
        assert moved
        assert moved == pytest.approx([eps] * len(moved))
        assert (folder / "report.html").is_file()
    assert not list(tmp_path.glob("*.partial"))


def test_without_a_frame_there_is_no_folder(
    faces: CenterFace, photograph: np.ndarray, tmp_path: Path
) -> None:
    with running(faces, lambda: Stills(photograph, count=0), runs=str(tmp_path)) as session:
        recorder = Recorder(session)
        session.add_sink(recorder)
        until(lambda: session.status.state is SessionState.ENDED)
        recorder.close()
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_is_said_and_the_stream_goes_on(
    faces: CenterFace,
    photograph: np.ndarray,
    tmp_path: Path,
) -> None:
    blocked = tmp_path / "runs"
    blocked.write_text("a file where the folder should be")
    with running(faces, lambda: Stills(photograph), runs=str(blocked), record=True) as session:
        session.add_sink(Recorder(session))
        until(lambda: "recorder" in session.status.message)
        frames = session.status.frames
        until(lambda: session.status.frames > frames + 2)
        assert str(blocked) in session.status.message


def test_a_video_of_a_live_session_is_finished_beside_the_loop_and_judged(
    faces: CenterFace, photograph: np.ndarray, tmp_path: Path
) -> None:
    finished: list[Path] = []
    words = {"runs": str(tmp_path), "record": True, "video": "attacked", "width": 160}
    with running(faces, lambda: Stills(photograph), **words) as session:
        recorder = Recorder(session, on_finished=finished.append)
        session.add_sink(recorder)
        until(lambda: session.status.frames >= 6)
        session.apply({"eps": "9/255"})
        until(lambda: bool(finished))
        frames = session.status.frames
        until(lambda: session.status.frames >= frames + 4)
        session.stop()
        recorder.close()
    assert len(finished) == 2
    for folder in finished:
        video = Run.open(folder).summary["video"]
        assert (folder / "attacked.mkv").is_file()
        assert video["frames"] + video["frames_lost"] == Run.open(folder).frames().num_rows
        assert video["identical"] == video["judged"] > 0
        assert "--video attacked" in (folder / "report.html").read_text()
