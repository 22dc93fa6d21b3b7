"""When a live source that was lost is opened again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Exponential backoff with jitter.

    Attempt n waits `first * factor**n` seconds, `most` at most, of which the share `jitter` is drawn at
    random: a hundred monitors must not come back to a restarted server in the same instant.

    Attributes
    ----------
    attempts : how often a lost source is tried before it counts as failed; None: for ever, 0: never.
    first, most : seconds before the first attempt, and before any.
    factor : between two attempts.
    jitter : share of the wait that is random, 0 to 1.
    settled : seconds of pictures after which a loss is a new one: the count and the waits begin anew. A
        server that takes every connection and drops it after a picture is not asked twice a second.

    Raises
    ------
    ValueError : a number out of its range.
    """

    attempts: int | None = None
    first: float = 0.5
    most: float = 10.0
    factor: float = 2.0
    jitter: float = 0.5
    settled: float = 5.0

    def __post_init__(self) -> None:
        if self.attempts is not None and self.attempts < 0:
            raise ValueError(f"attempts must be at least 0, or None for ever; got {self.attempts}")
        if not 0 < self.first <= self.most or self.factor < 1:
            raise ValueError("backoff takes 0 < first <= most and a factor of at least 1")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter is a share from 0 to 1, got {self.jitter}")

    def longest(self, attempt: int) -> float:
        """Seconds that attempt `attempt` (from 0) waits at most."""
        # A float's exponent ends at 1024; a camera that is gone for a month is tried more often.
        return min(self.most, self.first * self.factor ** min(attempt, 60))


NEVER = Reconnect(attempts=0)
"""A source that is lost has failed."""


class Backoff:
    """The attempts of one source.

    Parameters
    ----------
    policy : how long, how often.
    rng : for the jitter.
    """

    def __init__(self, policy: Reconnect, rng: np.random.Generator) -> None:
        self._policy = policy
        self._rng = rng
        self.attempt = 0
        """Attempts since the source was last well."""

    def next(self) -> float | None:
        """Seconds to wait before the next attempt; None when there is none left."""
        policy = self._policy
        if policy.attempts is not None and self.attempt >= policy.attempts:
            return None
        longest = policy.longest(self.attempt)
        self.attempt += 1
        return longest * (1.0 - policy.jitter * float(self._rng.random()))

    def ran(self, seconds: float) -> None:
        """The source delivered pictures for this long before it was lost again."""
        if seconds >= self._policy.settled:
            self.attempt = 0


@dataclass(frozen=True, slots=True)
class Outage:
    """A live source that is lost for the time being.

    Attributes
    ----------
    reason : one line on what happened.
    since : when it was lost [s, monotonic].
    attempt : the attempt to come, or at work, from 1.
    retry_at : when that begins, or began [s, monotonic].
    """

    reason: str
    since: float
    attempt: int
    retry_at: float

    def words(self, now: float) -> str:
        """One line for people."""
        left = self.retry_at - now
        when = f"in {left:.0f} s" if left >= 1 else "now"
        return f"{self.reason}; lost for {now - self.since:.0f} s, attempt {self.attempt} {when}"
