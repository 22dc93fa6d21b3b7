"""What the panel says of tracks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from observations import observed
from tracking_stories import Place, boxes

from monitor.config import Settings
from monitor.drift.windows import RollingWindow
from monitor.panel.readouts import NOTHING, counters, track_figures
from monitor.panel.watch import Reading, Watch
from monitor.pipeline import Observation
from monitor.status import SessionState, SessionStatus
from monitor.tracking import Tracking

A, B = (60.0, 60.0), (200.0, 60.0)


class Applied:
    """As much of a session as a watch asks for."""

    def __init__(self) -> None:
        self.settings = self.applied = Settings()
        self.sinks: list[Callable[[Observation], None]] = []

    def add_sink(self, sink: Callable[[Observation], None]) -> None:
        self.sinks.append(sink)


def frames(
    looks: list[tuple[list[Place], list[Place]]], *, start: int = 0
) -> Iterator[Observation]:
    tracking = Tracking()
    for index, (clean, attacked) in enumerate(looks, start):
        yield tracking.follow(
            observed(index, boxes(clean), boxes(attacked), success=not attacked), trails=0
        )


@pytest.fixture
def session() -> Applied:
    return Applied()


@pytest.fixture
def watch(session: Applied) -> Watch:
    return Watch(session)  # type: ignore[arg-type]


def figures(reading: Reading) -> dict[str, tuple[str, str]]:
    return {name: (value, unit) for name, value, unit in track_figures(reading)}


def test_before_anything_was_followed_there_are_no_times() -> None:
    reading = Reading(None, RollingWindow(1).rates(), 0, ())
    assert figures(reading) == {
        "lost now": ("0", "of 0 tracks"),
        "switches": (NOTHING, "0 tracks so far"),
        "time to loss": (NOTHING, "none was lost"),
        "trails apart": (NOTHING, "px, the widest pair"),
    }


def test_given_a_loss_then_the_tiles_say_how_many_when_and_how_far(watch: Watch) -> None:
    both: tuple[list[Place], list[Place]] = ([A, B], [(63.0, 64.0), B])
    for seen in frames([both] * 6 + [([A, B], [(63.0, 64.0)])] * 2):
        watch.take(seen)
    assert figures(watch.reading()) == {
        "lost now": ("1", "of 2 tracks"),
        "switches": ("0", "2 tracks so far"),
        "time to loss [s]": ("0.20", "median, 1 of 2 tracks"),
        "trails apart": ("5.0", "px, the widest pair"),
    }
    html = counters(SessionStatus(SessionState.RUNNING, "", "", 8, 20.0, {}), watch.reading())
    assert re.search(r"lost now</span><b>1</b><small>of 2 tracks", html)


def test_another_attack_asks_anew_how_long_tracks_hold_out(session: Applied, watch: Watch) -> None:
    story = list(frames([([A], [A])] * 4 + [([A], [])] * 4))
    for seen in story[:6]:
        watch.take(seen)
    assert watch.reading().tracks.time_to_loss_frames == 3
    session.applied = session.settings.changed({"eps": "8/255"})
    watch.take(story[6])
    assert watch.reading().tracks.time_to_loss_frames == 0
    session.applied = session.applied.changed({"amplify": 4})
    watch.take(story[7])
    assert watch.reading().track_counts.tracks_lost == 1, "how it is looked at changes nothing"
