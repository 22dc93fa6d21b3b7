"""A patch, down to a single pixel: few pixels at one place, each of any colour."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from monitor.arrays import Pixels
from monitor.lessons.desk import Desk, Made, made

STEPS = 20

FIRST = 64.0
"""Grey levels of the first step; the others shrink along half a cosine."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A square whose colours were climbed for.

    Attributes
    ----------
    box : left, upper, right and lower side, pixels; right and lower are outside.
    clean : the frame as it came.
    losses : of the goal, at the clean frame and after every step.
    made : the best frame.
    """

    box: tuple[int, int, int, int]
    clean: Pixels
    losses: tuple[float, ...]
    made: Made

    @property
    def share(self) -> float:
        """Of the frame that the square covers."""
        left, top, right, bottom = self.box
        height, width, _ = self.clean.shape
        return float((right - left) * (bottom - top) / (width * height))


def patch(desk: Desk) -> Iterator[Patch]:
    """The highest J(theta, x with the square's colours, y) over these colours, by signed gradient steps.

    A square of `amount` pixels a side round the pixel that was pointed at, on this one frame: the patch of
    Brown et al. 2017 without the expectation over places and light that `camdrift patch train` takes; with a
    side of 1 the one pixel of Su et al. 2019, with gradients and at a given place.
    """
    objective = desk.ask()
    box = square(desk.at, desk.amount, desk.pixels.shape)
    left, top, right, bottom = box
    inside = np.s_[top:bottom, left:right]
    colours = desk.pixels[inside].astype(np.float32)
    there, losses = objective.pixels, []
    best: tuple[tuple[bool, int, float], Pixels] | None = None
    for step in range(STEPS):
        answer, gradient = objective.gradient(there)
        losses.append(answer.loss)
        length = FIRST * (1 + math.cos(math.pi * step / STEPS)) / 2
        colours = np.clip(colours + np.float32(length) * np.sign(gradient[inside]), 0, 255)
        there = desk.pixels.copy()
        there[inside] = np.rint(colours).astype(np.uint8)
        judged = objective.answer(there)
        rank = (judged.fell, judged.progress, judged.loss)
        if best is None or rank > best[0]:
            best = rank, there
    losses.append(objective.answer(there).loss)
    assert best is not None
    yield Patch(box, desk.pixels, tuple(losses), made(objective, best[1]))


def square(at: tuple[int, int], side: int, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """A square of that side round a pixel, pushed into the frame; cut where the frame is too small."""
    height, width = shape[:2]
    across, down = min(side, width), min(side, height)
    left = min(max(at[0] - side // 2, 0), width - across)
    top = min(max(at[1] - side // 2, 0), height - down)
    return left, top, left + across, top + down
