"""Damaged files: each ends in frames or in one clear line, none hangs, none ends the program."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from streams.errors import StreamError
from streams.opening import open_source
from streams.patience import Patience

LONGEST = 5.0
"""Seconds that any file may take, opening and all frames."""


def flipped(data: bytes, rng: np.random.Generator) -> bytes:
    """Some bits turned over, anywhere or in the header."""
    damaged = np.frombuffer(data, np.uint8).copy()
    end = len(damaged) if rng.random() < 0.5 else min(2048, len(damaged))
    count = int(rng.integers(1, 200))
    damaged[rng.integers(0, end, count)] ^= (1 << rng.integers(0, 8, count)).astype(np.uint8)
    return damaged.tobytes()


def cut(data: bytes, rng: np.random.Generator) -> bytes:
    """The beginning only, or with a piece out of the middle."""
    a, b = sorted(rng.integers(0, len(data), 2))
    return data[:a] if rng.random() < 0.5 else data[:a] + data[b:]


def swapped(data: bytes, rng: np.random.Generator, other: bytes) -> bytes:
    """The header of another container."""
    size = int(rng.integers(4, 4096))
    return other[:size] + data[size:]


def overwritten(data: bytes, rng: np.random.Generator) -> bytes:
    """A stretch of noise, of nothing, or of all ones."""
    a = int(rng.integers(0, len(data)))
    size = int(rng.integers(1, max(2, len(data) // 4)))
    fill = [bytes(size), b"\xff" * size, rng.bytes(size)][int(rng.integers(3))]
    return data[:a] + fill + data[a + size :]


@pytest.fixture(scope="module")
def originals(clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    found = [path.read_bytes() for path in clips.values()]
    if shutil.which("ffmpeg"):
        folder = tmp_path_factory.mktemp("fuzz")
        for name in ("a.mp4", "b.mkv", "c.ts", "d.flv"):
            file = folder / name
            subprocess.run(
                [
                    *("ffmpeg", "-v", "quiet", "-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=1"),
                    *("-c:v", "libx264", "-bf", "2", str(file)),
                ],
                check=True,
            )
            found.append(file.read_bytes())
    return found


def through(path: Path) -> tuple[str, str]:
    """(what it ended in, the error's text)."""
    try:
        with open_source(str(path), patience=Patience(stall=LONGEST)) as source:
            while source.read(LONGEST) is not None:
                pass
    except StreamError as error:
        return type(error).__name__, str(error)
    return "end", "all frames came"


def fuzz(originals: list[bytes], folder: Path, count: int, seed: int) -> dict[str, int]:
    rng = np.random.default_rng(seed)
    ends: dict[str, int] = {}
    for number in range(count):
        data = originals[int(rng.integers(len(originals)))]
        other = originals[int(rng.integers(len(originals)))]
        kind = number % 4
        if kind == 2:
            damaged = swapped(data, rng, other)
        else:
            damaged = (flipped, cut, flipped, overwritten)[kind](data, rng)
        path = folder / f"damaged{number}.{('mp4', 'mkv', 'avi', 'gif')[int(rng.integers(4))]}"
        path.write_bytes(damaged)
        began = time.monotonic()
        end, text = through(path)
        assert text
        assert "\n" not in text
        took = time.monotonic() - began
        assert took < LONGEST, f"{path} took {took:.1f} s"
        path.unlink()
        ends[end] = ends.get(end, 0) + 1
    return ends


@pytest.mark.timeout(60)
def test_given_damaged_files_then_each_ends_in_frames_or_a_clear_error(originals, tmp_path) -> None:
    ends = fuzz(originals, tmp_path, 60, seed=1)
    # Both happen, or nothing was damaged, or everything.
    assert ends["end"] > 0
    assert sum(count for end, count in ends.items() if end != "end") > 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_given_a_thousand_damaged_files_then_none_hangs_or_ends_the_program(
    originals, tmp_path
) -> None:
    ends = fuzz(originals, tmp_path, 1000, seed=2)
    print(ends)
    assert sum(ends.values()) == 1000
    assert "IllegalMove" not in ends
