"""Scenes in another process: the same frames, whatever happens to the process."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streams.errors import SourceUnreadable
from streams.opening import open_source
from streams.scenes import COSTLY, SCENES
from streams.scenes.apart import Apart

pytestmark = pytest.mark.timeout(60)

SMALL: dict[str, Any] = {"width": 160, "height": 96}


def _same(apart: Apart, scene: Any, index: int) -> bool:
    (pixels, truth), (expected, there) = apart.render(index), scene.render(index)
    assert pixels.flags.writeable  # it belongs to the receiver
    return bool(np.array_equal(pixels, expected)) and truth == there


def _runs(pid: int) -> bool:
    """Whether there is such a process, and not only its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("name", sorted(COSTLY))
def test_frames_and_facts_are_the_scenes_own_in_any_order(name: str) -> None:
    apart, scene = Apart(name, 5, frames=9, **SMALL), SCENES[name](5, frames=9, **SMALL)
    facts = ("width", "height", "fps", "frame_count")
    assert [getattr(apart, fact) for fact in facts] == [getattr(scene, fact) for fact in facts]
    for index in (0, 1, 2, 7, 8, 3, 3, 4):
        assert _same(apart, scene, index), index


def test_a_process_that_ends_is_replaced() -> None:
    apart, scene = Apart("road", 1, **SMALL), SCENES["road"](1, **SMALL)
    assert _same(apart, scene, 0)
    before = apart.pid
    os.kill(before, signal.SIGKILL)
    assert _same(apart, scene, 1)
    assert _same(apart, scene, 2)
    assert apart.pid != before


def test_what_the_scene_refuses_is_refused_in_its_words() -> None:
    with pytest.raises(ValueError, match="a road takes a width of at least 64 pixels"):
        Apart("road", 1, width=640, height=10)


@pytest.mark.parametrize("script", ["pass", "import os; os.write(1, b'12')"])
def test_a_process_that_does_not_start_is_told(script: str) -> None:
    with pytest.raises(ValueError, match="did not start"):
        Apart("road", 1, command=(sys.executable, "-c", script))


def test_a_process_that_ends_again_and_again_is_told() -> None:
    script = """
import pickle, sys
from streams.scenes.apart import HEAD
facts = pickle.dumps({"width": 8, "height": 8, "fps": 25, "frame_count": None})
sys.stdout.buffer.write(HEAD.pack(len(facts), 0) + facts)
"""
    apart = Apart("road", 1, command=(sys.executable, "-c", script))
    with pytest.raises(
        SourceUnreadable, match=r"^scene:road: the process that renders it ended, 2 times"
    ):
        apart.render(0)


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@linux
def test_nobody_is_left_behind() -> None:
    apart = Apart("road", 1, **SMALL)
    apart.render(0)
    pid = apart.pid
    assert _runs(pid)
    del apart
    gc.collect()
    assert not _runs(pid)


@linux
def test_it_ends_with_a_program_that_is_killed() -> None:
    script = """
import sys, time
from streams.scenes.apart import Apart
apart = Apart("road", 1, width=160, height=96)
apart.render(0)
print(apart.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        child = int(program.stdout.readline())
        assert _runs(child)
        program.kill()
    _until(lambda: not _runs(child))


def test_a_source_of_it_is_like_the_scenes_own_and_goes_round_with_one_process() -> None:
    spec = "scene:road?width=160&height=96&frames=3"
    seen: list[list[Any]] = []
    for apart in (False, True):
        with open_source(spec, seed=2, loop=True, apart=apart) as source:
            frames = [source.read(timeout=20) for _ in range(7)]
            assert source.properties is not None
        assert None not in frames
        seen.append([(f.pixels.sum(), f.truth, f.lap, f.source) for f in frames])  # type: ignore[union-attr]
    assert seen[0] == seen[1]
