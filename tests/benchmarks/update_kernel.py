"""The update kernels on a 1080p frame, each against a bare copy of the bytes that it must move.

What must be moved, with N values (6.2 million): a frame is N bytes, a gradient or an offset 4 N.

- Linf: one pass. Reads frame, gradient and offset, writes offset and frame: 14 N.
- L2: how far the step goes, and whether it leaves the ball, depends on all values of gradient and offset, so
  these are read before anything can be written. Two passes, 8 N and then what Linf moves: 22 N.
- L1: the steepest values move, and which are steep depends on all. But hardly any value changes, so one
  pass that reads all three and writes the frame is enough, if it notes what may change: 10 N.
- L0: how far values go depends on the gradient's mean size, so the gradient is read once more: 14 N.

Prediction, written before it was measured: Linf is memory-bound, so close to the copy, 1.5 x at most; the
chain of torch operations touches the frame some ten times, so about 10 x the kernel. Of the
others, written before they were made so: L2, whose rounding had cost up to 24 more passes, 1.3 x; L1 and L0,
which had made a dozen passes with several numbers a value, 2 x, as what is left beside one pass is on a few
values.

Seen on two quiet cores: Linf 0.82 x its copy, torch 6.6 x the kernel; L2 1.5 and 1.6 x; L0 1.95 x; L1 3.1 x,
missed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from harness import at_most, free, race

from monitor.kernels.l0_update import l0_update
from monitor.kernels.l1_update import l1_update
from monitor.kernels.l2_update import l2_update
from monitor.kernels.linf_update import linf_update, linf_update_numpy

SHAPE = (1080, 1920, 3)

LIMIT = 2


def run(rounds: int) -> dict[str, Any]:
    """Times and ratios."""
    rng = np.random.default_rng(0)
    clean = rng.integers(0, 256, SHAPE, dtype=np.uint8)
    gradient = rng.standard_normal(SHAPE, dtype=np.float32)
    kernels = _kernels(clean, gradient)
    copies = _copies(clean, gradient)
    offset, out = np.zeros(SHAPE, np.float32), np.empty(SHAPE, np.uint8)
    t_clean, t_gradient, t_offset = (torch.from_numpy(a) for a in (clean, gradient, offset))

    def chain() -> torch.Tensor:
        base = t_clean.float()
        place = (t_offset + t_gradient.sign()).clamp(-4, 4)
        return (base + place).clamp(0, 255).round().to(torch.uint8)

    contest = {f"copy of what {norm} moves": copy for norm, copy in copies.items()}
    contest |= {name: step for name, (_, step) in kernels.items()}
    contest["Linf, torch operations"] = chain
    contest["Linf, plain numpy body"] = lambda: linf_update_numpy(
        clean, gradient, offset, out, 1.0, 4.0
    )
    times = race(contest, rounds=rounds, warm_up=6)
    ratios = {
        f"{name} / copy": at_most(
            times[name]["median_ms"] / times[f"copy of what {norm} moves"]["median_ms"], LIMIT
        )
        for name, (norm, _) in kernels.items()
    }
    ratios["torch operations / Linf kernel"] = free(
        times["Linf, torch operations"]["median_ms"] / times["Linf kernel"]["median_ms"],
        "more is better",
    )
    return {"times": times, "ratios": ratios}


def _kernels(
    clean: np.ndarray, gradient: np.ndarray
) -> dict[str, tuple[str, Callable[[], object]]]:
    """Name -> (norm, one step from where the last one ended, so soon from the edge of the ball)."""

    def stepping(update: Callable[..., None], *rest: float) -> Callable[[], object]:
        offset, out = np.zeros(SHAPE, np.float32), np.empty(SHAPE, np.uint8)
        return lambda: update(clean, gradient, offset, out, *rest)

    spread = 6_375 / (0.01 * clean.size)  # as attacks do: 1 % of the values share a step
    return {
        "Linf kernel": ("Linf", stepping(linf_update, 1.0, 4.0)),
        "L2 kernel, eps 2": ("L2", stepping(l2_update, 127.5, 510.0)),
        "L2 kernel, eps 20": ("L2", stepping(l2_update, 1_275.0, 5_100.0)),
        "L1 kernel, eps 100": ("L1", stepping(l1_update, 6_375.0, 25_500.0, spread)),
        "L0 kernel, eps 1000": ("L0", stepping(l0_update, 64.0, 1_000.0)),
    }


def _copies(clean: np.ndarray, gradient: np.ndarray) -> dict[str, Callable[[], object]]:
    """Norm -> what moves the bytes that a kernel must move, and does nothing with them."""
    t_clean, t_gradient = torch.from_numpy(clean), torch.from_numpy(gradient)
    t_offset = torch.zeros_like(t_gradient)
    floats, levels = torch.empty_like(t_offset), torch.empty_like(t_clean)

    def read() -> None:  # gradient and offset
        torch.dot(t_gradient.view(-1), t_offset.view(-1))

    def copy() -> None:  # all three read, offset and frame written
        torch.add(t_gradient, t_offset, out=floats)
        levels.copy_(t_clean)

    def read_and_copy() -> None:
        read()
        copy()

    def read_and_write_frame() -> None:
        read()
        levels.copy_(t_clean)

    def with_mean() -> None:
        t_gradient.sum()
        read_and_write_frame()

    return {"Linf": copy, "L2": read_and_copy, "L1": read_and_write_frame, "L0": with_mean}
