"""Alarms: every switch of an attack is flagged soon, a clean hour is quiet, each call shows its evidence."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.centerface import CenterFace
from monitor.alarming import Alarm, Alarms
from monitor.assembly import build_pipeline, load_detector
from monitor.config import Settings
from monitor.drift.alarms import MEMORY, Change, Direction, DriftWatch, FigureWatch, Metric
from monitor.drift.windows import FrameTally
from monitor.session import Session
from streams.opening import open_source

SOON = 15
"""Frames within which a switch is to be flagged."""


def watch(**knobs: float) -> FigureWatch:
    chosen = {"change": 0.2, "span": 8, "cool_down": 12, **knobs}
    return FigureWatch(Metric.MISS_RATE, **chosen)  # type: ignore[arg-type]


def fed(figure: FigureWatch, values: list[float | None], first: int = 0) -> list[Change]:
    found = [figure.update(first + i, value) for i, value in enumerate(values)]
    return [change for change in found if change is not None]


def test_a_jump_is_called_with_its_evidence() -> None:
    (change,) = fed(watch(), [0.0] * 100 + [0.7] * 10)
    assert change.direction is Direction.RISE
    assert change.since == 100
    assert 100 <= change.frame < 108
    assert change.before < 0.15
    assert change.after >= 0.2
    assert change.detector in ("page-hinkley", "adwin")
    assert (change.before_frames, change.after_frames) == (change.frame + 1 - 8, 8)


def test_a_rise_is_called_off_when_it_is_nearly_gone_and_not_before() -> None:
    figure = watch()
    assert len(fed(figure, [0.0] * 50 + [0.8] * 40)) == 1
    assert fed(figure, [0.4] * 40, 90) == [], "half of it is still there"
    (off,) = fed(figure, [0.0] * 15, 130)
    assert (off.direction, off.detector) == (Direction.FALL, "hysteresis")


def test_a_level_that_comes_and_goes_around_the_threshold_calls_once() -> None:
    wobble = [0.0] * 50 + [0.35, 0.15] * 100
    assert len(fed(watch(), wobble)) == 1


def test_after_a_call_there_is_silence_for_the_cool_down() -> None:
    figure = watch(cool_down=30)
    calls = fed(figure, [0.0] * 40 + [1.0] * 10 + [0.0] * 40)
    assert [b.frame - a.frame for a, b in pairwise(calls)] == [30]


def test_what_creeps_is_called_too() -> None:
    calls = fed(watch(), [0.0] * 100 + [i / 300 for i in range(300)])
    assert [call.direction for call in calls][:1] == [Direction.RISE]


def test_a_stream_that_begins_under_attack_is_called_when_that_ends() -> None:
    (call,) = fed(watch(), [0.9] * 60 + [0.0] * 20)
    assert call.direction is Direction.FALL


def test_what_holds_for_long_is_the_level_from_then_on() -> None:
    figure = watch()
    assert len(fed(figure, [0.0] * 50 + [0.6] * (MEMORY + 50))) == 1
    (call,) = fed(figure, [1.0] * 20, 1000)
    assert call.direction is Direction.RISE
    assert call.before == pytest.approx(0.6, abs=0.1)


def test_frames_without_an_object_say_nothing() -> None:
    assert fed(watch(), [None] * 100) == []
    values: list[float | None] = [0.0, None] * 40 + [0.8, None] * 10
    assert len(fed(watch(), values)) == 1


@given(st.lists(st.floats(0, 1), max_size=200), st.integers(2, 20))
def test_calls_are_within_range_and_apart(values: list[float], span: int) -> None:
    calls = fed(watch(span=span), list(values))
    for call in calls:
        assert 0 <= call.since <= call.frame < len(values)
        assert 0 <= call.before <= 1 + 1e-9
        assert abs(call.after - call.before) >= 0.05
    assert all(b.frame - a.frame >= 12 for a, b in pairwise(calls))


def test_the_watch_needs_nothing_of_the_past_but_its_memory() -> None:
    figure = watch()
    fed(figure, [0.0] * 10_000)
    assert len(fed(figure, [0.5] * 20, 10_000)) == 1


# Real streams.


def switched(settings: Settings, model: object, *, frames: int, every: int) -> list[FrameTally]:
    """The tallies of a source on which the attack is switched on and off."""
    attacked = build_pipeline(settings, model)  # type: ignore[arg-type]
    clean = build_pipeline(settings.changed({"attack": "none"}), model)  # type: ignore[arg-type]
    tallies = []
    with open_source(settings.stream.source, loop=True) as source:
        for i in range(frames):
            frame = source.read(10)
            assert frame is not None
            seen = (attacked if (i // every) % 2 else clean).observe(frame)
            tallies.append(FrameTally.of(seen.drift, seen.success))
    return tallies


def flagged(tallies: list[FrameTally], every: int) -> list[int | None]:
    """For every switch, how many frames later the first call in its direction came."""
    drift = DriftWatch()
    calls = [call for i, tally in enumerate(tallies) for call in drift.update(i, tally)]
    delays: list[int | None] = []
    for switch in range(every, len(tallies) - SOON, every):
        wanted = Direction.RISE if (switch // every) % 2 else Direction.FALL
        hits = [
            call.frame - switch
            for call in calls
            if call.direction is wanted and switch <= call.frame < switch + every
        ]
        delays.append(min(hits, default=None))
    return delays


@pytest.mark.slow
def test_ten_switches_on_and_off_are_each_flagged_within_15_frames(faces: CenterFace) -> None:
    settings = Settings().changed(
        {"source": "scene:portrait", "width": 160, "attack": "pgd", "steps": 4, "eps": "8/255"}
    )
    delays = flagged(switched(settings, faces, frames=21 * 30, every=30), 30)
    assert len(delays) == 20
    assert all(delay is not None and delay <= SOON for delay in delays), delays


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_same_on_the_road_with_fgsm() -> None:
    settings = Settings().changed(
        {"source": "scene:road", "model": "signs", "width": 640, "attack": "fgsm", "eps": "4/255"}
    )
    delays = flagged(switched(settings, load_detector(settings), frames=21 * 45, every=45), 45)
    assert len(delays) == 20
    assert all(delay is not None and delay <= SOON for delay in delays), delays


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_clean_hour_on_the_road_raises_at_most_one_alarm() -> None:
    """Half a minute of it through the model, in pieces of four seconds and random order for an hour."""
    settings = Settings().changed(
        {"source": "scene:road", "model": "signs", "width": 640, "attack": "none"}
    )
    tallies = switched(settings, load_detector(settings), frames=750, every=10_000)
    assert sum(tally.clean for tally in tallies) > 750, "there is something to lose"
    rng, drift, calls, frames = random.Random(0), DriftWatch(), 0, 0
    while frames < 3600 * 25:
        start = rng.randrange(len(tallies) - 100)
        for tally in tallies[start : start + 100]:
            calls += len(drift.update(frames, tally))
            frames += 1
    assert calls <= 1


# A session.


@pytest.fixture
def story(faces: CenterFace) -> Iterator[tuple[Session, Alarms, list[Alarm]]]:
    settings = Settings().changed(
        {"source": "scene:portrait", "width": 160, "attack": "none", "idle_after": 0}
    )
    session = Session(settings, load_model=lambda _: faces)
    alarms, told = Alarms([session], now=lambda: 1_700_000_000.0), []
    alarms.add_listener(told.append)
    session.start()
    yield session, alarms, told
    session.stop()
    alarms.close()


def wait(session: Session, frames: int) -> None:
    with session.subscribe() as records:
        seen = 0
        while seen < frames:
            fresh = records.records(10)
            assert fresh, "the session stands still"
            seen += len(fresh)


@pytest.mark.timeout(60)
def test_a_session_tells_of_an_attack_and_shows_three_frames(
    story: tuple[Session, Alarms, list[Alarm]], caplog: pytest.LogCaptureFixture
) -> None:
    session, alarms, told = story
    wait(session, 30)
    with caplog.at_level(logging.WARNING):
        session.apply({"attack": "pgd", "steps": 4, "eps": "8/255"})
        wait(session, 30)
    alarms.close()
    assert told == list(alarms.all())
    first = told[0]
    assert first.number == 1
    assert first.change.direction is Direction.RISE
    assert first.source == "scene:portrait"
    assert first.attack.startswith("pgd, vanish, linf 8/255")
    before, change, call = first.frames
    assert before < change <= call
    assert "rose from 0.00 to" in first.words
    assert f"alarm 1: {first.words}" in caplog.text
    assert alarms.total()[first.change.metric, Direction.RISE] == 1
    pictures = []
    for which in ("before", "change", "call"):
        data = alarms.picture(1, which)
        assert data is not None
        pictures.append(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
        assert pictures[-1].shape[1] >= 1280, "clean beside attacked"
    assert not np.array_equal(pictures[0], pictures[2])
    assert alarms.picture(1, "other") is None
    assert alarms.picture(99, "call") is None


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_switched_off_there_are_none_and_a_listener_that_fails_ends_nothing(
    story: tuple[Session, Alarms, list[Alarm]], caplog: pytest.LogCaptureFixture
) -> None:
    session, alarms, told = story
    alarms.add_listener(lambda _: 1 / 0)
    session.apply({"alarms": False})
    wait(session, 25)
    session.apply({"attack": "pgd", "steps": 4, "eps": "8/255"})
    wait(session, 25)
    assert told == []
    session.apply({"attack": "none", "alarms": True})
    wait(session, 25)
    session.apply({"attack": "pgd"})
    wait(session, 25)
    alarms.close()
    assert told
    assert "a listener failed" in caplog.text
