"""The guard: every route is behind it, and guessing is slow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from panel_routes import paths_of
from starlette.testclient import TestClient

from monitor.config import Settings
from monitor.panel.app import build_app
from monitor.panel.guard import COOKIE, Guard
from monitor.panel.login import LIFETIME, Door, Tries, password_of
from monitor.session import Session

PASSWORD = "correct horse"

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def app(settings: Settings) -> FastAPI:
    return build_app(Session(settings), settings, password=PASSWORD)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(
        app, base_url="http://127.0.0.1", follow_redirects=False, client=("10.0.0.1", 1)
    ) as client:
        yield client


def log_in(client: TestClient, password: str = PASSWORD) -> int:
    return client.post("/login", data={"password": password}).status_code


def test_no_route_answers_without_a_ticket(app: FastAPI, client: TestClient) -> None:
    paths = paths_of(app.routes)
    # Gradio's routes, its uploads and files among them, and the streams are in this list.
    assert len(paths) > 30
    assert any("upload" in path for path in paths)
    assert {"/stream/clean.mjpg", "/stream/attacked.mjpg", "/stream/difference.mjpg"} <= paths
    for path in sorted(paths - {"/login", "/logout"}):
        for method in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"):
            answer = client.request(method, path)
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.text in ("log in first", ""), f"{method} {path}"


def test_a_page_leads_to_the_login(client: TestClient) -> None:
    answer = client.get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    page = client.get("/login")
    assert page.status_code == 200
    assert 'type="password"' in page.text
    assert "http" not in page.text.replace('method="post"', ""), "nothing from elsewhere"


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.upper(), "x" * 4000])
def test_a_wrong_password_gets_no_ticket(client: TestClient, password: str) -> None:
    answer = client.post("/login", data={"password": password})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "not the password" in answer.text
    assert client.get("/config").status_code == 401


def test_the_right_password_opens_everything_until_log_out(client: TestClient) -> None:
    answer = client.post("/login", data={"password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert f"max-age={LIFETIME}" in cookie
    assert client.get("/config").status_code == 200
    assert "gradio" in client.get("/").text
    assert client.get("/login").headers["location"] == "/"
    client.get("/logout")
    assert client.get("/config").status_code == 401


def test_a_tampered_ticket_is_refused(client: TestClient) -> None:
    assert log_in(client) == 303
    ticket = client.cookies[COOKIE]
    for forged in (
        # Not the last letter: two of its bits stand for nothing.
        ticket[:-5] + ("A" if ticket[-5] != "A" else "B") + ticket[-4:],
        ("A" if ticket[0] != "A" else "B") + ticket[1:],
        Door(PASSWORD).ticket(),  # of another process
        "",
    ):
        client.cookies.clear()
        client.cookies.set(COOKIE, forged)
        assert client.get("/config").status_code == 401, forged
    client.cookies.clear()
    client.cookies.set(COOKIE, ticket)
    assert client.get("/config").status_code == 200


def test_a_ticket_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(PASSWORD)
    ticket = door.ticket()
    assert door.accepts(ticket)
    monkeypatch.setattr("monitor.panel.login.LIFETIME", -1)
    assert not door.accepts(ticket)


def test_a_websocket_is_closed_at_the_door(client: TestClient) -> None:
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect) as caught, client.websocket_connect("/queue/join"):
        pass
    assert caught.value.code == 1008


def test_guessing_is_bounded() -> None:
    async def inside(scope: object, receive: object, send: object) -> None:
        raise AssertionError("nobody gets in")

    now = [0.0]
    tries = Tries(limit=3, span=60, clock=lambda: now[0])
    guard = Guard(inside, Door(PASSWORD), tries, delay=0)
    guesser = TestClient(guard, client=("10.0.0.2", 1))
    owner = TestClient(guard, client=("10.0.0.3", 1), follow_redirects=False)
    assert [log_in(guesser, str(i)) for i in range(5)] == [401, 401, 401, 429, 429]
    answer = guesser.post("/login", data={"password": PASSWORD})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert log_in(owner) == 303, "one guesser does not lock out the others"
    now[0] = 61.0
    assert log_in(guesser, "again") == 401


def test_the_memory_of_guessers_is_bounded() -> None:
    tries = Tries(limit=1)
    for i in range(3 * Tries.ADDRESSES):
        tries.count(str(i))
    assert len(tries._wrong) == Tries.ADDRESSES
    assert tries.wait(str(3 * Tries.ADDRESSES - 1)) > 0


def test_without_a_password_only_loopback_names_are_answered(
    settings: Settings, new_session: Callable[..., Session]
) -> None:
    app = build_app(new_session(), settings)
    for host in ("127.0.0.1:7860", "localhost:7860", "[::1]:7860"):
        assert TestClient(app, base_url=f"http://{host}").get("/config").status_code == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "192.168.1.5"):
        assert TestClient(app, base_url=f"http://{host}").get("/config").status_code == 421, host


def test_the_environments_password_comes_first() -> None:
    settings = Settings().changed({"password": "from the file"})
    assert password_of(settings, {}) == "from the file"
    assert password_of(settings, {"CAMDRIFT_PASSWORD": "from outside"}) == "from outside"
    assert password_of(Settings(), {}) == ""
