"""Figures, chart and texts of the panel."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from monitor.panel import readouts
from monitor.panel.chart import chart
from monitor.panel.watch import HISTORY, Point, Watch
from monitor.pipeline import Observation
from monitor.session import Session
from monitor.status import SessionState, SessionStatus

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def watched(
    new_session: Callable[..., Session], wait_for: Callable[..., None]
) -> tuple[Session, Watch]:
    """A session of twelve frames under an attack that hides the face, and what was made of it."""
    session = new_session(frames=12, idle_after=0, eps="16/255", attack="pgd", window=8)
    watch = Watch(session)
    session.start()
    wait_for(lambda: session.status.state is SessionState.ENDED)
    return session, watch


def test_every_frame_is_counted_and_the_window_holds_the_last(
    watched: tuple[Session, Watch],
) -> None:
    session, watch = watched
    reading = watch.reading()
    assert len(reading.points) == session.status.frames == 12
    assert reading.window == 8
    assert reading.rates.miss_rate == 1.0
    assert reading.points[-1].miss_rate == 1.0
    assert reading.points[-1].frame_score_drop == pytest.approx(reading.rates.score_drop, abs=0.2)


def test_another_source_begins_anew(watched: tuple[Session, Watch]) -> None:
    _, watch = watched
    seen = watch.reading().observation
    assert isinstance(seen, Observation)
    object.__setattr__(seen.frame, "source", "another camera")
    watch.take(seen)
    assert watch.reading().window == 1
    assert len(watch.reading().points) == 1


def test_the_readouts_say_what_happened(watched: tuple[Session, Watch]) -> None:
    session, watch = watched
    reading, status = watch.reading(), session.status
    assert "1 object found" in readouts.clean_caption(reading)
    assert "1 missed" in readouts.attacked_caption(reading, session.settings)
    assert "pgd, vanish, linf 16/255" in readouts.attacked_caption(reading, session.settings)
    text = readouts.counters(status, reading)
    assert "100 %" in text
    assert "last 8 frames" in text
    for name in ("clean answer", "attack", "attacked answer", "compare"):
        assert name in text
    assert re.search(
        r"L<sub>∞</sub> 16/255, L<sub>2</sub> \d+\.\d\d",
        readouts.difference_caption(reading, session.settings),
    )


def test_before_the_first_frame_there_are_words_and_no_zeros(session: Session) -> None:
    reading = Watch(session).reading()
    assert "no frame yet" in readouts.clean_caption(reading)
    status = SessionStatus(SessionState.NEW, "", "", 0, 0.0, {})
    assert readouts.NOTHING in readouts.counters(status, reading)
    assert "waiting for frames" in chart((), 0)


def test_what_comes_from_outside_is_escaped() -> None:
    status = SessionStatus(SessionState.FAILED, "<b>.mp4", "<script>x</script>", 0, 0.0, {})
    for html in (
        readouts.status_line(status),
        readouts.halted(status),
        readouts.refusal(status.message),
    ):
        assert "<script>" not in html
        assert "<b>.mp4" not in html


def numbers(html: str, css: str) -> list[tuple[float, float]]:
    path = re.search(rf'<path class="{css}" d="([^"]*)"', html)
    assert path
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path[1])]


def test_the_chart_puts_the_newest_at_the_right_and_one_at_the_top() -> None:
    points = [Point(0.0, 0.5, None, 0.5), Point(1.0, 0.25, 1.0, 0.25)]
    html = chart(points, 2)
    assert numbers(html, "cd-bold cd-miss") == [(HISTORY - 1, 100), (HISTORY, 0)]
    assert numbers(html, "cd-bold cd-drop") == [(HISTORY - 1, 50), (HISTORY, 75)]
    assert numbers(html, "cd-faint cd-miss") == [(HISTORY, 0)], "a frame without a value is a gap"


def test_the_chart_makes_room_for_a_score_that_rises() -> None:
    html = chart([Point(0.0, -0.5, 0.0, -0.5)], 1)
    assert numbers(html, "cd-bold cd-drop") == [(HISTORY, 75)]
    assert f"{readouts.MINUS}1" in html
