"""The life of a source: its states and the moves between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from streams.errors import IllegalMove


class SourceState(Enum):
    """Where a source stands, as its consumer sees it.

    NEW      made, nothing opened
    STARTING the reader thread is opening the producer
    RUNNING  frames can be read
    PAUSED   frames are held back
    RECONNECTING a live source was lost and is being opened again
    ENDED    the consumer was told the end of the stream
    FAILED   the consumer was told an error
    CLOSED   over
    """

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    RECONNECTING = "reconnecting"
    ENDED = "ended"
    FAILED = "failed"
    CLOSED = "closed"


LEGAL_MOVES: Final[Mapping[SourceState, frozenset[SourceState]]] = MappingProxyType(
    {
        SourceState.NEW: frozenset({SourceState.STARTING, SourceState.CLOSED}),
        SourceState.STARTING: frozenset(
            {SourceState.RUNNING, SourceState.FAILED, SourceState.CLOSED}
        ),
        SourceState.RUNNING: frozenset(
            {
                SourceState.PAUSED,
                SourceState.RECONNECTING,
                SourceState.ENDED,
                SourceState.FAILED,
                SourceState.CLOSED,
            }
        ),
        # An end or a loss that comes during a pause waits for the resume.
        SourceState.PAUSED: frozenset(
            {SourceState.RUNNING, SourceState.RECONNECTING, SourceState.CLOSED}
        ),
        SourceState.RECONNECTING: frozenset(
            {SourceState.RUNNING, SourceState.PAUSED, SourceState.FAILED, SourceState.CLOSED}
        ),
        SourceState.ENDED: frozenset({SourceState.CLOSED}),
        SourceState.FAILED: frozenset({SourceState.CLOSED}),
        SourceState.CLOSED: frozenset(),
    }
)
"""Every move that is allowed, from -> to."""


def check_move(current: SourceState, wanted: SourceState) -> None:
    """Pass if the table allows the move.

    Raises
    ------
    IllegalMove : it does not; the text names both states and what is allowed instead.
    """
    if wanted in LEGAL_MOVES[current]:
        return
    allowed = [state.value for state in SourceState if state in LEGAL_MOVES[current]]
    raise IllegalMove(
        f"a source that is {current.value} cannot become {wanted.value}; "
        + (f"from here it can become {', '.join(allowed)}" if allowed else "open a new one")
    )
