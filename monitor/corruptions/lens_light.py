"""What a strong light does inside a lens: a veil of glare, and ghosts between its surfaces."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.corruptions.fault import Shape, at_severity
from monitor.kernels.veil import shades, veil

Plane = npt.NDArray[Any]

Ghost = tuple[float, float, int, tuple[int, int, int]]

COARSE = 160
"""Rows that a soft light is computed in, of however many the frame has."""


class Light:
    """A sun or a headlight near the upper edge that wanders slowly, once around in about half a minute."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng((seed, 1))
        self._middle = (rng.uniform(0.3, 0.7), rng.uniform(0.1, 0.16))
        self._turns = 2 * math.pi / rng.uniform(700, 1000, 2)
        self._phases = rng.uniform(0, 2 * math.pi, 2)

    def at(self, at: int) -> tuple[float, float]:
        """Its x and y at a frame, in widths and heights of the frame."""
        across, down = np.sin(self._turns * at + self._phases)
        return self._middle[0] + 0.2 * float(across), self._middle[1] + 0.05 * float(down)


class Glare:
    """A light into the lens: it burns out, and veils the frame the more the nearer to it."""

    strengths = (0.12, 0.25, 0.45, 0.75, 1.2)
    """Of the bloom at a distance of a third of the frame's height; 1 lets 37 % of the contrast through."""

    rays = 24
    """Of different strength around the light."""

    palette = shades((165, 208, 250), (246, 252, 255))

    def __init__(self, shape: Shape, seed: int) -> None:
        self._height, self._width = shape[:2]
        self._light = Light(seed)
        self._rows = min(self._height, COARSE)
        self._columns = max(round(self._width * self._rows / self._height), 1)
        ends = np.random.default_rng((seed, 2)).uniform(0, 1, self.rays)
        # Periodic: the value at the end of the circle is that at its start.
        around = np.linspace(0, self.rays, 720, endpoint=False)
        self._rays = np.interp(around, range(self.rays + 1), (*ends, ends[0])).astype(np.float32)

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        bloom = at_severity(self.strengths, severity, 0) * self._bloom(*self._light.at(at))
        coarse = np.rint(255 * (1 - np.exp(-bloom))).astype(np.uint8)
        mask = cv2.resize(coarse, (self._width, self._height), interpolation=cv2.INTER_LINEAR)
        out = np.empty(pixels.shape, np.uint8)
        mask = np.asarray(mask).reshape(pixels.shape[:2])
        veil(np.ascontiguousarray(pixels), out, mask, self.palette)
        return out

    def _bloom(self, x: float, y: float) -> Plane:
        """Light of the veil by place: a core, a halo that falls with the square, and rays."""
        unit = np.float32(1 / self._rows)
        across = (np.arange(self._columns, dtype=np.float32) + np.float32(0.5)) * unit
        down = (np.arange(self._rows, dtype=np.float32) + np.float32(0.5)) * unit
        dx = across - np.float32(x * self._columns / self._rows)
        dy = (down - np.float32(y))[:, None]
        square = dx * dx + dy * dy
        halo = 1.2 / (1 + square / np.float32(0.2**2 / 0.56))
        core = 0.09 / (square + np.float32(0.003))
        turn = (np.arctan2(dy, dx) + np.float32(math.pi)) * np.float32(719.0 / (2 * math.pi))
        rays = self._rays[turn.astype(np.int32)] ** 2
        return np.asarray(halo + core * (0.55 + 0.9 * rays))


