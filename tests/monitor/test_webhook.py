"""Alarms are posted to a real server on this machine: tried again, given up, never in the caller's way."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from alarm_stories import called

import monitor
from monitor.alarm_facts import alarm_facts
from monitor.errors import ConfigError
from monitor.webhook import TIMEOUT, WAITING, Webhook, poster

pytestmark = pytest.mark.timeout(30)


class Receiver:
    """A server on loopback: keeps what it was sent and answers as it was told.

    Attributes
    ----------
    answers : statuses, the next one first; the last one is for all that comes after.
    got : (path, headers, body) of every request.
    gate : requests are answered while it is set.
    """

    def __init__(self) -> None:
        self.answers = [204]
        self.headers: dict[str, str] = {}
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.gate = threading.Event()
        self.gate.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                receiver.gate.wait(10)
                answers = receiver.answers
                self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.gate.set()
    receiver.server.shutdown()
    receiver.server.server_close()
    receiver.thread.join(5)


@pytest.fixture
def hook() -> Iterator[Callable[..., Webhook]]:
    made: list[Webhook] = []

    def make(*args: object, **more: object) -> Webhook:
        made.append(Webhook(*args, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for webhook in made:
        webhook.close()
        assert not webhook._thread.is_alive()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited 10 s in vain"
        time.sleep(0.005)


def test_an_alarm_is_delivered(receiver: Receiver, hook: Callable[..., Webhook]) -> None:
    alarm = called(3)
    hook(receiver.url + "?team=7", 3)(alarm)
    until(lambda: receiver.got)
    path, headers, body = receiver.got[0]
    assert path == "/hook?team=7"
    assert json.loads(body) == alarm_facts(alarm)
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == f"camdrift/{monitor.__version__}"
    assert "Authorization" not in headers


def test_the_login_of_the_url_is_sent(receiver: Receiver, hook: Callable[..., Webhook]) -> None:
    hook(receiver.url.replace("//", "//me:se%2Fcret@"), 1)(called())
    until(lambda: receiver.got)
    assert receiver.got[0][1]["Authorization"] == "Basic bWU6c2UvY3JldA=="


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_receiver_that_is_not_well_is_asked_again(
    receiver: Receiver, hook: Callable[..., Webhook], status: int
) -> None:
    receiver.answers = [status, status, 204]
    waits: list[float] = []
    webhook = hook(receiver.url, 5, wait=waits.append)
    webhook(called(1))
    webhook(called(2))
    until(lambda: len(receiver.got) == 4)
    numbers = [json.loads(body)["number"] for _, _, body in receiver.got]
    assert numbers == [1, 1, 1, 2], "in their order"
    assert waits == [1, 2]
    assert webhook.lost == 0


def test_it_gives_up_after_its_tries_and_goes_on_with_the_next(
    receiver: Receiver, hook: Callable[..., Webhook], caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [503] * 4 + [204]
    waits: list[float] = []
    webhook = hook(receiver.url, 4, wait=waits.append)
    webhook(called(1))
    webhook(called(2))
    until(lambda: len(receiver.got) == 5)
    assert waits == [1, 2, 4]
    until(lambda: webhook.lost == 1)
    (line,) = caplog.messages
    assert line == f"webhook {receiver.url}: alarm 1 not delivered: answered 503"


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_final(receiver: Receiver, hook: Callable[..., Webhook], status: int) -> None:
    receiver.answers = [status]
    webhook = hook(receiver.url, 5, wait=lambda _: pytest.fail("waited"))
    webhook(called())
    until(lambda: webhook.lost == 1)
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    receiver: Receiver,
    hook: Callable[..., Webhook],
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    receiver.answers = [status]
    receiver.headers = {"Location": "/elsewhere"}
    webhook = hook(receiver.url, 5)
    webhook(called())
    until(lambda: webhook.lost == 1)
    assert [path for path, _, _ in receiver.got] == ["/hook"]
    assert f"answered {status}, a redirect, which is not followed" in caplog.text


def test_nobody_there_is_tried_again(
    hook: Callable[..., Webhook], caplog: pytest.LogCaptureFixture
) -> None:
    gone = Receiver()
    gone.server.shutdown()
    gone.server.server_close()
    waits: list[float] = []
    webhook = hook(gone.url, 3, wait=waits.append)
    webhook(called())
    until(lambda: webhook.lost == 1)
    assert waits == [1, 2]
    assert "Connection refused" in caplog.text


def test_a_slow_receiver_does_not_hold_up_the_caller(
    receiver: Receiver, hook: Callable[..., Webhook], caplog: pytest.LogCaptureFixture
) -> None:
    receiver.gate.clear()
    webhook = hook(receiver.url, 1)
    webhook(called(1))
    until(lambda: receiver.got)
    begun = time.monotonic()
    for number in range(2, WAITING + 5):
        webhook(called(number))
    assert time.monotonic() - begun < 1
    assert webhook.lost == 3, "what does not fit is counted"
    assert f"alarm {WAITING + 4} not delivered: {WAITING} others wait" in caplog.text
    receiver.gate.set()
    until(lambda: len(receiver.got) == WAITING + 1)


def test_a_receiver_that_never_answers_is_given_up(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert TIMEOUT == 5
    monkeypatch.setattr("monitor.webhook.TIMEOUT", 0.05)
    receiver.gate.clear()
    with pytest.raises(TimeoutError):
        poster(receiver.url)(b"{}")


def test_close_ends_the_thread_in_the_middle_of_a_wait(
    receiver: Receiver, hook: Callable[..., Webhook]
) -> None:
    receiver.answers = [503]
    webhook = hook(receiver.url, 20)
    webhook(called(1))
    until(lambda: receiver.got)
    webhook(called(2))
    begun = time.monotonic()
    webhook.close(5)
    assert time.monotonic() - begun < 1, "the wait of a second or more is over at once"
    assert not webhook._thread.is_alive()
    numbers = [json.loads(body)["number"] for _, _, body in receiver.got]
    assert numbers[-1] == 2, "what waited is tried once"
    assert webhook.lost == 2
    webhook(called(3))
    assert webhook.lost == 3


def test_close_does_not_wait_longer_than_it_was_told(hook: Callable[..., Webhook]) -> None:
    now, sent = [0.0], []

    def post(body: bytes) -> int:
        sent.append(body)
        now[0] += 2
        return 204

    held = threading.Event()
    webhook = hook(
        "http://x/", 1, clock=lambda: now[0], post=lambda body: held.wait() and post(body)
    )
    for number in range(1, 6):
        webhook(called(number))
    threading.Timer(0.05, held.set).start()
    webhook.close(3)
    assert len(sent) == 2, "3 s are over after two answers of 2 s"
    assert webhook.lost == 3


def test_what_nobody_foresaw_does_not_silence_the_next(
    hook: Callable[..., Webhook], caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[bytes] = []

    def post(body: bytes) -> int:
        sent.append(body)
        if len(sent) == 1:
            raise RuntimeError("never seen")
        return 200

    webhook = hook("http://x/", 1, post=post)
    webhook(called(1))
    webhook(called(2))
    until(lambda: len(sent) == 2)
    assert webhook.lost == 1
    assert "never seen" in caplog.text


@pytest.mark.parametrize("login", ["me:sec/ret@", "me:secret@", ":secret@", "secret@"])
def test_the_login_is_never_in_the_log(
    hook: Callable[..., Webhook], caplog: pytest.LogCaptureFixture, login: str
) -> None:
    caplog.set_level(logging.DEBUG)
    gone = Receiver()
    gone.server.shutdown()
    gone.server.server_close()
    url = gone.url.replace("//", f"//{login}") + "?token=secret"
    try:
        webhook = hook(url, 2, wait=lambda _: None)
    except ConfigError as error:
        told = str(error)
    else:
        webhook(called())
        until(lambda: webhook.lost == 1)
        told = caplog.text
    assert "127.0.0.1" in told
    assert "sec" not in told


@pytest.mark.parametrize(
    "url",
    ["", "hook", "ftp://x/", "file:///etc/passwd", "http://", "http:///x", "http://x:y/", "http://x:0/",
     "http://x:99999/", "http://x/a b", "http://x/\r\nHost: y", "http://x/ä"],
)  # fmt: skip
def test_only_what_can_be_posted_to_is_taken(url: str) -> None:
    with pytest.raises(ConfigError, match=r"webhook = .*write http://HOST") as caught:
        Webhook(url, 1)
    assert str(caught.value).isprintable()
