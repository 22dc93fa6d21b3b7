"""A running panel and what pages from elsewhere, long bodies and crooked paths get of it."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from panel_routes import paths_of
from playwright.sync_api import Browser

from monitor.config import Settings
from monitor.panel.headers import POLICY
from monitor.panel.intake import MOST, NEEDED
from monitor.session import Session

pytestmark = pytest.mark.timeout(90)


@pytest.fixture(scope="module")
def panel(settings: Settings, serving: Callable[..., AbstractContextManager[Any]]) -> Iterator[Any]:
    with serving(Session(settings), settings) as served:
        yield served


@pytest.fixture(scope="module")
def guarded(
    settings: Settings, serving: Callable[..., AbstractContextManager[Any]]
) -> Iterator[Any]:
    with serving(Session(settings), settings, "open sesame") as served:
        yield served


def raw(url: str, request: str, body: bytes = b"") -> str:
    """What the server says to bytes that no client library would send."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode() + body)
        said = b""
        while part := connection.recv(65536):
            said += part
        return said.decode("latin-1")


@pytest.mark.parametrize("path", ["/visitor/frame", "/gradio_api/upload", "/api/v1/settings", "/"])
def test_an_upload_that_announces_ten_gigabytes_is_refused_at_once(panel: Any, path: str) -> None:
    host = urlsplit(panel.url).netloc
    said = raw(
        panel.url,
        f"POST {path} HTTP/1.1\nHost: {host}\nX-Camdrift: visitor\nContent-Type: image/jpeg\n"
        "Content-Length: 10737418240\n\n",
    )
    assert said.startswith("HTTP/1.1 413 "), said[:200]
    assert "bytes at most" in said


def test_the_login_is_as_strict(guarded: Any) -> None:
    answer = httpx.post(guarded.url + "/login", content=b"password=" + b"x" * 10_000)
    assert answer.status_code == 413


def test_a_body_that_announces_nothing_is_cut_off(panel: Any) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 200 * MOST:
            sent += 65536
            yield b"x" * 65536

    headers = {"X-Camdrift": "api", "Content-Type": "application/json"}
    try:
        answer = httpx.patch(
            panel.url + "/api/v1/settings", content=endless(), headers=headers, timeout=20
        )
        assert answer.status_code == 413
    except httpx.TransportError:
        pass  # it was cut off while it was sending
    assert sent < 200 * MOST


@pytest.mark.parametrize("length", ["-1", "1e3", "1" * 5000, "²"])
def test_a_length_that_is_none_is_refused(panel: Any, length: str) -> None:
    host = urlsplit(panel.url).netloc
    said = raw(
        panel.url, f"POST / HTTP/1.1\nConnection: close\nHost: {host}\nContent-Length: {length}\n\n"
    )
    assert said.startswith(("HTTP/1.1 400 ", "HTTP/1.1 413 ", "HTTP/1.1 431 ")) or said == ""


CROSS = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
    {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    },  # a form that posts into a tab of its own
]


@pytest.mark.parametrize("headers", CROSS)
def test_nothing_is_posted_from_elsewhere_on_any_route(
    panel: Any, guarded: Any, headers: dict[str, str]
) -> None:
    for served in (panel, guarded):
        with httpx.Client(base_url=served.url) as client:
            for path in sorted(paths_of(served.app.routes) | {"/login", "/logout"}):
                answer = client.post(path, headers=headers, data={"password": "open sesame"})
                assert answer.status_code == 403, path
                assert "set-cookie" not in answer.headers


