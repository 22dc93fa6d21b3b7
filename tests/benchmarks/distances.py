"""The four distances of two 1080p frames against one read of both.

Frames are taken in turn from many, so that they come from memory, as a camera's do, and apart from that over
and over from one pair, which stays in the cache, as an attacked frame does that was written a moment ago.

Prediction, written before it was measured: five figures of a byte each take some 25 vector operations per 64
bytes. From memory that hides behind the read, 1.5 x; from the cache, which delivers three times as fast, it
does not, 2.5 x. numpy and torch write down a dozen intermediate frames: 30 x and more.

Seen on two quiet cores: 1.86 x the read from memory, 4.6 x from the cache, whose read was faster than thought
(0.09 ms); torch 66 x, numpy 89 x the kernel. The reads differ between machines more than the kernel does.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numba
import numpy as np
import torch
from harness import at_most, free, race

from monitor.distances import distances
from monitor.kernels.moved import moved_numpy

SHAPE = (1080, 1920, 3)

PAIRS = 12
"""149 MB: more than the last cache holds (32 MB where this was measured)."""

LIMIT = 2

Pair = tuple[np.ndarray, np.ndarray]


def run(rounds: int) -> dict[str, Any]:
    """Times and ratios."""
    rng = np.random.default_rng(0)
    pairs = [_pair(rng) for _ in range(PAIRS)]
    ways: dict[str, Callable[[Pair], object]] = {
        "one read of both": _read,
        "distances": lambda pair: distances(*pair),
        "torch operations": _torch,
        "plain numpy body": lambda pair: moved_numpy(*pair),
    }
    times = {}
    for where, chosen, names in (
        ("memory", pairs, list(ways)),
        ("cache", pairs[:1], list(ways)[:2]),
    ):
        contest = {f"{name}, from {where}": _in_turn(ways[name], chosen) for name in names}
        times |= race(contest, rounds=rounds)
    ratios: dict[str, Any] = {
        f"distances / read, from {where}": at_most(
            times[f"distances, from {where}"]["median_ms"]
            / times[f"one read of both, from {where}"]["median_ms"],
            LIMIT,
        )
        for where in ("memory", "cache")
    }
    for name in ("torch operations", "plain numpy body"):
        ratios[f"{name} / distances"] = free(
            times[f"{name}, from memory"]["median_ms"]
            / times["distances, from memory"]["median_ms"],
            "more is better",
        )
    return {"times": times, "ratios": ratios}


def _pair(rng: np.random.Generator) -> Pair:
    clean = rng.integers(0, 256, SHAPE, dtype=np.uint8)
    moved = clean + rng.integers(-4, 5, SHAPE, dtype=np.int16)
    return clean, moved.clip(0, 255).astype(np.uint8)


def _in_turn(way: Callable[[Pair], object], pairs: list[Pair]) -> Callable[[], object]:
    following = cycle(pairs)
    return lambda: way(next(following))


@numba.njit(parallel=True, cache=True, nogil=True)
def _folded(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    parts = np.zeros(a.size // 2_048 + 1, np.uint64)
    for part in numba.prange(parts.size):
        first, second = a[part * 2_048 : (part + 1) * 2_048], b[part * 2_048 : (part + 1) * 2_048]
        folded = np.uint64(0)
        for i in range(first.size):
            folded ^= first[i] ^ second[i]
        parts[part] = folded
    return parts


def _read(pair: Pair) -> object:
    """As fast as two threads can look at every byte: eight at a time, one operation each."""
    return _folded(*(frame.reshape(-1).view(np.uint64) for frame in pair))


def _torch(pair: Pair) -> object:
    a, b = (torch.from_numpy(frame) for frame in pair)
    apart = (a.to(torch.int16) - b).abs()
    differs = apart != 0
    wide = apart.to(torch.int32)
    return (
        differs.any(dim=-1).sum(),
        differs.sum(),
        wide.sum(),
        (wide * wide).sum(),
        apart.max(),
    )
