"""Our own detectors against CenterFace on the same input: forward, and forward + backward.

Prediction, written before it was measured: CenterFace has some 0.55 GMAC at 320x320, a third of them in
depthwise convolutions that run at memory speed; nano has 0.25 GMAC in plain ones. So 0.30 x forward, and
the same for forward + backward, where the depthwise ones lose more but nano's first layer gains nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from harness import at_most, race

from models.detector import WhiteBoxDetector
from models.zoo import load_model

LIMIT = 0.35

SIZES = ((320, 192), (320, 320), (640, 384))

OURS = ("signs", "ball")


def run(rounds: int) -> dict[str, Any]:
    """Times and ratios, each size and pass by itself; the whole detector but for its decoding."""
    detectors = {name: load_model(name) for name in ("faces", *OURS)}
    times: dict[str, Any] = {}
    ratios: dict[str, Any] = {}
    for width, height in SIZES:
        frames = torch.rand(1, 3, height, width).contiguous(memory_format=torch.channels_last)
        for what, single in (("forward", _forward), ("forward + backward", _both)):
            contest = {name: single(detector, frames) for name, detector in detectors.items()}
            result = race(contest, rounds=rounds)
            place = f"{what} {width}x{height}"
            times |= {f"{name}, {place}": row for name, row in result.items()}
            for name in OURS:
                value = result[name]["median_ms"] / result["faces"]["median_ms"]
                ratios[f"{name} / faces, {place}"] = at_most(value, LIMIT)
    return {"times": times, "ratios": ratios}


def _forward(detector: WhiteBoxDetector, frames: torch.Tensor) -> Callable[[], object]:
    def single() -> object:
        with torch.inference_mode():
            return detector.forward(frames).logits

    return single


def _both(detector: WhiteBoxDetector, frames: torch.Tensor) -> Callable[[], object]:
    def single() -> object:
        asked = frames.clone().requires_grad_()
        return torch.autograd.grad(detector.forward(asked).logits.sum(), asked)

    return single
