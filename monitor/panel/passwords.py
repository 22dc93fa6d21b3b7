"""Passwords as hashes that may stand in a file: scrypt (Percival 2009; RFC 7914)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Self

from monitor.errors import ConfigError

PREFIX: Final = "scrypt$"
_COST, _BLOCK, _LANES = 2**14, 8, 1  # 16 MiB and about 50 ms
_MOST_COST: Final = 2**20


@dataclass(frozen=True, slots=True)
class Hash:
    """A salted hash and what it was made with."""

    salt: bytes
    digest: bytes
    cost: int = _COST
    block: int = _BLOCK
    lanes: int = _LANES

    @classmethod
    def of(cls, password: str) -> Self:
        """The hash of a password, with a salt of its own."""
        salt = secrets.token_bytes(16)
        return cls(salt, _scrypt(password, salt, _COST, _BLOCK, _LANES))

    def fits(self, password: str) -> bool:
        """True for the password that it was made of; takes as long for any other."""
        tried = _scrypt(password, self.salt, self.cost, self.block, self.lanes)
        return hmac.compare_digest(tried, self.digest)

    def __str__(self) -> str:
        salt, digest = (base64.b64encode(part).decode() for part in (self.salt, self.digest))
        return f"{PREFIX}{self.cost}${self.block}${self.lanes}${salt}${digest}"


def read_hash(text: str) -> Hash:
    """The hash that a text spells, as `str` of one does.

    Raises
    ------
    ConfigError : it spells none.
    """
    try:
        cost, block, lanes, salt, digest = text.removeprefix(PREFIX).split("$")
        held = Hash(
            base64.b64decode(salt, validate=True),
            base64.b64decode(digest, validate=True),
            int(cost),
            int(block),
            int(lanes),
        )
        if len(held.salt) < 8 or len(held.digest) != 64 or not 2**10 <= held.cost <= _MOST_COST:
            raise ValueError
        held.fits("")
    except (ValueError, binascii.Error, OverflowError, MemoryError):
        raise ConfigError(
            "panel.password: this is no whole hash; `camdrift password` makes one"
        ) from None
    return held


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    memory = 2 * 128 * block * (cost + lanes)
    return hashlib.scrypt(
        password.encode(), salt=salt, n=cost, r=block, p=lanes, maxmem=memory, dklen=64
    )
