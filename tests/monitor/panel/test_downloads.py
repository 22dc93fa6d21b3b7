"""What is taken away from the panel: a snapshot, a recording; each names its run."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from monitor.config import Settings
from monitor.errors import RunError
from monitor.panel.readouts import recorded
from monitor.panel.tape import Tape
from monitor.recording import Recorder
from monitor.runs import Run
from monitor.session import Session

pytestmark = pytest.mark.timeout(60)
Wait = Callable[..., None]


@pytest.fixture
def panel(
    settings: Settings,
    new_session: Callable[..., Session],
    serving: Callable[..., AbstractContextManager[Any]],
    tmp_path: Path,
) -> Iterator[Any]:
    session = new_session(attack="fgsm", eps="8/255", idle_after=0, runs=str(tmp_path))
    session.start()
    assert session.broadcast.wait(0, 10)
    with serving(session, settings) as served:
        yield served


def picture(archive: zipfile.ZipFile, name: str) -> np.ndarray[Any, Any]:
    found = cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return np.asarray(found)


def test_a_snapshot_holds_both_frames_bit_for_bit_and_names_its_run(
    panel: Any, wait_for: Wait
) -> None:
    panel.session.pause()
    wait_for(lambda: panel.session.status.state == "paused")
    answer = httpx.get(panel.url + "/snapshot.zip", timeout=10)
    assert answer.status_code == 200
    _, seen = panel.session.broadcast.newest()
    name = re.fullmatch(
        r'attachment; filename="(\d{8}T\d{6}Z-scene-portrait)-frame(\d+)\.zip"',
        answer.headers["content-disposition"],
    )
    assert name
    assert int(name[2]) == seen.frame.index
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        facts = json.loads(archive.read("snapshot.json"))
        clean, attacked = picture(archive, "clean.png"), picture(archive, "attacked.png")
        assert picture(archive, "heat.png").shape == clean.shape
        assert {"clean-boxes.png", "attacked-boxes.png", "difference.png"} <= set(
            archive.namelist()
        )
    assert (clean == seen.frame.pixels).all()
    assert (attacked == seen.attacked_pixels).all()
    assert np.abs(clean.astype(int) - attacked).max() == 8
    assert facts["run"] == facts["manifest"]["name"] == name[1]
    assert facts["frame"] == seen.frame.index
    assert facts["distances"]["linf"] == pytest.approx(8 / 255)
    assert "Test material" in facts["note"]
    assert facts["objects"][0]["clean"]["class"] == "face"


def test_before_the_first_frame_it_says_so(
    settings: Settings,
    new_session: Callable[..., Session],
    serving: Callable[..., AbstractContextManager[Any]],
) -> None:
    with serving(new_session(), settings) as served:
        answer = httpx.get(served.url + "/snapshot.zip")
        assert answer.status_code == 409
        assert "no frame yet" in answer.text


def test_a_recording_is_a_run_and_a_snapshot_in_it_has_its_name(
    panel: Any, wait_for: Wait, tmp_path: Path
) -> None:
    tape: Tape = panel.app.state.tape
    assert recorded(tape) == ""
    tape.press()
    wait_for(lambda: tape.at_work()[1] >= 5, 20)
    name, _ = tape.at_work()
    assert f"recording {name}" in recorded(tape)
    answer = httpx.get(panel.url + "/snapshot.zip", timeout=10)
    assert f'filename="{name}-frame' in answer.headers["content-disposition"]
    tape.press()
    assert not tape.on
    wait_for(lambda: not tape.finishing, 20)
    assert tape.done == (name,)
    assert f"recorded {name}" in recorded(tape)
    assert Run.open(tmp_path / name).frames().num_rows >= 5
    tape.press()  # another one begins another folder
    wait_for(lambda: tape.at_work()[1] >= 1, 20)
    assert tape.at_work()[0] != name


def test_a_disk_that_does_not_take_it_ends_the_recording_and_not_the_stream(
    panel: Any, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RunError("runs: no space left <on> the disk; free some")

    monkeypatch.setattr(Recorder, "__call__", full)
    tape: Tape = panel.app.state.tape
    tape.press()
    wait_for(lambda: bool(tape.trouble), 20)
    assert not tape.on
    assert "no space left &lt;on&gt; the disk" in recorded(tape)
    before = panel.session.status.frames
    wait_for(lambda: panel.session.status.frames > before + 2, 20)
    assert panel.session.status.state == "running"
