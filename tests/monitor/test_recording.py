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