def test_the_panels_own_page_and_programs_are_let_in(panel: Any, guarded: Any) -> None:
    own = {"Origin": guarded.url, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    answer = httpx.post(guarded.url + "/login", data={"password": "open sesame"}, headers=own)
    assert answer.status_code == 303
    assert httpx.get(panel.url + "/healthz").status_code in (200, 503)
    led = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert httpx.get(panel.url + "/", headers=led).status_code == 200, "a link may lead here"
    for dest in ("iframe", "image", "empty"):
        framed = {**led, "Sec-Fetch-Dest": dest}
        assert httpx.get(panel.url + "/", headers=framed).status_code == 403
    ticket = answer.headers["set-cookie"].partition(";")[0]
    left = httpx.get(guarded.url + "/logout", headers={**led, "Cookie": ticket})
    assert left.status_code == 403
    assert "set-cookie" not in left.headers, "nobody is logged out by a link"


def test_every_answer_says_that_it_is_framed_by_nobody(panel: Any, guarded: Any) -> None:
    with httpx.Client(base_url=panel.url, timeout=10) as client:
        for path in sorted(paths_of(panel.app.routes) | {"/nowhere"}):
            with client.stream("GET", path) as answer:
                assert answer.headers["x-frame-options"] == "DENY", path
                assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
                assert answer.headers["x-content-type-options"] == "nosniff", path
                assert answer.headers["referrer-policy"] == "same-origin", path
                assert answer.headers["cross-origin-resource-policy"] == "same-origin", path
    for answer in (httpx.get(guarded.url + "/login"), httpx.get(guarded.url + "/config")):
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "http" not in POLICY, "nothing from elsewhere"


def test_gradio_answers_only_what_the_page_needs(panel: Any) -> None:
    mount = panel.app.routes[-1]
    known = paths_of(mount.routes)
    assert any("upload" in path for path in known)
    shut = {path for path in known if not any(path.startswith(word) for word in NEEDED[1:])} - {"/"}
    assert len(shut) > 20
    assert any("proxy" in path for path in shut)
    with httpx.Client(base_url=panel.url) as client:
        for path in sorted(shut):
            for method in ("GET", "POST"):
                assert client.request(method, path).status_code == 404, f"{method} {path}"


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../../etc/passwd",
        "/file=/etc/passwd",
        "/gradio_api/proxy=http://169.254.169.254/latest/",
        "/static/../../../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/static//etc/passwd",
        "/assets/..%5c..%5cetc%5cpasswd",
        "/svelte/../../../../etc/passwd",
        "/still/../../../etc/passwd.jpg",
        "/still/%2e%2e%2fpyproject.toml.jpg",
        "/api/v1/alarms/1/..%2f..%2fetc%2fpasswd.jpg",
        "/stream/../../config.toml",
        "//etc/passwd",
    ],
)
def test_no_path_leads_to_a_file_of_this_machine(panel: Any, path: str) -> None:
    said = raw(
        panel.url, f"GET {path} HTTP/1.1\nConnection: close\nHost: {urlsplit(panel.url).netloc}\n\n"
    )
    assert "root:" not in said
    assert "[project]" not in said
    assert said.split()[1] in ("400", "403", "404", "422"), said[:100]


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """Serves a page on another origin: (its text) -> its address."""
    held = {"page": ""}

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(held["page"].encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def put(page: str) -> str:
        held["page"] = page
        return f"http://localhost:{server.server_port}/"

    yield put
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_page_elsewhere_neither_frames_it_nor_reads_it_nor_posts_to_it(
    panel: Any, browser: Browser, elsewhere: Callable[[str], str]
) -> None:
    url = panel.url
    here = elsewhere(
        f"<iframe id=f src='{url}/'></iframe><img id=i src='{url}/stream/clean.mjpg'>"
        f"<form id=p method=post action='{url}/gradio_api/run/predict' target=f></form>"
    )
    before = panel.session.settings
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(here)
        frame = page.query_selector("#f")
        assert frame is not None
        inner = frame.content_frame()
        assert inner is not None
        page.wait_for_load_state()
        assert "camdrift" not in inner.content()
        assert page.evaluate("document.querySelector('#i').naturalWidth") == 0
        for method in ("GET", "POST", "PATCH"):
            answer = page.evaluate(
                "([url, method]) => fetch(url, { method, credentials: 'include' })"
                ".then((a) => a.text()).catch(() => 'refused')",
                [f"{url}/api/v1/status", method],
            )
            assert answer == "refused"
        said = page.evaluate(
            "(url) => fetch(url, { method: 'POST', mode: 'no-cors', body: '{}' })"
            ".then((a) => a.type).catch(() => 'refused')",
            f"{url}/gradio_api/run/predict",
        )
        assert said in ("opaque", "refused")
    assert panel.session.settings == before
