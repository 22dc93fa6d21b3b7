from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import supervision as sv
from observations import observed

from monitor.errors import SubscriptionFull
from monitor.subscription import Subscribers
from monitor.turns import Turns

pytestmark = pytest.mark.timeout(20)


def frames(count: int):
    return [observed(i, sv.Detections.empty(), sv.Detections.empty()) for i in range(count)]


def test_given_a_slow_listener_then_it_loses_pictures_and_no_record() -> None:
    subscribers = Subscribers()
    with subscribers.add(100) as listener:
        for seen in frames(10):
            subscribers.offer(seen)
        records = listener.records(0)
        assert [record.index for record in records] == list(range(10))
        assert listener.picture(0).frame.index == 9
        assert listener.picture(0) is None
        assert listener.pictures_lost == 9


def test_given_a_record_then_it_holds_no_picture() -> None:
    subscribers = Subscribers()
    listener = subscribers.add(1)
    (seen,) = frames(1)
    subscribers.offer(seen)
    (record,) = listener.records(0)
    fields = [getattr(record, name) for name in type(record).__slots__]
    assert not any(isinstance(field, np.ndarray) for field in fields)
    assert (record.drift, record.success, record.size) == (
        seen.drift,
        seen.success,
        seen.frame.size,
    )


def test_given_a_listener_that_stays_away_then_it_is_cut_off_and_told_and_the_others_are_not() -> (
    None
):
    subscribers = Subscribers()
    away, here = subscribers.add(3), subscribers.add(100)
    for seen in frames(5):
        subscribers.offer(seen)
    assert [record.index for record in away.records(0)] == [0, 1, 2]
    with pytest.raises(SubscriptionFull, match="3 records waited"):
        away.records(0)
    assert len(here.records(0)) == 5


def test_given_a_listener_that_waits_when_the_session_ends_then_it_is_woken() -> None:
    subscribers = Subscribers()
    listener = subscribers.add(10)
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(listener.records(None)))
    waiting.start()
    subscribers.end()
    waiting.join(5)
    assert found == [[]]
    assert listener.ended
    assert subscribers.add(10).ended


def test_given_a_listener_that_left_then_nothing_is_kept_for_it() -> None:
    subscribers = Subscribers()
    listener = subscribers.add(10)
    listener.close()
    listener.close()
    for seen in frames(3):
        subscribers.offer(seen)
    assert listener.records(0) == []


def test_given_no_room_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Subscribers().add(0)


def test_turns_are_given_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order, inside = Turns(), [], []

    def work(number: int) -> None:
        with turns:
            inside.append(number)
            assert len(inside) == 1
            order.append(number)
            inside.pop()

    threads = []
    with turns:
        for number in range(8):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) <= number:
                time.sleep(0)
    for thread in threads:
        thread.join(5)
    assert order == list(range(8))