class LensFlare:
    """Ghosts of a light on the line through the middle of the frame, its glow, and a streak across."""

    strengths = (0.35, 0.6, 0.85, 1.15, 1.5)
    """Of the light in the ghosts and in the streak."""

    ghosts: tuple[Ghost, ...] = (
        (0.35, 0.035, 0, (60, 120, 170)),
        (0.62, 0.075, 6, (50, 110, 60)),
        (0.78, 0.022, 0, (140, 150, 90)),
        (1.18, 0.045, 6, (40, 90, 150)),
        (1.32, 0.015, 0, (150, 160, 160)),
        (1.5, 0.11, 6, (90, 60, 80)),
        (1.68, 0.05, 0, (120, 110, 40)),
        (1.95, 0.17, 6, (50, 85, 45)),
        (2.12, 0.06, 0, (45, 70, 150)),
        (2.45, 0.26, 0, (70, 45, 35)),
    )
    """Place on the line (0 the light, 1 the middle, 2 opposite the light), radius in heights of the frame,
    corners of the iris (0: a disc) and colour (BGR)."""

    glow = (150, 190, 220)

    def __init__(self, shape: Shape, seed: int) -> None:
        self._height, self._width = shape[:2]
        self._light = Light(seed)
        self._turn = float(np.random.default_rng((seed, 2)).uniform(0, math.pi / 3))
        self._sprites: list[Plane] = []
        self._built_for = 0.0

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        if severity != self._built_for:
            strength = at_severity(self.strengths, severity, 0)
            self._sprites, self._built_for = self._build(strength), severity
        out = np.ascontiguousarray(pixels).copy()
        x, y = self._light.at(at)
        places = (0.0, 0.0, *(place for place, *_ in self.ghosts))
        for place, sprite in zip(places, self._sprites, strict=True):
            there = (x + place * (0.5 - x)) * self._width, (y + place * (0.5 - y)) * self._height
            add_at(out, sprite, *there)
        return out

    def _build(self, strength: float) -> list[Plane]:
        sprites = [self._glow(strength), self._streak(strength)]
        for _place, radius, corners, colour in self.ghosts:
            inside = [
                # Glass bends each colour differently: the rims have fringes.
                ghost(radius * self._height * size, radius * self._height, corners, self._turn)
                for size in (1.0, 0.975, 0.95)
            ]
            light = strength * np.array(colour) * np.stack(inside, axis=-1)
            sprites.append(np.rint(np.clip(light, 0, 255)).astype(np.uint8))
        return sprites

    def _glow(self, strength: float) -> Plane:
        reach = math.ceil(0.35 * self._height) + 1
        steps = np.arange(-reach, reach + 1, dtype=np.float32) / self._height
        distance = np.sqrt(steps * steps + (steps * steps)[:, None])
        light = 0.03 / (distance + 0.012) - 0.03 / 0.362
        angle = np.arctan2(steps[:, None], steps)
        light = light * (0.8 + 0.2 * np.cos(6 * angle + 6 * self._turn))
        bright = strength * 1.1 * np.maximum(light, 0)[..., None] * np.array(self.glow)
        return np.asarray(np.rint(np.clip(bright, 0, 255)), dtype=np.uint8)

    def _streak(self, strength: float) -> Plane:
        down, across = math.ceil(0.03 * self._height) + 1, self._width
        y = np.arange(-down, down + 1) / self._height
        x = np.arange(-across, across + 1) / self._height
        light = np.exp(-np.abs(y) / 0.005)[:, None] * np.exp(-np.abs(x) / 0.45)
        bright = strength * 0.8 * light[..., None] * np.array((255, 190, 120))
        return np.asarray(np.rint(np.clip(bright, 0, 255)), dtype=np.uint8)


def ghost(radius: float, room: float, corners: int, turn: float) -> Plane:
    """An image of the iris in [0, 1], brighter at its rim.

    Parameters
    ----------
    radius : in pixels.
    room : radius in pixels that the sprite has room for, with a margin.
    corners : of a regular polygon; 0 is a disc.
    turn : of the polygon, in radians.
    """
    reach = math.ceil(room) + 2
    steps = np.arange(-reach, reach + 1, dtype=np.float32)
    x, y = np.meshgrid(steps, steps)
    distance = np.sqrt(x * x + y * y)
    if corners:
        angles = turn + 2 * math.pi * np.arange(corners) / corners
        sides = [x * math.cos(a) + y * math.sin(a) for a in angles]
        # A little rounded, as blades are.
        distance = 0.85 * np.max(sides, axis=0) + 0.15 * distance
    soft = max(0.07 * radius, 1.0)
    inside = np.clip((radius - distance) / soft + 0.5, 0, 1)
    rim = np.clip(distance / max(radius, 1e-6), 0, 1) ** 8
    return np.asarray(inside * (0.35 + 0.65 * rim))


def add_at(frame: Pixels, sprite: Plane, x: float, y: float) -> None:
    """Add a sprite of odd size to a frame in place, its middle at (x, y), between the pixels too."""
    rows, columns = sprite.shape[:2]
    left, top = math.floor(x) - columns // 2, math.floor(y) - rows // 2
    first, last = max(top, 0), min(top + rows, frame.shape[0])
    begin, end = max(left, 0), min(left + columns, frame.shape[1])
    if first >= last or begin >= end:
        return
    shift = np.array(
        [[1, 0, x - math.floor(x) + left - begin], [0, 1, y - math.floor(y) + top - first]],
        np.float64,
    )
    part = cv2.warpAffine(sprite, shift, (end - begin, last - first))
    there = frame[first:last, begin:end]
    there[...] = np.asarray(cv2.add(there, part)).reshape(there.shape)
