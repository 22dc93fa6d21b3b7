"""The fused Linf update on a 1080p frame against a torch chain and a bare copy of the same bytes.

Prediction, written before it was measured: memory-bound, so close to the copy, 1.5 x at most; the chain
of torch operations touches the frame some ten times, so about 10 x the kernel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from harness import race

from monitor.kernels.l2_update import l2_update
from monitor.kernels.linf_update import linf_update, linf_update_numpy

SHAPE = (1080, 1920, 3)


def run(rounds: int) -> dict[str, Any]:
    """Times and ratios."""
    rng = np.random.default_rng(0)
    clean = rng.integers(0, 256, SHAPE, dtype=np.uint8)
    gradient = rng.standard_normal(SHAPE, dtype=np.float32)
    offset, out = np.zeros(SHAPE, np.float32), np.empty(SHAPE, np.uint8)
    t_clean, t_gradient, t_offset = (torch.from_numpy(a) for a in (clean, gradient, offset))
    copy_float, copy_byte = torch.empty_like(t_offset), torch.empty_like(t_clean)
    step, eps = 1.0, 4.0

    def copy() -> None:
        # What the kernel moves: reads frame, gradient and offset, writes offset and frame.
        torch.add(t_gradient, t_offset, out=copy_float)
        copy_byte.copy_(t_clean)

    def chain() -> torch.Tensor:
        base = t_clean.float()
        place = (t_offset + step * t_gradient.sign()).clamp(-eps, eps)
        return (base + place).clamp(0, 255).round().to(torch.uint8)

    times = race(
        {
            "copy of the same bytes": copy,
            "Linf kernel": lambda: linf_update(clean, gradient, offset, out, step, eps),
            "L2 kernel": lambda: l2_update(clean, gradient, offset, out, 100.0, 500.0),
            "chain of torch operations": chain,
            "plain numpy body": lambda: linf_update_numpy(clean, gradient, offset, out, step, eps),
        },
        rounds=rounds,
        warm_up=2,
    )
    kernel = times["Linf kernel"]["median_ms"]
    return {
        "times": times,
        "ratios": {
            "Linf kernel / copy": {
                "value": kernel / times["copy of the same bytes"]["median_ms"],
                "note": "target: at most 2",
            },
            "torch chain / Linf kernel": {
                "value": times["chain of torch operations"]["median_ms"] / kernel,
                "note": "more is better",
            },
        },
    }
