"""The number of threads that a model may work on."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numba
import pytest
import torch

from monitor.assembly import build_pipeline, load_detector
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.session import Session


@pytest.fixture
def threads() -> Iterator[int]:
    before, kernels = torch.get_num_threads(), numba.get_num_threads()
    yield before
    torch.set_num_threads(before)
    numba.set_num_threads(kernels)


def test_a_model_works_on_as_many_threads_as_are_asked_for_in_every_thread(threads: int) -> None:
    settings = Settings().changed({"model": "signs", "threads": 1, "attack": "fgsm"})
    detector = load_detector(settings)
    build_pipeline(settings, detector)  # its kernels share torch's OpenMP
    assert torch.get_num_threads() == 1
    seen: list[int] = []
    loop = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    loop.start()
    loop.join(5)
    assert seen == [1]


def test_a_live_session_keeps_to_it(threads: int) -> None:
    wanted = {
        "source": "scene:portrait",
        "model": "signs",
        "threads": 1,
        "attack": "fgsm",
        "width": 160,
    }
    session = Session(Settings().changed(wanted))
    seen: list[int] = []
    session.add_sink(lambda _: seen.append(torch.get_num_threads()))
    session.start()
    try:
        with session.viewer():
            assert session.broadcast.wait(0, 20)
            assert session.broadcast.wait(1, 20)
    finally:
        session.stop()
    assert seen[-1] == 1


def test_nothing_is_changed_where_none_is_asked_for(threads: int) -> None:
    load_detector(Settings().changed({"model": "signs"}))
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("count", [-1, 1025, 1.5, "many"])
def test_a_number_that_is_none_is_refused(count: object) -> None:
    with pytest.raises(ConfigError, match="threads"):
        Settings().changed({"threads": count})
