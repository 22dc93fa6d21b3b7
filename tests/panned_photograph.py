"""A slowly panned photograph, and how much of it a fault leaves."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import skimage.data

from monitor.corruptions.fault import Build, Pixels

SEVERITIES = (0.5, 1, 2, 3, 4, 5)


@cache
def _wide() -> Pixels:
    coffee = cv2.cvtColor(skimage.data.coffee(), cv2.COLOR_RGB2BGR)
    return np.asarray(cv2.resize(coffee, (512, 340), interpolation=cv2.INTER_AREA), np.uint8)


def panned(at: int) -> Pixels:
    """A frame (240, 320, 3) of a camera that turns to and fro by two pixels a frame, read-only."""
    x = 2 * abs((at + 80) % 160 - 80)
    frame = np.ascontiguousarray(_wide()[x // 4 : x // 4 + 240, x : x + 320])
    frame.flags.writeable = False
    return frame


def left_over(build: Build, severity: float, frames: int = 12, seed: int = 3) -> float:
    """PSNR in dB, averaged over frames, of which one that is not touched has 100."""
    fault = build((240, 320, 3), seed)
    ratios = []
    for at in range(frames):
        clean = panned(at)
        error = np.square(fault.apply(clean, severity, at).astype(float) - clean).mean()
        ratios.append(min(10 * np.log10(255**2 / max(error, 1e-9)), 100))
    return float(np.mean(ratios))


def strictly_falling(build: Build, frames: int = 12) -> bool:
    """Whether quality falls from each severity to the next."""
    left = [left_over(build, severity, frames) for severity in SEVERITIES]
    return all(b < a for a, b in pairwise(left))


def on_a_still(build: Build, severity: float) -> tuple[float, float]:
    """Mean difference from a frame to the next, and between two seeds, on a picture that stands still."""
    still = panned(0)
    one, two = build(still.shape, 1), build(still.shape, 2)
    shown = [
        (one.apply(still, severity, at).astype(int), two.apply(still, severity, at))
        for at in range(12)
    ]
    steps = [np.abs(b[0] - a[0]).mean() for a, b in pairwise(shown)]
    return float(np.mean(steps)), float(np.mean([np.abs(a - b).mean() for a, b in shown[1:]]))


def obeys(build: Build) -> bool:
    """Same seed, same bytes; new arrays; input as it was; frames of any size and of any layout."""
    for shape in ((1, 1, 3), (1, 7, 3), (9, 1, 3), (2, 3, 3), (17, 33, 3), (64, 48, 3)):
        rng = np.random.default_rng(5)
        big = rng.integers(0, 256, (3, 2 * shape[0], shape[1], 3), dtype=np.uint8)
        for severity in (0.01, 0.5, 1.5, 5.0):
            one, two = build(shape, 8), build(shape, 8)
            for at in range(3):
                strided = big[at, ::2, :, ::-1]
                kept = strided.copy()
                kept.flags.writeable = False
                a, b = one.apply(kept, severity, at), two.apply(strided, severity, at)
                if not (a.shape == shape and a.dtype == np.uint8 and np.array_equal(a, b)):
                    return False
                if np.shares_memory(a, kept) or not a.flags.writeable:
                    return False
                if not np.array_equal(kept, strided):
                    return False
                a[:] = 0  # what is handed out is the caller's
    return True
