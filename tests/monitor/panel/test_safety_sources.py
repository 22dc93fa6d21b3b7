"""What the panel may open: nothing else is even asked for."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import cv2
import httpx
import pytest

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.panel.controls import Controls
from monitor.session import Session
from streams.producers.url import UrlProducer

pytestmark = pytest.mark.timeout(60)

FORBIDDEN = [
    "/etc/passwd",
    "../../../etc/passwd",
    "~/.ssh/id_rsa",
    "./config.toml",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file:/etc/passwd",
    "photo:/etc/passwd",
    "photo:../secret.png",
    "images:/",
    "images:/etc/*",
    "concat:/etc/passwd|/etc/shadow",
    "data:text/plain;base64,cm9vdDo=",
    "ftp://10.0.0.1/x",
    "gopher://10.0.0.1/x",
    "http://169.254.169.254/latest/meta-data/",
    "HTTP://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.169.254.nip.io/",
    "http://[fe80::1%25eth0]/",
    "http://[::ffff:169.254.169.254]/",
    "http://metadata.google.internal/",
    "http://127.0.0.1:22/",
    "http://localhost:6379/",
    "http://user:secret@10.0.0.1/stream",
    "rtsp://10.0.0.7/",
    "rtsp://cam.example/live/../admin",
    "rtsp://cam.example/live/%2e%2e/admin",
    "rtsp://cam.example/live/%252e%252e/admin",
    "rtsp://cam.example/live\\..\\admin",
    "rtsp://cam.example@evil.example/live/1",
    "rtsp://evil.example/cam.example/live/1",
    "rtsp://cam.example.evil.example/live/1",
    "rtsp://cam.example:8554/live/1",
    "http://cam.example/live/1",
    "rtsp://cam.example/live/1\nHost: evil",
    "/dev/video0/../../etc/passwd",
    "/dev/sda",
    "v4l2:/dev/video0",
    "",
    "\0",
]


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every connection that leaves this machine, and every try to open a stream; none is made."""
    tried: list[Any] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connected(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(("127.", "::1")):
            tried.append(address)
            raise OSError("blocked by the test")
        connect(self, address)

    def looked_up(host: Any, *rest: Any, **kwargs: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", b"127.0.0.1", None):
            tried.append(host)
            raise OSError("blocked by the test")
        return look_up(host, *rest, **kwargs)

    def opened(*args: Any, **_: Any) -> None:
        tried.append(args)
        raise OSError("blocked by the test")

    monkeypatch.setattr(socket.socket, "connect", connected)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    # FFmpeg opens sockets of its own, beneath Python's.
    monkeypatch.setattr(cv2, "VideoCapture", opened)
    monkeypatch.setattr(UrlProducer, "open", opened)
    return tried


@pytest.fixture
def started(settings: Settings) -> Settings:
    return settings.changed(
        {"allow_sources": ("rtsp://cam.example/live/*", "rtsp://one.example/a")}
    )


@pytest.mark.parametrize("source", FORBIDDEN)
def test_the_field_of_the_page_opens_nothing_else_and_sends_nothing(
    started: Settings, source: str, silent: list[Any]
) -> None:
    session = Session(started)
    controls = Controls(session)
    reason = controls.change("source", source)
    assert "may not be opened from here" in reason
    assert "\n" not in reason
    assert "secret" not in reason.replace("secret.png", "")
    assert session.settings == started
    assert silent == []


def test_nor_do_the_api_and_the_page_of_a_running_panel(
    started: Settings,
    session: Session,
    serving: Callable[..., AbstractContextManager[Any]],
    silent: list[Any],
) -> None:
    session.apply({"allow_sources": started.access.allow_sources})
    program = {"X-Camdrift": "api"}
    with serving(session, started) as served, httpx.Client(base_url=served.url) as client:
        functions = client.get("/config").json()["dependencies"]
        assert functions
        for source in FORBIDDEN:
            answer = client.patch("/api/v1/settings", json={"source": source}, headers=program)
            assert answer.status_code in (400, 409, 422), source
            # Each of the page's functions is handed a sixth of them: 2,000 requests are enough of a try.
            for number in range(len(functions) if source in FORBIDDEN[::6] else 0):
                client.post(
                    "/gradio_api/run/predict",
                    json={"data": [source], "fn_index": number, "session_hash": "x"},
                )
            assert session.settings.stream.source == "scene:portrait", source
    assert silent == []


@pytest.mark.parametrize(
    "source",
    [
        "scene:road?frames=9",
        "0",
        "visitor",
        "rtsp://cam.example/live/1",
        "rtsp://CAM.example/live/sub/2?quality=high",
        "rtsp://one.example/a",
    ],
)
def test_what_is_allowed_is_taken(started: Settings, source: str) -> None:
    controls = Controls(Session(started))
    assert controls.change("source", source) == ""


def test_a_folder_that_is_allowed_opens_its_files_and_no_link_out_of_it(
    settings: Settings, tmp_path: Path
) -> None:
    clips, secret = tmp_path / "clips", tmp_path / "secret"
    for folder in (clips / "a", secret):
        folder.mkdir(parents=True)
    for file in (clips / "a" / "1.avi", secret / "2.avi", tmp_path / "clips2.avi"):
        file.write_bytes(b"x")
    (clips / "out").symlink_to(secret)
    (clips / "out.avi").symlink_to(secret / "2.avi")
    controls = Controls(Session(settings.changed({"allow_folders": (str(clips),)})))
    for good in ("a/1.avi", "a", "a/*.avi", "not-there.avi"):
        assert controls.change("source", f"{clips}/{good}") == "", good
    assert controls.change("source", f"images:{clips}/a?fps=5") == ""
    assert controls.change("source", f"photo:{clips}/a/1.avi") == ""
    for bad in (
        "out/2.avi",
        "out.avi",
        "../secret/2.avi",
        "a/../../secret/2.avi",
        "*/../../secret",
    ):
        assert "may not be opened" in controls.change("source", f"{clips}/{bad}"), bad
    assert "may not be opened" in controls.change("source", f"{tmp_path}/clips2.avi")
    for word in ("patch", "surrogate"):
        assert "may not be opened" in controls.change(word, f"{secret}/2.avi")
    assert "may not be opened" not in controls.change("surrogate", f"{clips}/a/1.avi")
    for name in ("os:system", "hf:/etc", "torchvision:resnet18", "package.module:factory"):
        assert "may not be opened" in controls.change("surrogate", name)


@pytest.mark.parametrize("source", ["*", "rtsp://*", "rtsp://cam*", "/srv/*", "rtsp://a/*/b", "*x"])
def test_a_star_that_would_allow_too_much_is_refused_when_the_settings_are_read(
    settings: Settings, source: str
) -> None:
    with pytest.raises(ConfigError, match="a star stands at the end, after a host and a slash"):
        settings.changed({"allow_sources": (source,)})


def test_a_cameras_login_is_on_no_page_and_in_no_log(
    settings: Settings,
    new_session: Callable[..., Session],
    serving: Callable[..., AbstractContextManager[Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    login = "rtsp://someone:hunter2secret@cam.example/1?token=hunter3secret"
    session = new_session(allow_sources=(login,))
    session.start()
    with serving(session, settings) as served, httpx.Client(base_url=served.url) as client:
        assert "someone" not in client.get("/config").text
        refused = client.patch(
            "/api/v1/settings",
            json={"source": "rtsp://someone:hunter2secret@other.example/1?token=hunter3secret"},
            headers={"X-Camdrift": "api"},
        )
        pages = [refused.text]
        for path in ("/", "/config", "/metrics", "/healthz", "/api/v1/status", "/api/v1/settings"):
            pages.append(client.get(path).text)
    for text in (*pages, caplog.text):
        assert "hunter2secret" not in text
        assert "hunter3secret" not in text
