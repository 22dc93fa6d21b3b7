"""Alarms posted as JSON to somebody's URL, in a thread of their own, with retries."""

from __future__ import annotations

import http.client
import json
import logging
import ssl
import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from monitor import __version__
from monitor.alarm_facts import alarm_facts
from monitor.alarming import Alarm
from monitor.errors import ConfigError
from streams.naming import one_line, without_credentials

log = logging.getLogger(__name__)

WAITING: Final = 100
"""Alarms that wait for a slow receiver at most."""

TIMEOUT: Final = 5.0
"""Seconds for a receiver to connect, and again for each answer of its socket."""

Post = Callable[[bytes], int]
"""Sends one body, gives the answer's status; OSError or HTTPException where there was none."""


class Webhook:
    """A listener that posts each alarm to a URL; calling it returns at once.

    A receiver that does not answer, or answers 5xx or 429, is tried again after 1, 2, 4, ... seconds; any
    other answer that is not 2xx is final, redirects included: they are not followed.

    Parameters
    ----------
    url : http or https; a login in it is sent as basic authentication and never logged.
    tries : attempts an alarm, at least 1.
    clock : seconds, monotonic; injected for tests.
    wait : waits so many seconds, or less when the webhook is closed; injected for tests.
    post : sends one body; injected for tests.

    Raises
    ------
    ConfigError : not a URL that can be posted to.
    """

    def __init__(
        self,
        url: str,
        tries: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
        post: Post | None = None,
    ) -> None:
        self._name = without_credentials(url)
        self._tries = tries
        self._post = post or poster(url)
        self._clock = clock
        self._closing = threading.Event()
        self._wait = wait or self._closing.wait
        self._ends = float("inf")
        self._queue: deque[Alarm] = deque()
        self._news = threading.Condition()
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="camdrift-webhook", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Alarms that were not delivered: no room, or given up."""
        return self._lost

    def __call__(self, alarm: Alarm) -> None:
        """Have the alarm posted; where `WAITING` others wait it is lost, counted and logged."""
        with self._news:
            fits = len(self._queue) < WAITING and not self._closing.is_set()
            if fits:
                self._queue.append(alarm)
                self._news.notify()
        if not fits:
            why = "closed" if self._closing.is_set() else f"{WAITING} others wait"
            self._lose(alarm, why)

    def close(self, timeout: float = 2.0) -> None:
        """End the thread within `timeout` seconds; until then what waits is tried once each."""
        with self._news:
            self._ends = self._clock() + timeout
            self._closing.set()
            self._news.notify()
        self._thread.join(timeout)
        if self._thread.is_alive():
            log.warning("webhook %s: still busy at the end", self._name)

    def _run(self) -> None:
        while (alarm := self._next()) is not None:
            try:
                self._deliver(alarm)
            except Exception:  # one alarm that cannot be told must not silence the next ones
                log.exception("webhook %s: unexpected", self._name)
                self._lose(alarm, "unexpected failure")

    def _next(self) -> Alarm | None:
        with self._news:
            while not self._queue and not self._closing.is_set():
                self._news.wait()
            late = self._clock() >= self._ends
            if self._queue and not late:
                return self._queue.popleft()
            left = list(self._queue)
            self._queue.clear()
        for alarm in left:
            self._lose(alarm, "closed")
        return None

    def _deliver(self, alarm: Alarm) -> None:
        body = json.dumps(alarm_facts(alarm), allow_nan=False).encode()
        reason = ""
        for attempt in range(1, self._tries + 1):
            reason, again = self._attempt(body)
            if not reason:
                return
            if not again or self._closing.is_set():
                break
            if attempt < self._tries:
                self._wait(2.0 ** (attempt - 1))
        self._lose(alarm, reason)

    def _attempt(self, body: bytes) -> tuple[str, bool]:
        """Why it failed, "" if it did not, and whether another try makes sense."""
        try:
            status = self._post(body)
        except (OSError, http.client.HTTPException) as error:
            return one_line(str(error)) or type(error).__name__, True
        if 200 <= status < 300:
            return "", False
        reason = f"answered {status}"
        if 300 <= status < 400:
            reason += ", a redirect, which is not followed"
        return reason, status >= 500 or status == 429

    def _lose(self, alarm: Alarm, why: str) -> None:
        with self._news:
            self._lost += 1
        log.warning("webhook %s: alarm %d not delivered: %s", self._name, alarm.number, why)


def poster(url: str) -> Post:
    """What posts a body to the URL as JSON: one connection each, no redirects, no proxies.

    Raises
    ------
    ConfigError : not http or https, no host, or a port that is none.
    """
    parts = _parts(url)
    port = parts.port
    host = parts.hostname or ""
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"camdrift/{__version__}",
        "Connection": "close",
    }
    if parts.username is not None or parts.password is not None:
        login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
    context = ssl.create_default_context() if parts.scheme == "https" else None

    def post(body: bytes) -> int:
        connection = (
            http.client.HTTPConnection(host, port, timeout=TIMEOUT)
            if context is None
            else http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
        )
        try:
            connection.request("POST", target, body, headers)
            return connection.getresponse().status  # what else it says is not read
        finally:
            connection.close()

    return post


def _parts(url: str) -> SplitResult:
    name = without_credentials(url)
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    # http.client would refuse these in the middle of the night, when the first alarm comes.
    if not good or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(f"webhook = {name!r}: write http://HOST:PORT/PATH or https://...")
    return parts
