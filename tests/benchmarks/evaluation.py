"""An evaluation's cost: what of it is the model's, what two workers give, and whether it stays flat.

Prediction, written before it was measured: with PGD-10 on `signs` at 640 wide 0.95 of the wall time is the
model's; two workers give 1.8; a frame costs the same at 100 and at 10,000 frames.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from harness import at_least, at_most, free

from models.nano import Nano
from monitor.config import Settings
from monitor.evaluation.conductor import Conductor
from monitor.evaluation.engines import Here, Processes
from monitor.evaluation.request import begin, prepare
from monitor.evaluation.suite import suite_of
from streams.writer import VideoFileWriter

PGD = """
name = "pgd"
[settings]
width = 640
frames = {frames}
[[attacks]]
attack = "pgd"
steps = 10
early_stop = false
eps = "4/255"
"""
NOISE = """
name = "noise"
[settings]
width = 160
[[attacks]]
attack = "noise"
eps = "8/255"
"""
LENGTHS = (100, 10_000)
FRAMES = 48


def run(rounds: int) -> dict[str, Any]:
    """Ratios; one round, for each takes a minute."""
    del rounds
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        one, share = _pgd(folder / "one", Here())
        two, _ = _pgd(folder / "two", Processes(2))
        flat = {count: _spots(folder, count) for count in LENGTHS}
    short, long = (flat[count] for count in LENGTHS)
    return {
        "ratios": {
            "of the wall time in the model, PGD-10": at_least(share, 0.9, unit=""),
            "two workers beside one": at_least(one / two, 1.7, note=f"{one:.1f} s and {two:.1f} s"),
            f"a frame of {LENGTHS[1]:,} beside one of {LENGTHS[0]}": at_most(
                long[0] / short[0], 1.1, note=f"{long[0]:.2f} and {short[0]:.2f} ms"
            ),
            f"memory gained over {LENGTHS[1]:,} frames": free(
                long[1] - short[1], "beyond that of the short clip", unit="MB"
            ),
        }
    }


def _pgd(folder: Path, engine: Here | Processes) -> tuple[float, float]:
    """(seconds, share of them in the model), workers' start and figures left out of neither."""
    suite = suite_of(PGD.format(frames=FRAMES), "benchmark")
    base = Settings().changed({"model": "signs", "runs": str(folder)})
    paths = [f"scene:road?frames={FRAMES}&light={light}" for light in ("day", "dusk")]
    prepared = prepare(paths, suite, base)
    begin(prepared, base, paths=paths, truth=None, shard_frames=8)
    with engine, _timed() as spent:
        conductor = Conductor(prepared, engine)
        conductor.engine.run(abs, ())
        began = time.perf_counter()
        conductor._work(folder)
        took = time.perf_counter() - began
    return took, spent[0] / took


def _spots(folder: Path, frames: int) -> tuple[float, float]:
    """(milliseconds a frame, megabytes at the end) of a model that costs nothing, in a process of its own."""
    clip = folder / f"spots-{frames}.mkv"
    rng = np.random.default_rng(0)
    with VideoFileWriter(clip, fps=25.0, size=(160, 120)) as writer:
        for _ in range(frames):
            pixels = np.full((120, 160, 3), 40, np.uint8)
            x, y = rng.integers(20, 90, 2)
            pixels[y : y + 16, x : x + 16] = 190
            writer.write(pixels)
    told = subprocess.run(
        [sys.executable, __file__, str(clip), str(folder / f"runs-{frames}")],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    first, second = told.stdout.split()[-2:]
    return float(first), float(second)


def _alone(clip: str, runs: str) -> None:
    base = Settings().changed({"model": "spots:SpotDetector", "runs": runs})
    prepared = prepare([clip], suite_of(NOISE, "benchmark"), base)
    begin(prepared, base, paths=[clip], truth=None, shard_frames=100)
    frames = sum(count or 0 for _, count in prepared.clips)
    conductor = Conductor(prepared, Here())
    began = time.perf_counter()
    conductor._work(Path(runs))
    conductor._close()
    took = time.perf_counter() - began
    print(1e3 * took / frames, psutil.Process().memory_info().rss / 1e6)


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Seconds inside the network's forwards and autograd's backwards, in this process."""
    spent = [0.0]

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*given, **named)
            finally:
                spent[0] += time.perf_counter() - began

        return timed

    forward, grad = Nano.forward, torch.autograd.grad
    Nano.forward = watched(forward)  # type: ignore[method-assign]
    torch.autograd.grad = watched(grad)
    try:
        yield spent
    finally:
        Nano.forward = forward  # type: ignore[method-assign]
        torch.autograd.grad = grad


def main(words: Sequence[str]) -> None:
    """The process that one length is measured in."""
    _alone(*words)


if __name__ == "__main__":
    main(sys.argv[1:])
