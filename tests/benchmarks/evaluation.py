"""An evaluation's cost: what of it is the model's, what two workers give, and whether it stays flat.

Clips are recorded from scenes, so that they are decoded as clips are. Rates are taken from the first
shard to the last one: a worker takes some seconds to begin, however long it then works.

Prediction, written before it was measured: with PGD-10 on `signs` at 640 wide 0.95 of the wall time is
the model's; two workers give 1.8; a frame costs the same at 100 and at 10,000 frames. Seen: see the
ratios. Of what is not the model's on `signs` (31 ms a step) the update kernel takes 0.5 ms, the
conversion of a frame 0.6, decoding 0.9, loss and verdict 1.
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
from harness import at_least, at_most, frames_of, free

from models.centerface import CenterFace
from models.nano import Nano
from monitor.config import Settings
from monitor.evaluation.conductor import Conductor
from monitor.evaluation.engines import Here, Processes
from monitor.evaluation.progress import Progress
from monitor.evaluation.request import begin, prepare
from monitor.evaluation.suite import suite_of
from streams.writer import VideoFileWriter

PGD = """
name = "pgd"
[settings]
width = {width}
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
FRAMES = 36


def run(rounds: int) -> dict[str, Any]:
    """Ratios; one round, for each takes a minute."""
    del rounds
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        road = [_recorded(folder, "road", light) for light in ("day", "dusk")]
        face = [_recorded(folder, "portrait", "")]
        signs, share_signs = _pgd(folder / "one", Here(), "signs", 640, road)
        two, _ = _pgd(folder / "two", Processes(2), "signs", 640, road)
        _, share_faces = _pgd(folder / "faces", Here(), "faces", 448, face)
        flat = {count: _spots(folder, count) for count in LENGTHS}
    short, long = (flat[count] for count in LENGTHS)
    return {
        "ratios": {
            "of the wall time in the model, faces": at_least(share_faces, 0.9, unit=""),
            "of the wall time in the model, signs": at_least(share_signs, 0.9, unit=""),
            "two workers beside one": at_least(
                two / signs, 1.7, note=f"{two:.2f} and {signs:.2f} frames a second"
            ),
            f"a frame of {LENGTHS[1]:,} beside one of {LENGTHS[0]}": at_most(
                long[0] / short[0], 1.1, note=f"{long[0]:.2f} and {short[0]:.2f} ms"
            ),
            f"memory gained over {LENGTHS[1]:,} frames": free(
                long[1] - short[1], "beyond that of the short clip", unit="MB"
            ),
        }
    }


def _recorded(folder: Path, scene: str, light: str) -> Path:
    clip = folder / f"{scene}{light}.mkv"
    options = f"&light={light}" if light else ""
    frames = frames_of(f"scene:{scene}?frames={FRAMES}{options}")
    with VideoFileWriter(clip, size=frames[0].size, fps=30.0) as writer:
        for frame in frames:
            writer.write(frame.pixels)
    return clip


def _pgd(
    folder: Path, engine: Here | Processes, model: str, width: int, clips: Sequence[Path]
) -> tuple[float, float]:
    """(frames a second, share of the time in the model), from the first shard to the last."""
    suite = suite_of(PGD.format(frames=FRAMES, width=width), "benchmark")
    base = Settings().changed({"model": model, "runs": str(folder)})
    paths = [str(clip) for clip in clips]
    prepared = prepare(paths, suite, base)
    begin(prepared, base, paths=paths, truth=None, shard_frames=6)
    network = Nano if model == "signs" else CenterFace
    with engine, _timed(network) as spent:
        marks: list[tuple[int, float, float]] = []

        def tell(now: Progress) -> None:
            marks.append((now.frames, time.perf_counter(), spent[0]))

        Conductor(prepared, engine, tell)._work(folder)
    # With two workers the second one's first shard has to be there, too.
    (first, began, before), (last, ended, after) = marks[2], marks[-1]
    return (last - first) / (ended - began), (after - before) / (ended - began)


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
def _timed(network: type[Any]) -> Iterator[list[float]]:
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

    forward, grad = network.forward, torch.autograd.grad
    network.forward = watched(forward)
    torch.autograd.grad = watched(grad)
    try:
        yield spent
    finally:
        network.forward = forward
        torch.autograd.grad = grad


def main(words: Sequence[str]) -> None:
    """The process that one length is measured in."""
    _alone(*words)


if __name__ == "__main__":
    main(sys.argv[1:])
