"""Timing that can be trusted, ratios with their targets, and what was missed.

Contestants go in turn in one run, on two threads, after a warm-up; medians and quartiles.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numba
import torch

from models.memory import keep_freed_memory
from streams.frame import Frame
from streams.opening import open_source

THREADS = 2
"""Of torch, numba and OpenCV, ours and the peers' alike: what a small machine at a camera has."""

Ratio = dict[str, Any]
"""value (None: infinite or not to be had), unit, note for people, held (None: no target) and its target."""


class LeftOut(Exception):
    """A benchmark lacks what it needs; the message is one line: what is missing and where it is to be had."""


def settle() -> None:
    """What every run begins with: as many threads for everybody, and memory kept as the command keeps it."""
    keep_freed_memory()  # the peers gain from it too
    torch.set_num_threads(THREADS)
    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
    cv2.setNumThreads(THREADS)


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
    return {name: summary(values) for name, values in times.items()}


def summary(milliseconds: list[float]) -> dict[str, float]:
    """Median and quartiles, as `race` gives them."""
    low, middle, high = statistics.quantiles(milliseconds, n=4)
    return {"median_ms": middle, "q1_ms": low, "q3_ms": high, "rounds": len(milliseconds)}


def frames_of(source: str, most: int | None = None) -> list[Frame]:
    """The first frames of a source, at most so many; None: all."""
    with open_source(source) as opened:
        return list(islice(iter(lambda: opened.read(60), None), most))  # type: ignore[arg-type]


def at_most(value: float | None, target: float, note: str = "", unit: str = "x") -> Ratio:
    """A ratio that is to be small; None, for infinity, misses every target."""
    held = value is not None and value <= target
    return _aimed(value, f"at most {target:g}", held, note, unit)


def at_least(value: float | None, target: float, note: str = "", unit: str = "x") -> Ratio:
    """A ratio that is to be large; None misses every target."""
    held = value is not None and value >= target
    return _aimed(value, f"at least {target:g}", held, note, unit)


def free(value: float | None, note: str, unit: str = "x") -> Ratio:
    """A ratio without a target: it says something, and cannot be lost."""
    return {"value": value, "unit": unit, "held": None, "note": note}


def _aimed(value: float | None, target: str, held: bool, note: str, unit: str) -> Ratio:
    words = "; ".join(filter(None, (f"target: {target}", note)))
    return {"value": value, "unit": unit, "target": target, "held": held, "note": words}


def losses(results: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every ratio of every benchmark that missed its target."""
    return [
        {"benchmark": benchmark, "ratio": name, **ratio}
        for benchmark, result in results.items()
        for name, ratio in result["ratios"].items()
        if ratio["held"] is False
    ]


def facts() -> dict[str, Any]:
    """What the figures were had on."""
    # "-dirty" where the tree held more than the commit.
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    ).stdout.strip()
    return {
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "numba_threads": numba.get_num_threads(),
        "opencv_threads": cv2.getNumThreads(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", "numba", "numpy", "opencv-python")},
        "commit": commit or None,
    }


def show(title: str, result: Mapping[str, Any]) -> None:
    """Print one benchmark for people: its times, its answers a second, its ratios, where it has them."""
    print(f"\n{title}")
    times, rates, ratios = (result.get(key, {}) for key in ("times", "per_second", "ratios"))
    width = max((len(name) for name in (*times, *rates, *ratios)), default=0)
    for name, row in times.items():
        print(
            f"  {name:{width}s} {row['median_ms']:9.2f} ms   "
            f"({row['q1_ms']:.2f} to {row['q3_ms']:.2f}, {row['rounds']} rounds)"
        )
    for name, rate in rates.items():
        print(f"  {name:{width}s} {rate:9.1f} a second")
    for name, ratio in ratios.items():
        print(f"  {name:{width}s} {_figure(ratio)}  {ratio['note']}", flush=True)


def show_losses(lost: list[dict[str, Any]]) -> None:
    """Print what missed its target; "none" where nothing did."""
    print("\nLosses")
    names = [f"{loss['benchmark']}: {loss['ratio']}" for loss in lost]
    width = max((len(name) for name in names), default=0)
    for name, loss in zip(names, lost, strict=True):
        print(f"  {name:{width}s} {_figure(loss)}  {loss['note']}")
    if not lost:
        print("  none")


def _figure(ratio: Ratio) -> str:
    value = ratio["value"]
    return f"{'-' if value is None else f'{value:.3f}':>9s} {ratio['unit']:6s}"


def write(path: Path, results: Mapping[str, Any], **more: Any) -> None:
    """Everything as JSON, the losses once more by themselves; NaN and infinity are refused."""
    whole = {"facts": facts(), **results, "losses": losses(results), **more}
    text = json.dumps(whole, indent=2, default=str, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def conclude(title: str, name: str, result: Mapping[str, Any], path: Path | None) -> None:
    """The end of a benchmark that was run by itself: its table, its losses, its JSON."""
    show(title, result)
    show_losses(losses({name: result}))
    if path:
        write(path, {name: result})
