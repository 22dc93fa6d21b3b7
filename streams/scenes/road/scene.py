"""A drive along a country road past traffic signs, with the box of every sign."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi, sin
from types import MappingProxyType
from typing import Final

import numpy as np
import supervision as sv

from streams.frame import Pixels
from streams.scenes.canvas import Canvas
from streams.scenes.filmed import Filmed
from streams.scenes.options import COMMON, Option, one_of
from streams.scenes.road.course import SPEED, Course, View
from streams.scenes.road.daylight import Daylight
from streams.scenes.road.ground import Ground
from streams.scenes.road.layout import Layout
from streams.scenes.road.painter import Painter
from streams.scenes.road.sky import Sky
from streams.scenes.sensor import Grain
from streams.scenes.truth import truth_of

OPTIONS: Final[Mapping[str, Option]] = MappingProxyType(
    {**COMMON, "light": one_of("changing", "day", "dusk")}
)
"""What may follow `scene:road?`."""

_FOCAL: Final = 0.875  # frame widths: 59 degrees across
_HORIZON: Final = 0.46  # of the frame's height
_BUMPS: Final = ((1.31, 0.5), (2.27, 0.35), (5.9, 0.15))  # (Hz, share) of the springs' movement
_BUMP: Final = 0.0045  # of the frame's height
LEAST_SIDE: Final = 5.0
"""Pixels; a smaller sign is no truth."""


class Road(Filmed):
    """Signs of ten classes that come nearer and pass by, under a light that goes from day to dusk.

    Frame i is a pure function of (seed, i). Classes: `signs.CLASSES`. A sign is in the truth while its box is
    at least 5 pixels wide and high, half of it lies in the frame and half of it can be seen.

    Parameters
    ----------
    seed : not negative; chooses the road, what stands along it and the noise.
    width, height : pixels.
    fps : frames a second.
    frames : frames in all, None for an endless drive.
    light : "day", "dusk", or "changing" from one to the other and back.

    Raises
    ------
    ValueError : a negative seed, no frames, a rate that is none, or a shape no road can be seen in.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        width: int = 640,
        height: int = 384,
        fps: float = 30.0,
        frames: int | None = None,
        light: str = "changing",
    ) -> None:
        super().__init__("a road", seed, (width, height), fps, frames)
        if width < 64 or not 0.4 * width <= height <= 1.2 * width:
            raise ValueError(
                "a road takes a width of at least 64 pixels and a shape between 5:2 and 5:6, "
                f"got {width}x{height}"
            )
        self._kind = light
        self._focal = _FOCAL * width
        self._horizon = _HORIZON * height
        rng = np.random.default_rng(seed)
        self._course = Course.drawn(rng)
        self._phases = rng.uniform(0, 2 * pi, len(_BUMPS))
        self._sky = Sky(rng, self._size, self._focal, self._horizon)
        self._ground = Ground(rng, self._size, self._focal)
        self._painter = Painter(rng, Layout(seed))
        self._grain = Grain(seed, rng, width, height, grey=1.6, colour=0.9)

    def render(self, index: int) -> tuple[Pixels, sv.Detections]:
        """Return frame `index` and the signs that are to be seen in it."""
        pixels, truth = self._clean(index)
        return self._grain.over(pixels, index), truth

    def _clean(self, index: int, without: int | None = None) -> tuple[Pixels, sv.Detections]:
        """The frame before the sensor's noise; `without` leaves out one sign, for tests."""
        seconds = index / self._fps
        view = self._view(seconds)
        light = Daylight.at(seconds, self._kind)
        pixels = np.empty((self.height, self.width, 3), dtype=np.uint8)
        canvas = Canvas(pixels)
        self._sky.paint(pixels, view, light)
        self._ground.paint(pixels, view, light)
        seen = self._painter.paint(canvas, view, light, seconds, without)
        return pixels, truth_of(seen, self._size, least=LEAST_SIDE)

    def _view(self, seconds: float) -> View:
        bounce = sum(
            share * sin(2 * pi * rate * seconds + phase)
            for (rate, share), phase in zip(_BUMPS, self._phases, strict=True)
        )
        return View(
            course=self._course,
            along=SPEED * seconds,
            size=self._size,
            focal=self._focal,
            horizon=self._horizon + _BUMP * self.height * bounce,
        )
