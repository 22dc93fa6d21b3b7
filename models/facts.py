"""What can be told of a loaded model: its access, its parameters, its speed."""

from __future__ import annotations

import time

import numpy as np
from torch import nn

from models.detector import Detector, WhiteBoxDetector

SIDE = 320
"""Pixels; both sides of the frame that a model is timed on."""

RUNS = 5
"""Timed runs, after one that warms up; the median counts."""


def access(detector: Detector) -> str:
    """Whether gradients can be had of it: "white-box" or "black-box"."""
    return "white-box" if isinstance(detector, WhiteBoxDetector) else "black-box"


def parameters(detector: Detector) -> int | None:
    """Number of parameters of the networks that the detector holds; None where it holds none."""
    networks = [value for value in vars(detector).values() if isinstance(value, nn.Module)]
    if not networks:
        return None
    return sum(p.numel() for network in networks for p in network.parameters())


def milliseconds(detector: Detector) -> float:
    """Of one answer to a 320x320 frame on this machine, decoding included; the median of a few runs."""
    frame = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    taken = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        detector.detect(frame, 0.5)
        taken.append((time.perf_counter() - start) * 1e3)
    return float(np.median(taken[1:]))
