"""Whoever has no ticket gets nothing from a running panel, and nobody guesses fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from panel_routes import paths_of

from monitor.config import Settings
from monitor.panel.passwords import Hash
from monitor.session import Session

pytestmark = pytest.mark.timeout(120)

PASSWORD = "correct horse battery"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.fixture(scope="module")
def panel(settings: Settings, serving: Callable[..., AbstractContextManager[Any]]) -> Iterator[Any]:
    session = Session(settings)  # what is not let in needs no frames
    with serving(session, settings, str(Hash.of(PASSWORD))) as served:
        yield served


def test_no_route_answers_without_the_cookie_or_with_a_forged_one(panel: Any) -> None:
    paths = paths_of(panel.app.routes) - {"/login", "/logout"}
    assert len(paths) > 40
    assert {"/metrics", "/healthz", "/snapshot.zip", "/stream/all.mjpg", "/visitor/frame"} <= paths
    assert any(path.startswith("/api/v1/") for path in paths)
    assert any("file" in path for path in paths), "Gradio's are among them"
    with httpx.Client(base_url=panel.url, timeout=10) as client:
        for path in sorted(paths):
            for method in METHODS:
                for cookie in ({}, {"Cookie": "camdrift=forged.ticket.here"}):
                    answer = client.request(method, path, headers=cookie)
                    assert answer.status_code == 401, f"{method} {path}"
                    assert answer.text in ("log in first", ""), f"{method} {path}"
                    assert answer.headers["x-frame-options"] == "DENY"


def test_a_thousand_wrong_passwords_are_hardly_any_guesses(
    panel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    whole = Hash.fits

    def counted(self: Hash, password: str) -> bool:
        hashed.append(password)
        return whole(self, password)

    monkeypatch.setattr(Hash, "fits", counted)
    start = time.monotonic()

    def guess(numbers: range) -> list[int]:
        with httpx.Client(base_url=panel.url, timeout=60) as client:
            return [
                client.post("/login", data={"password": f"guess {i}"}).status_code for i in numbers
            ]

    with ThreadPoolExecutor(8) as pool:
        answers = [status for part in pool.map(guess, _parts(1000, 8)) for status in part]
    took = time.monotonic() - start
    spans = 1 + took // 60
    assert set(answers) == {401, 429}
    assert len(hashed) == answers.count(401) <= 10 * spans
    # The right one has to wait like any other from this address.
    answer = httpx.post(panel.url + "/login", data={"password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert PASSWORD not in answer.text


def test_the_hash_in_the_settings_opens_for_its_password(
    settings: Settings, serving: Callable[..., AbstractContextManager[Any]]
) -> None:
    made = str(Hash.of(PASSWORD))
    with (
        serving(Session(settings), settings, made) as served,
        httpx.Client(base_url=served.url) as client,
    ):
        assert client.post("/login", data={"password": made}).status_code == 401
        answer = client.post("/login", data={"password": PASSWORD})
        assert answer.status_code == 303
        assert urlsplit(answer.headers["location"]).netloc == ""
        assert client.get("/config").status_code == 200
        assert made not in client.get("/config").text


def _parts(count: int, parts: int) -> list[range]:
    return [range(i, count, parts) for i in range(parts)]
