"""The password, the tickets of those who knew it, and a limit on those who guess."""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer

from monitor.config import Settings
from monitor.panel.passwords import PREFIX, Hash, read_hash

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
    password : not empty; the password itself, or its hash as `camdrift password` writes it.

    Raises
    ------
    ConfigError : a hash that cannot be read.
    """

    def __init__(self, password: str) -> None:
        if not password:
            raise ValueError("a door needs a password")
        made = read_hash(password) if password.startswith(PREFIX) else None
        self._hash = made or Hash.of(password)
        # A secret of this process: nothing to keep, and a restart logs everybody out.
        self._signer = URLSafeTimedSerializer(secrets.token_bytes(32), salt="camdrift-panel")

    def opens(self, password: str) -> bool:
        """True for the right password; takes about 50 ms, so ask in a thread."""
        return self._hash.fits(password)

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


class Tries:
    """At most so many wrong passwords from one address, and from all together, in a span of time.

    Who is logged in is not held up by either.

    Parameters
    ----------
    limit : wrong passwords from an address; of IPv6 from a /64, for whoever has one has all of it.
    span : seconds.
    together : wrong passwords from all addresses, so that many hosts guess no faster than a few.
    clock : seconds, monotonic; injected for tests.
    """

    ADDRESSES: Final = 1024
    """As many addresses are remembered, so that no flood of them fills the memory."""

    def __init__(
        self,
        limit: int = 10,
        span: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        together: int = 100,
    ) -> None:
        self._limit = limit
        self._span = span
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque(maxlen=together)

    def wait(self, address: str) -> float:
        """Seconds until this address may try again; 0 if it may now."""
        times = self._wrong.get(_place(address), deque())
        now = self._clock()
        waits = [each[0] + self._span - now for each in (times, self._all) if _full(each)]
        return max(0.0, *waits, 0.0)

    def count(self, address: str) -> None:
        """One try from this address; before the answer is known, so that many at once do not slip through."""
        place = _place(address)
        times = self._wrong.setdefault(place, deque(maxlen=self._limit))
        times.append(self._clock())
        self._all.append(self._clock())
        self._wrong.move_to_end(place)
        while len(self._wrong) > self.ADDRESSES:
            self._wrong.popitem(last=False)

    def forgive(self, address: str) -> None:
        """It was the right one after all."""
        self._wrong.pop(_place(address), None)
        if self._all:
            self._all.pop()


def _full(times: deque[float]) -> bool:
    return len(times) == times.maxlen


def _place(address: str) -> str:
    """What of an address one host stands for."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
