"""How long a source is waited for, and what counts as too old."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.reconnect import Reconnect


@dataclass(frozen=True, slots=True)
class Patience:
    """The limits of a source's life.

    Attributes
    ----------
    open_timeout, read_timeout : seconds for a network camera to answer, and between two of its pictures.
    reconnect : what is done when a live source is lost.
    max_age : seconds; a live picture that is older when it is asked for is dropped and counted; None: never.
    frozen_after : seconds of the same picture, bit for bit, after which a live source counts as frozen; None:
        never.
    stall : seconds in one native call after which its thread is given up and another one begins. Longer than
        the limits of the calls themselves (10 s is that of a V4L2 camera): it is the last resort.
    """

    open_timeout: float = 10.0
    read_timeout: float = 5.0
    reconnect: Reconnect = field(default_factory=Reconnect)
    max_age: float | None = 2.0
    frozen_after: float | None = 5.0
    stall: float = 20.0


PATIENT = Patience()
"""The defaults."""
