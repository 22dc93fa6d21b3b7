"""Timing that can be trusted: contestants in turn in one run, after a warm-up, medians and quartiles."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch


def race(
    contestants: Mapping[str, Callable[[], object]], *, rounds: int, warm_up: int = 5
) -> dict[str, dict[str, float]]:
    """Milliseconds of each contestant: median and quartiles over `rounds`.

    They run in turn, A B A B, so that a machine that slows down slows all of them alike; the order
    turns round after every round, so that none always runs on another's warm caches.
    """
    for _ in range(warm_up):
        for run in contestants.values():
            run()
    times: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants)
    for _ in range(rounds):
        for name in order:
            start = time.perf_counter()
            contestants[name]()
            times[name].append((time.perf_counter() - start) * 1e3)
        order.reverse()
    return {name: _summary(values) for name, values in times.items()}


def _summary(values: list[float]) -> dict[str, float]:
    low, middle, high = statistics.quantiles(values, n=4)
    return {"median_ms": middle, "q1_ms": low, "q3_ms": high, "rounds": len(values)}


def facts() -> dict[str, Any]:
    """What the figures were had on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    ).stdout.strip()
    return {
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", "numba", "numpy", "opencv-python")},
        "commit": commit or None,
    }


def show(title: str, result: Mapping[str, Any]) -> None:
    """Print one benchmark for people."""
    print(f"\n{title}")
    for name, row in result["times"].items():
        print(
            f"  {name:34s} {row['median_ms']:9.2f} ms   "
            f"({row['q1_ms']:.2f} to {row['q3_ms']:.2f}, {row['rounds']} rounds)"
        )
    for name, ratio in result["ratios"].items():
        print(f"  {name:34s} {ratio['value']:9.2f} x    {ratio['note']}")


def write(path: Path, results: Mapping[str, Any]) -> None:
    """Everything as JSON."""
    path.write_text(json.dumps({"facts": facts(), **results}, indent=2) + "\n", encoding="utf-8")
