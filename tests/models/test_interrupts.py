"""Ctrl-C that cannot get lost."""

from __future__ import annotations

import signal
from contextlib import suppress

import pytest

from models.interrupts import interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_raised_at_once(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), interrupts():
        signal.raise_signal(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_somebody_swallowed_is_raised_at_the_next_check(
    number: signal.Signals,
) -> None:
    with interrupts() as check:
        check()
        with suppress(BaseException):  # as libraries do it
            signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            check()


def test_the_handlers_from_before_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupts():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
