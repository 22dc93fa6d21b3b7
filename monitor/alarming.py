"""Alarms of a live session, with their evidence, and whoever is told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor.drift.alarms import Change


@dataclass(frozen=True, slots=True)
class Alarm:
    """A change that somebody is told of.

    Attributes
    ----------
    number : 1 for the first of a session; it never goes back.
    change : the figure, its window, before and after.
    source : where the frames come from, fit to be shown.
    attack : what was at work on the stream, in the words of config.toml.
    at : seconds since 1970.
    frames : indexes of the three frames that are its evidence: before, at the change, at the call.
    """

    number: int
    change: Change
    source: str
    attack: str
    at: float
    frames: tuple[int, int, int]

    @property
    def words(self) -> str:
        """One line: "miss rate rose from 0.02 to 0.81 (last 8 frames), scene:road, since frame 214"."""
        raise NotImplementedError


Listener = Callable[[Alarm], None]
