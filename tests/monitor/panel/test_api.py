"""The API: what it says of a real session, what it changes, what it refuses."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import supervision as sv
from alarm_stories import JPEG, Book, called
from fastapi import FastAPI
from observations import observed
from starlette.testclient import TestClient

import monitor
from monitor.alarm_facts import AlarmBook
from monitor.alarming import Alarms
from monitor.distances import Norm
from monitor.group import Group
from monitor.live import Live
from monitor.panel.api import add_api
from monitor.panel.api_manners import HEADERS
from monitor.panel.controls import WORDS, Controls
from monitor.panel.watch import Watch
from monitor.session import Session
from monitor.status import SessionState

pytestmark = pytest.mark.timeout(60)

SENT = {"X-Camdrift": "api"}
ROUTES = {
    "GET": ("/status", "/settings", "/drift", "/alarms", "/alarms/1/call.jpg", "/openapi.json"),
    "POST": ("/start", "/stop"),
    "PATCH": ("/settings",),
}


@dataclass
class Reached:
    """A session, its API, and a client of it."""

    live: Live
    watch: Watch
    client: TestClient

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        return strict(answer.text)

    def change(self, **changes: object) -> Any:
        answer = self.client.patch("/api/v1/settings", json=changes, headers=SENT)
        assert answer.status_code == 200, answer.text
        return strict(answer.text)

    def refusal(self, changes: object, **headers: str) -> tuple[int, str]:
        body = changes if isinstance(changes, str | bytes) else json.dumps(changes)
        kind = {"Content-Type": "application/json", **SENT, **headers}
        answer = self.client.patch("/api/v1/settings", content=body, headers=kind)
        detail = strict(answer.text)["detail"]
        assert detail
        assert detail.isprintable(), "one line"
        return answer.status_code, detail

    def post(self, path: str) -> Any:
        answer = self.client.post(f"/api/v1{path}", headers=SENT)
        assert answer.status_code == 200, answer.text
        return strict(answer.text)


def strict(text: str) -> Any:
    def no(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=no)


def reach(live: Live, book: AlarmBook | None = None) -> Reached:
    app, watch = FastAPI(openapi_url=None), Watch(live)
    add_api(app, live, watch, book or Book(), Controls(live))
    return Reached(live, watch, TestClient(app, base_url="http://127.0.0.1"))


@pytest.fixture
def reached(session: Session) -> Iterator[Reached]:
    with session.viewer():
        yield reach(session, Book(called(1), called(2), called(3)))


@pytest.fixture
def unstarted(new_session: Callable[..., Session]) -> Reached:
    return reach(new_session())


def test_the_status_is_the_sessions(reached: Reached, wait_for: Callable[..., None]) -> None:
    wait_for(lambda: reached.live.status.frames > 2)
    told = reached.get("/status")
    assert told["state"] == "running"
    assert told["source"] == reached.live.status.source
    assert told["frames"] > 2
    assert told["fps"] > 0
    assert told["latency_ms"] > 0
    assert 0 <= told["age_s"] < 10
    assert (told["model"], told["version"]) == ("faces", monitor.__version__)
    assert (told["dropped"], told["late"], told["reconnects"]) == (0, 0, 0)


def test_before_the_first_frame_there_is_null_and_no_nan(unstarted: Reached) -> None:
    told = unstarted.get("/drift")
    assert told["frame"] is None
    assert told["window"] == 0
    assert set(told["rates"].values()) == {None}
    status = unstarted.get("/status")
    assert (status["state"], status["source"], status["age_s"]) == ("new", "", None)


def test_the_drift_is_that_of_the_newest_frame(
    reached: Reached, wait_for: Callable[..., None]
) -> None:
    wait_for(lambda: reached.watch.reading().window > 3)
    reached.live.pause()
    wait_for(lambda: reached.live.status.state is SessionState.PAUSED)
    told, reading = reached.get("/drift"), reached.watch.reading()
    seen = reading.observation
    assert seen is not None
    frame = told["frame"]
    assert frame["index"] == seen.frame.index
    assert frame["size"] == [320, 240]
    assert frame["success"] is seen.success
    assert frame["distances"]["linf"] == seen.distances.linf
    assert len(frame["objects"]) == len(seen.drift.objects) > 0
    thing = frame["objects"][0]
    assert thing["clean_class"] == "face"
    assert thing["outcome"] == seen.drift.objects[0].outcome
    assert thing["clean_box"] == list(seen.drift.objects[0].clean_box or ())
    assert told["rates"] == reading.rates.as_dict()
    assert told["window"] == reading.window


def test_asking_for_the_drift_counts_as_watching(
    new_session: Callable[..., Session], wait_for: Callable[..., None]
) -> None:
    session = new_session(idle_after=0.1)
    session.start()
    reached = reach(session)
    wait_for(lambda: reached.get("/status")["state"] == "idle")
    frames = session.status.frames
    wait_for(lambda: reached.get("/drift")["frame"] and session.status.frames > frames)
    wait_for(lambda: reached.get("/status")["state"] == "idle")


def test_what_is_no_number_is_null(unstarted: Reached) -> None:
    two = sv.Detections(
        xyxy=np.array([[0, 0, 9, 9], [20, 5, 30, 20]], np.float32),
        confidence=np.array([0.9, 0.8], np.float32),
        class_id=np.array([0, 700]),
    )
    unstarted.watch.take(observed(5, two, sv.Detections.empty(), margin=math.inf))
    frame = unstarted.get("/drift")["frame"]
    assert frame["margin_eps"] is None
    first, second = frame["objects"]
    assert (first["outcome"], first["attacked_score"], first["iou"]) == ("missed", None, None)
    assert (first["attacked_class"], first["attacked_box"], first["track_id"]) == (None, None, None)
    assert second["clean_class"] == "700", "a class that the model at work does not have"


def test_stop_and_start_may_be_said_twice(reached: Reached, wait_for: Callable[..., None]) -> None:
    for path, state in (("/stop", "paused"), ("/start", "running")) * 2:
        reached.post(path)
        wait_for(lambda state=state: reached.get("/status")["state"] == state)
        assert reached.post(path)["state"] == state


def test_start_opens_the_source_again_after_the_end(
    new_session: Callable[..., Session], wait_for: Callable[..., None]
) -> None:
    session = new_session(frames=3, idle_after=0)
    reached = reach(session)
    session.start()
    wait_for(lambda: session.status.state is SessionState.ENDED)
    reached.post("/stop")
    reached.post("/start")
    # It ends again at once, for it has had its three frames.
    wait_for(lambda: session.status.frames == 4 and session.status.state is SessionState.ENDED)


def test_start_says_why_it_cannot(reached: Reached, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = replace(reached.live.status, state=SessionState.FAILED)
    monkeypatch.setattr(Session, "status", failed)

    def refuse(changes: Mapping[str, object]) -> None:
        raise monitor.errors.ConfigError("patch = 'gone': no such patch")

    monkeypatch.setattr(reached.live, "apply", refuse)
    answer = reached.client.post("/api/v1/start", headers=SENT)
    assert (answer.status_code, answer.json()) == (
        409,
        {"detail": "patch = 'gone': no such patch"},
    )


def test_the_settings_are_those_that_the_panel_changes_and_no_others(reached: Reached) -> None:
    told = reached.get("/settings")
    assert tuple(told) == WORDS
    assert not {"password", "webhook", "host", "folders", "sources", "model"} & set(told)
    assert (told["eps"], told["source"], told["goal"]) == (4 / 255, "scene:portrait", "vanish")


def test_a_change_holds_from_the_next_frame_on(
    reached: Reached, wait_for: Callable[..., None]
) -> None:
    told = reached.change(eps="8/255", attack="pgd", steps=3.0, random_start=False)
    assert (told["eps"], told["attack"], told["steps"]) == (8 / 255, "pgd", 3)
    assert reached.get("/settings") == told
    wait_for(lambda: reached.live.applied.attack.steps == 3)
    wait_for(
        lambda: (
            (frame := reached.get("/drift")["frame"])
            and frame["distances"]["linf"] == pytest.approx(8 / 255)
        )
    )
    assert reached.change(eps=0.01)["eps"] == 0.01
    assert reached.change() == reached.get("/settings")


def test_what_was_told_may_be_sent_back(reached: Reached) -> None:
    told = reached.get("/settings")
    assert reached.change(**told) == told


def test_a_cameras_login_is_not_told_and_not_lost(
    new_session: Callable[..., Session],
) -> None:
    session = new_session(source="rtsp://me:secret@10.0.0.7/live?token=abc")
    reached = reach(session)
    told = reached.get("/settings")
    assert told["source"] == "rtsp://10.0.0.7/live"
    assert reached.change(**told, **{})["source"] == told["source"]
    assert session.settings.stream.source == "rtsp://me:secret@10.0.0.7/live?token=abc"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"steps": 0}, "steps = 0: must be greater than or equal to 1"),
        ({"steps": "3"}, "steps = '3': must be a valid integer"),
        ({"steps": True}, "steps = True: must be a valid integer"),
        ({"steps": None}, "steps = None: must be a valid integer"),
        ({"anneal": 1}, "anneal = 1: must be a valid boolean"),
        ({"goal": "win"}, "goal = 'win': must be 'any', 'vanish', 'fabricate' or 'mislabel'"),
        ({"eps": "lots"}, "write a fraction like 4/255"),
        ({"eps": 2}, "under linf eps is at most 1"),
        ({"eps": -1}, "eps = -1"),
        ({"attack": "fgms"}, "fgsm"),
        ({"goal": "mislabel"}, "one class"),
        ({"colour": 1}, "colour: no such setting; see GET /api/v1/settings"),
        ({"password": ""}, "password: is not changed here"),
        ({"webhook": "http://x"}, "webhook: is not changed here"),
        ({"sources": ["*"]}, "sources: no such setting"),
        ({"model": "os:system"}, "model: is not changed here"),
        ({"runs": "/tmp"}, "runs: is not changed here"),
        ([], "the body must be an object"),
        ("", "Invalid JSON"),
        ("{", "Invalid JSON"),
        ('{"eps": NaN}', "NaN is no number"),
        ('{"eps": 1e999}', "eps"),
        ('{"source": "\\ud800"}', "Invalid JSON"),
        (b'{"source": "\xff"}', "Invalid JSON"),
        ("[" * 60_000, "Invalid JSON"),
        ({"source": "line\nbreak" * 1000}, "source"),
    ],
)
def test_a_refusal_is_one_line_and_changes_nothing(
    reached: Reached, changes: object, told: str
) -> None:
    before = reached.get("/settings")
    if isinstance(changes, dict):
        changes = {"amplify": 16, **changes}
    status, detail = reached.refusal(changes)
    assert status == 422
    assert told in detail
    assert len(detail) <= 503
    assert reached.get("/settings") == before, "all or nothing"


def test_a_change_is_json_of_a_bounded_size(reached: Reached) -> None:
    assert reached.refusal({}, **{"Content-Type": "text/plain"})[0] == 415
    assert reached.refusal("{" + " " * 70_000 + "}")[0] == 413


@pytest.mark.parametrize("sender", [None, "", "visitor", "API"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/start"), ("POST", "/stop"), ("PATCH", "/settings")]
)
def test_a_page_from_elsewhere_changes_nothing(
    reached: Reached, method: str, path: str, sender: str | None
) -> None:
    headers = {} if sender is None else {"X-Camdrift": sender}
    answer = reached.client.request(
        method, f"/api/v1{path}", headers=headers, json={"steps": 77} if path != "/stop" else None
    )
    assert answer.status_code == 403
    assert "X-Camdrift: api" in answer.json()["detail"]
    assert reached.live.settings.attack.steps == 10
    assert reached.live.status.state is not SessionState.PAUSED


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "photo:/etc/passwd",
        "http://169.254.169.254/",
        "rtsp://10.0.0.1/x",
        "../x.mp4",
    ],
)
def test_the_source_stays_inside(reached: Reached, source: str) -> None:
    status, detail = reached.refusal({"source": source})
    assert status == 422
    assert detail
    assert reached.live.settings.stream.source == "scene:portrait"


def test_the_alarms_come_newest_last_with_their_evidence(reached: Reached) -> None:
    told = reached.get("/alarms")["alarms"]
    assert [alarm["number"] for alarm in told] == [1, 2, 3]
    assert [alarm["number"] for alarm in reached.get("/alarms?after=2")["alarms"]] == [3]
    first = told[0]
    assert (first["metric"], first["direction"], first["before"], first["after"]) == (
        "miss_rate",
        "rise",
        0.0,
        1.0,
    )
    assert first["at"] == "2026-01-01T00:00:00.250Z"
    assert first["frames"] == {"before": 93, "change": 94, "call": 100}
    for which, path in first["pictures"].items():
        answer = reached.client.get(path)
        assert (answer.status_code, answer.content) == (200, JPEG + which.encode())
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "no-store"


def test_a_real_alarm_is_told_with_its_pictures(
    new_session: Callable[..., Session], wait_for: Callable[..., None]
) -> None:
    session = new_session(idle_after=0, attack="none")
    alarms = Alarms([session])
    reached = reach(session, alarms)
    session.start()
    wait_for(lambda: session.status.frames > 30, 20)
    session.apply({"attack": "pgd", "eps": "16/255"})
    wait_for(lambda: reached.get("/alarms")["alarms"], 20)
    told = reached.get("/alarms")["alarms"][0]
    assert (told["number"], told["direction"]) == (1, "rise")
    assert told["after"] - told["before"] >= 0.2
    assert told["frames"]["before"] < told["since"] <= told["frame"]
    assert told["source"] == session.status.source
    assert told["attack"].startswith("pgd")
    for path in told["pictures"].values():
        assert reached.client.get(path).content.startswith(b"\xff\xd8")
    alarms.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/alarms/9/call.jpg", 404),
        ("/alarms/0/call.jpg", 422),
        ("/alarms/99999999999/call.jpg", 422),
        ("/alarms/x/call.jpg", 422),
        ("/alarms/1/secret.jpg", 422),
        ("/alarms/1/..%2f..%2fetc.jpg", 404),
        ("/alarms?after=-1", 422),
        ("/alarms?after=all", 422),
        ("/nothing", 404),
        ("/", 404),
        ("/status/", 404),
    ],
)
def test_what_is_not_there_is_said_on_one_line(reached: Reached, path: str, status: int) -> None:
    answer = reached.client.get(f"/api/v1{path}", follow_redirects=False)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


def test_other_methods_are_told_which_there_are(reached: Reached) -> None:
    for method in ("DELETE", "PUT", "TRACE", "NONSENSE"):
        answer = reached.client.request(method, "/api/v1/settings")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PATCH")
    assert reached.client.get("/api/v1/start").headers["allow"] == "POST"


def test_no_answer_is_kept(reached: Reached) -> None:
    paths = [(method, path) for method, known in ROUTES.items() for path in known]
    for method, path in [
        *paths,
        ("GET", "/nothing"),
        ("PUT", "/status"),
        ("GET", "/alarms?after=x"),
    ]:
        for headers in ({}, SENT):
            body = {"json": {"steps": 5}} if method == "PATCH" else {}
            answer = reached.client.request(method, f"/api/v1{path}", headers=headers, **body)
            assert answer.headers.items() >= {k.lower(): v for k, v in HEADERS.items()}.items(), (
                path
            )


def test_the_document_is_of_the_api_alone(session: Session) -> None:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/elsewhere", lambda: "", methods=["GET"])
    add_api(app, session, Watch(session), Book(), Controls(session))
    told = TestClient(app).get("/api/v1/openapi.json").json()
    assert {(method, path) for path, methods in told["paths"].items() for method in methods} == {
        ("get", "/api/v1/status"),
        ("post", "/api/v1/start"),
        ("post", "/api/v1/stop"),
        ("get", "/api/v1/settings"),
        ("patch", "/api/v1/settings"),
        ("get", "/api/v1/drift"),
        ("get", "/api/v1/alarms"),
        ("get", "/api/v1/alarms/{number}/{which}.jpg"),
    }
    for methods in told["paths"].values():
        for method, operation in methods.items():
            assert operation["summary"]
            assert operation["description"]
            assert {"200", "401"} <= set(operation["responses"])
            headers = [each["name"] for each in operation.get("parameters", ())]
            assert ("X-Camdrift" in headers) == (method != "get")
    change = told["components"]["schemas"]["SettingsChange"]
    assert tuple(change["properties"]) == WORDS
    assert change["properties"]["steps"]["description"]
    assert "$defs" not in change
    assert TestClient(app).get("/openapi.json").status_code == 404


def test_of_several_cameras_the_one_in_view_is_told(
    new_session: Callable[..., Session],
) -> None:
    group = Group([new_session(), new_session(source="scene:road", norm=str(Norm.L2), eps=1.0)])
    reached = reach(group)
    assert reached.get("/settings")["source"] == "scene:portrait"
    group.show(1)
    assert reached.get("/settings")["source"] == "scene:road"
    assert reached.get("/settings")["norm"] == "l2"
