"""What every fault is: severities, a state for one stream, and randomness that can be repeated."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, Protocol

import cv2
import numpy as np

from monitor.arrays import Pixels

WORST: Final = 5
"""The highest severity; 0 is a camera without the fault."""

ROWS: Final = 480
"""Height of the frames that lengths in pixels are meant for; on others they grow with the height."""

GAMMA: Final = 2.2
"""Grey levels are about the light to the power of 1 / 2.2 (sRGB; IEC 61966-2-1, 1999)."""

Shape = tuple[int, int, int]
"""(height, width, 3) of the frames of a stream."""


class Stage(StrEnum):
    """Where on its way a picture meets a fault; of several, the earlier stage comes first."""

    SCENE = "scene"
    LENS = "lens"
    LIGHT = "light"
    SENSOR = "sensor"
    CODEC = "codec"
    LINK = "link"

    @property
    def place(self) -> int:
        """0 for the first that a picture meets."""
        return list(Stage).index(self)


class Fault(Protocol):
    """A fault on one stream of frames of one size; may keep what it needs from frame to frame."""

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """The frame with the fault on it, a new array.

        Parameters
        ----------
        pixels : uint8 BGR (H, W, 3); not written.
        severity : over 0, at most `WORST`; between whole ones the constants are interpolated.
        at : number of the frame, rising from call to call; what moves has moved by as many steps.
        """
        ...


Build = Callable[[Shape, int], Fault]
"""(size of the frames, seed of the stream) -> the fault at its start."""


def at_severity(constants: Sequence[float], severity: float, none: float) -> float:
    """A constant at a severity: `constants` are those of 1 to 5, `none` is what a camera without it has."""
    return float(np.interp(severity, range(WORST + 1), (none, *constants)))


def step_of(severity: float) -> int:
    """Index into constants of 1 to 5 that have no steps between: those of the next whole severity."""
    return min(max(math.ceil(severity), 1), WORST) - 1


def steps_around(severity: float) -> tuple[int, float]:
    """(index into constants of 1 to 5 at or below a severity, how far it is to the next, 0 to 1)."""
    step = min(max(math.floor(severity), 1), WORST) - 1
    return step, max(severity - 1, 0) - step


def blended(clean: Pixels, faulted: Pixels, severity: float) -> Pixels:
    """Below severity 1, where constants have no steps between, a mixture with the clean frame."""
    if severity >= 1:
        return faulted
    return np.asarray(cv2.addWeighted(faulted, severity, clean, 1 - severity, 0), dtype=np.uint8)
