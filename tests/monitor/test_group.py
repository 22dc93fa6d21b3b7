"""Several cameras at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from models.centerface import CenterFace
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.group import Group, SharedModel
from monitor.pipeline import Observation
from monitor.status import SessionState
from streams.errors import SourceUnreadable

pytestmark = pytest.mark.timeout(60)


def wait_for(happened: Callable[[], object], within: float = 15.0) -> None:
    deadline = time.monotonic() + within
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def make(faces: CenterFace) -> Iterator[Callable[..., Group]]:
    made: list[Group] = []

    def group(*sources: str, **words: object) -> Group:
        first, *others = sources
        settings = Settings().changed(
            {"source": first, "also": tuple(others), "width": 96, "idle_after": 0, **words}
        )
        made.append(Group.of(settings, load_model=lambda _: faces))
        return made[-1]

    yield group
    for each in made:
        each.stop()


def test_all_cameras_run_and_the_one_in_view_gives_the_figures(make) -> None:
    group = make("scene:portrait", "scene:road")
    seen: list[Observation] = []
    group.add_sink(seen.append)
    group.start()
    assert group.sessions[0].model is group.sessions[1].model
    wait_for(lambda: all(session.status.frames > 3 for session in group.sessions))
    assert {each.frame.source for each in seen} == {"scene:portrait"}
    group.show(1)
    assert group.status.source == "scene:road"
    wait_for(lambda: any(each.frame.source == "scene:road" for each in seen))
    assert group.broadcast is group.sessions[1].broadcast
    with pytest.raises(IndexError, match="2 cameras"):
        group.show(2)


def test_a_setting_holds_for_all_and_a_source_for_the_one_in_view(make) -> None:
    group = make("scene:portrait", "scene:road")
    group.start()
    group.apply({"eps": "8/255", "source": "scene:pitch"})
    assert [s.settings.attack.eps for s in group.sessions] == pytest.approx([8 / 255] * 2)
    assert [s.settings.stream.source for s in group.sessions] == ["scene:pitch", "scene:road"]
    with pytest.raises(ConfigError):
        group.apply({"eps": 7})
    assert group.sessions[1].settings.attack.eps == pytest.approx(8 / 255)
    wait_for(
        lambda: group.status.source == "scene:pitch"
    )  # who picks a source wants to see it move
    group.pause()
    wait_for(lambda: all(s.status.state is SessionState.PAUSED for s in group.sessions))
    group.resume()
    wait_for(lambda: all(s.status.state is SessionState.RUNNING for s in group.sessions))


def test_a_camera_that_is_not_there_holds_up_none_of_the_others(make, tmp_path) -> None:
    missing = str(tmp_path / "none.mp4")
    group = make("scene:portrait", missing)
    group.start()
    wait_for(lambda: group.status.frames > 2)
    failed = group.sessions[1].status
    assert failed.state is SessionState.FAILED
    assert "no such file" in failed.message
    group.show(1)
    group.apply({"source": "scene:road"})
    wait_for(lambda: group.sessions[1].status.frames > 0)


def test_without_a_single_camera_it_does_not_start(make, tmp_path) -> None:
    with pytest.raises(SourceUnreadable, match="no such file"):
        make(str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4")).start()


def test_a_model_is_loaded_once_for_all_and_again_when_another_is_wanted() -> None:
    loaded: list[str] = []

    def load(settings: Settings) -> object:
        loaded.append(settings.detector.model)
        return object()

    shared = SharedModel(load)
    faces, signs = Settings(), Settings().changed({"model": "signs"})
    assert shared(faces) is shared(faces)
    assert shared(signs) is shared(signs)
    assert loaded == ["faces", "signs"]


def test_a_group_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Group([])
