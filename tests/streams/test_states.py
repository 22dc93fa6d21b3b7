from __future__ import annotations

import itertools

import pytest

from streams.errors import IllegalMove
from streams.states import LEGAL_MOVES, SourceState, check_move


def test_given_the_table_when_states_are_counted_then_every_state_has_its_row():
    assert set(LEGAL_MOVES) == set(SourceState)


@pytest.mark.parametrize(("current", "wanted"), list(itertools.product(SourceState, repeat=2)))
def test_given_two_states_when_moving_then_only_the_table_decides(current, wanted):
    if wanted in LEGAL_MOVES[current]:
        check_move(current, wanted)
    else:
        with pytest.raises(IllegalMove) as caught:
            check_move(current, wanted)
        assert current.value in str(caught.value)
        assert wanted.value in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("state", [s for s in SourceState if s is not SourceState.CLOSED])
def test_given_any_open_state_when_closing_then_it_is_allowed(state):
    assert SourceState.CLOSED in LEGAL_MOVES[state]


def test_given_a_closed_source_when_moving_then_nothing_is_allowed():
    assert not LEGAL_MOVES[SourceState.CLOSED]
