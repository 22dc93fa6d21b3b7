"""The password, the tickets of those who knew it, and a limit on those who guess."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer

from monitor.config import Settings

PASSWORD_VARIABLE: Final = "CAMDRIFT_PASSWORD"
LIFETIME: Final = 12 * 3600
"""Seconds that a ticket is good for; a restart of the panel ends all of them."""


def password_of(settings: Settings, environ: Mapping[str, str]) -> str:
    """The panel's password, the environment's first; "" where none is set."""
    return environ.get(PASSWORD_VARIABLE, "") or settings.panel.password


class Door:
    """Knows the password by its hash, and issues signed tickets.

    Parameters
    ----------
    password : not empty.
    """

    def __init__(self, password: str) -> None:
        if not password:
            raise ValueError("a door needs a password")
        self._salt = secrets.token_bytes(16)
        self._digest = self._hashed(password)
        # A secret of this process: nothing to keep, and a restart logs everybody out.
        self._signer = URLSafeTimedSerializer(secrets.token_bytes(32), salt="camdrift-panel")

    def opens(self, password: str) -> bool:
        """True for the right password; takes about 50 ms, so ask in a thread."""
        return hmac.compare_digest(self._hashed(password), self._digest)

    def ticket(self) -> str:
        """A ticket for a cookie."""
        return self._signer.dumps(secrets.token_urlsafe(8))

    def accepts(self, ticket: str) -> bool:
        """True for a ticket of this process that is not too old."""
        try:
            self._signer.loads(ticket, max_age=LIFETIME)
        except BadData:
            return False
        return True

    def _hashed(self, password: str) -> bytes:
        return hashlib.scrypt(password.encode(), salt=self._salt, n=2**14, r=8, p=1)


class Tries:
    """At most so many wrong passwords from one address in a span of time.

    Parameters
    ----------
    limit : wrong passwords.
    span : seconds.
    clock : seconds, monotonic; injected for tests.
    """

    ADDRESSES: Final = 1024
    """As many addresses are remembered, so that no flood of them fills the memory."""

    def __init__(
        self, limit: int = 10, span: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._span = span
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until this address may try again; 0 if it may now."""
        times = self._wrong.get(address)
        if times is None or len(times) < self._limit:
            return 0.0
        return max(0.0, times[0] + self._span - self._clock())

    def count(self, address: str) -> None:
        """One try from this address; before the answer is known, so that many at once do not slip through."""
        times = self._wrong.setdefault(address, deque(maxlen=self._limit))
        times.append(self._clock())
        self._wrong.move_to_end(address)
        while len(self._wrong) > self.ADDRESSES:
            self._wrong.popitem(last=False)

    def forgive(self, address: str) -> None:
        """It was the right one after all."""
        self._wrong.pop(address, None)
