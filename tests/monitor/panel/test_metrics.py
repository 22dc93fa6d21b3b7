"""/metrics reads as Prometheus would read it, /healthz as whoever starts it again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
import supervision as sv
from alarm_stories import Book, called
from fastapi import FastAPI
from observations import observed
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

import monitor
from monitor.drift.windows import Rates
from monitor.group import Group
from monitor.live import Live
from monitor.panel.metrics import add_metrics
from monitor.panel.watch import Watch
from monitor.session import Session
from monitor.status import SessionState

pytestmark = pytest.mark.timeout(60)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def client_of(live: Live, watch: Watch | None = None, book: Book | None = None) -> TestClient:
    app = FastAPI(openapi_url=None)
    add_metrics(app, live, watch or Watch(live), book or Book())
    return TestClient(app)


def samples(client: TestClient) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    read: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        assert len(family.documentation) > 15, family.name
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in read
            read[key] = sample.value
    return read


def labels(**values: object) -> frozenset[tuple[str, str]]:
    return frozenset((name, str(value)) for name, value in values.items())


def value(read: Samples, name: str, **values: object) -> float | None:
    return read.get((f"camdrift_{name}", labels(**{"camera": 0, **values})))


def test_the_figures_are_those_of_the_session(
    session: Session, wait_for: Callable[..., None]
) -> None:
    watch = Watch(session)
    client = client_of(session, watch)
    with session.viewer():
        wait_for(lambda: watch.reading().window > 3)
        session.pause()
        wait_for(lambda: session.status.state is SessionState.PAUSED)
    read, status = samples(client), session.status
    for name, rate in watch.reading().rates.as_dict().items():
        assert value(read, name) == rate, name
    assert value(read, "window_frames") == watch.reading().window
    assert value(read, "frames_total") == status.frames
    assert value(read, "fps") == pytest.approx(status.fps)
    assert value(read, "latency_seconds") == pytest.approx(status.latency_ms / 1e3)
    assert value(read, "stage_seconds", stage="attack") == status.stages_ms["attack"] / 1e3
    assert 0 <= (value(read, "age_seconds") or -1) < 60
    for counter in ("dropped", "late", "stale"):
        assert value(read, f"{counter}_frames_total") == 0
    assert value(read, "reconnects_total") == 0
    states = {state: value(read, "state", state=state) for state in SessionState}
    assert states.pop(SessionState.PAUSED) == 1
    assert set(states.values()) == {0}
    told = {"version": monitor.__version__, "source": status.source, "model": "faces"}
    assert value(read, "info", **told) == 1


def test_what_is_not_known_has_no_figure(new_session: Callable[..., Session]) -> None:
    read = samples(client_of(new_session()))
    names = {name.removeprefix("camdrift_") for name, _ in read}
    assert not names & {field.name for field in fields(Rates)}
    assert not names & {"latency_seconds", "stage_seconds", "age_seconds", "margin_eps"}
    assert value(read, "state", state="new") == 1


def test_a_rate_that_had_nothing_to_divide_by_is_left_out(
    new_session: Callable[..., Session],
) -> None:
    session = new_session()
    watch = Watch(session)
    nothing = sv.Detections.empty()
    watch.take(observed(1, nothing, nothing, margin=3 / 255))
    read = samples(client_of(session, watch))
    assert value(read, "fabrications_per_frame") == 0
    assert value(read, "miss_rate") is None
    assert value(read, "margin_eps", norm="linf") == 3 / 255
    watch.take(observed(2, nothing, nothing, margin=math.inf))
    assert value(samples(client_of(session, watch)), "margin_eps", norm="linf") == math.inf


def test_alarms_are_counted_by_kind_and_begin_at_none(
    new_session: Callable[..., Session],
) -> None:
    read = samples(client_of(new_session(), book=Book(called(1), called(2), called(3))))
    calls = {key: number for key, number in read.items() if key[0] == "camdrift_alarms_total"}
    assert len(calls) == 8
    assert sum(calls.values()) == 3
    assert calls["camdrift_alarms_total", labels(metric="miss_rate", direction="rise")] == 2
    assert calls["camdrift_alarms_total", labels(metric="score_drop", direction="rise")] == 0


def test_every_camera_has_a_label_and_the_one_in_view_its_rates(
    new_session: Callable[..., Session], wait_for: Callable[..., None]
) -> None:
    group = Group([new_session(idle_after=0), new_session(source="scene:road", idle_after=0)])
    watch = Watch(group)
    client = client_of(group, watch)
    group.show(1)
    group.start()
    wait_for(lambda: watch.reading().window and group.sessions[0].status.frames)
    read = samples(client)
    assert value(read, "window_frames") is None
    assert value(read, "window_frames", camera=1)
    for camera in (0, 1):
        assert value(read, "frames_total", camera=camera)
        assert value(read, "state", camera=camera, state="running") == 1
    assert client.get("/healthz").json() == {"ok": True, "state": "running", "why": ""}


def test_two_apps_know_nothing_of_each_other(new_session: Callable[..., Session]) -> None:
    first, second = (client_of(new_session(), book=Book(*told)) for told in ((called(1),), ()))
    kind = "camdrift_alarms_total", labels(metric="miss_rate", direction="rise")
    assert samples(first)[kind] == samples(first)[kind] == 1
    assert samples(second)[kind] == 0


def test_a_login_is_in_no_label(
    new_session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session()
    strange = replace(session.status, source='rtsp://me:secret@10.0.0.7/a"b\\c\nd?token=secret')
    monkeypatch.setattr(Session, "status", strange)
    client = client_of(session)
    assert "secret" not in client.get("/metrics").text
    told = {"version": monitor.__version__, "source": 'rtsp://10.0.0.7/a"b\\c?d', "model": "faces"}
    assert value(samples(client), "info", **told) == 1


@pytest.mark.parametrize("state", SessionState)
def test_the_health_is_that_of_the_state(
    new_session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch, state: SessionState
) -> None:
    session = new_session()
    monkeypatch.setattr(Session, "status", replace(session.status, state=state))
    answer = client_of(session).get("/healthz")
    well = state not in (SessionState.FAILED, SessionState.STOPPED, SessionState.NEW)
    assert (answer.status_code, answer.json()["ok"]) == (200 if well else 503, well)
    assert answer.json()["state"] == state
    assert bool(answer.json()["why"]) is not well
    assert answer.headers["cache-control"] == "no-store"


def test_the_health_says_why(
    new_session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session()
    client = client_of(session)

    def is_(**changes: Any) -> Any:
        monkeypatch.setattr(Session, "status", replace(Session(session.settings).status, **changes))
        return client.get("/healthz").json()["why"]

    was = Session.status
    assert is_(state=SessionState.FAILED, message="no camera 7") == "no camera 7"
    monkeypatch.setattr(Session, "status", was)
    assert is_(state=SessionState.RECONNECTING, trouble="lost for 3 s") == "lost for 3 s"


def test_a_group_is_well_as_long_as_one_camera_is(new_session: Callable[..., Session]) -> None:
    group = Group([new_session(source="/no/such/file.mp4"), new_session()])
    group.start()
    answer = client_of(group).get("/healthz")
    assert (answer.status_code, answer.json()["state"]) == (200, "running")
    assert answer.json()["why"].startswith("camera 0: /no/such/file.mp4")
    group.stop()
    answer = client_of(group).get("/healthz")
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert "camera 1: it is stopped" in answer.json()["why"]
