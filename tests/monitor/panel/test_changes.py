"""What changed, in words; alarms on the chart and in their list; the heat map."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from monitor.alarming import Alarm
from monitor.drift.alarms import Change, Direction, Metric
from monitor.drift.matching import ObjectDrift, Outcome
from monitor.panel.alarm_list import MOST, alarm_list
from monitor.panel.changes import changes, in_words
from monitor.panel.chart import chart, marks_of
from monitor.panel.readouts import NOTHING
from monitor.panel.watch import HISTORY, Point, Watch
from monitor.pictures import heat_picture
from monitor.session import Session
from monitor.status import SessionState

pytestmark = pytest.mark.timeout(30)

NAMES = ("stop", "speed limit", "<b>")
BOX, MOVED = (0.0, 0.0, 10.0, 10.0), (3.0, 4.0, 13.0, 14.0)


def thing(outcome: Outcome, attacked_class: int | None = 1) -> ObjectDrift:
    clean, attacked = outcome is not Outcome.FABRICATED, outcome is not Outcome.MISSED
    both = clean and attacked
    return ObjectDrift(
        outcome,
        0 if clean else None,
        0 if attacked else None,
        0 if clean else None,
        attacked_class if attacked else None,
        0.91 if clean else math.nan,
        0.77 if attacked else math.nan,
        BOX if clean else None,
        MOVED if attacked else None,
        0.5 if both else math.nan,
        5.0 if both else math.nan,
    )


def test_each_outcome_has_its_words() -> None:
    words = {outcome: in_words(thing(outcome), NAMES) for outcome in Outcome}
    assert words[Outcome.RELABELLED] == "stop → speed limit, 0.91 → 0.77, moved 5.0 px"
    assert words[Outcome.MISSED] == f"stop → {NOTHING}, 0.91 → {NOTHING}"
    assert words[Outcome.FABRICATED] == f"{NOTHING} → speed limit, {NOTHING} → 0.77"
    assert words[Outcome.KEPT] == "stop, 0.91 → 0.77, moved 5.0 px"
    assert in_words(thing(Outcome.MISSED), NAMES, 3).startswith("#3 stop")
    assert "class 9" in in_words(thing(Outcome.RELABELLED, 9), NAMES)


def test_the_list_is_of_the_newest_frame(
    new_session: Callable[..., Session], wait_for: Callable[..., None]
) -> None:
    session = new_session(frames=8, idle_after=0, eps="16/255", attack="pgd")
    watch = Watch(session)
    assert "no frame yet" in changes(watch.reading(), NAMES)
    session.start()
    wait_for(lambda: session.status.state is SessionState.ENDED)
    html = changes(watch.reading(), session.class_names)
    assert html.index("missed") < html.index("fabricated"), "the worst stands first"
    assert f"face → {NOTHING}" in html
    assert "&lt;b&gt;" in changes(watch.reading(), ("<b>",))


def alarm(number: int, frame: int, source: str = "scene:road", lap: int = 0) -> Alarm:
    change = Change(
        metric=Metric.MISS_RATE,
        direction=Direction.RISE,
        detector="page-hinkley",
        since=frame - 8,
        frame=frame,
        before=0.02,
        after=0.81,
        before_frames=112,
        after_frames=8,
    )
    return Alarm(number, change, source, "fgsm, <any>", 0.0, (frame - 9, frame - 8, frame), lap)


def test_an_alarm_stands_on_the_chart_at_its_frame() -> None:
    points = [Point(0.0, 0.0, 0.0, 0.0, index=i, lap=1) for i in range(100, 220)]
    marks = marks_of(
        [alarm(1, 160, lap=1), alarm(2, 160, lap=0), alarm(3, 99, lap=1), alarm(4, 219, "x", 1)],
        "scene:road",
    )
    assert [mark.number for mark in marks] == [1, 2, 3]
    html = chart(points, 120, marks)
    assert html.count('class="cd-mark"') == 1, "one is of another lap, one has left the chart"
    left = 100 * (HISTORY - 219 + 160) / HISTORY
    assert f'style="left:{left:.2f}%" title="alarm 1: miss rate rose' in html


def test_the_newest_alarms_are_told_first_with_their_three_frames() -> None:
    html = alarm_list([alarm(i, 100 * i) for i in range(1, MOST + 3)], on=True)
    assert html.index(f"alarm {MOST + 2}") < html.index(f"alarm {MOST + 1}")
    assert "and 2 before these" in html
    assert html.count("<img") == 3 * MOST
    assert f"/api/v1/alarms/{MOST + 2}/before.jpg" in html
    assert "fgsm, &lt;any&gt;" in html
    assert "none so far" in alarm_list([], on=True)
    assert "alarms = true" in alarm_list([], on=False)


def test_the_heat_map_is_brightest_where_most_is_changed() -> None:
    clean = np.full((120, 160, 3), 100, np.uint8)
    attacked = clean.copy()
    attacked[30:60, 40:80, 1] += 8
    attacked[80:100, 100:140, 2] += 2
    heat = heat_picture(clean, attacked).astype(int).sum(axis=2)
    assert heat[45, 60] > heat[90, 120] > heat[5, 5]
    assert heat.shape == (120, 160)
    assert (clean == 100).all()
    none = heat_picture(clean, clean)
    assert (none == none[0, 0]).all()
    assert none.max() < 40
    everywhere = heat_picture(clean, clean + 4).astype(int).sum(axis=2)
    assert everywhere.min() > heat[90, 120], "where all is changed alike all is bright"
