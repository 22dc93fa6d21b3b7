"""What sits on the front of a lens: dirt, and drops of water."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.corruptions.fault import Shape, at_severity
from monitor.corruptions.plasma import plasma
from monitor.kernels.drops import refract
from monitor.kernels.veil import shades, veil

Plane = npt.NDArray[Any]


class Dirt:
    """Smudges, splashes and specks on the lens, out of focus; what is dirty stays so with severity."""

    shares = (0.05, 0.11, 0.19, 0.3, 0.45)
    """Of the frame that smudges cover."""

    opacities = (0.6, 0.7, 0.78, 0.86, 0.93)
    """Of the thickest dirt."""

    specks = (25.0, 55.0, 95.0, 150.0, 230.0)
    """In a square of the frame's height."""

    palette = shades((58, 72, 86), (20, 42, 63))
    """Thin dirt is grey-brown; thick dirt is the mud of ImageNet-C's spatter, RGB (63, 42, 20)."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._height, self._width = shape[:2]
        rng = np.random.default_rng((seed, 1))
        # Coarse shapes, whose edges are ragged by the fine octaves.
        self._field = self._seen(plasma(256, 1.35, rng))
        self._grain = 0.6 + 0.4 * np.clip(self._seen(plasma(256, 1.15, rng)) + 0.5, 0, 1)
        self._sorted = np.sort(self._field, axis=None)
        count = self._count(self.specks[-1])
        self._places = rng.random((count, 2)) * (self._width, self._height)
        # Few are large.
        self._radii = self._height * (0.003 + 0.016 * rng.random(count) ** 4)
        self._darks = rng.uniform(0.45, 1, count)
        self._mask = np.zeros(shape[:2], np.uint8)
        self._built_for = 0.0

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        if severity != self._built_for:
            self._mask, self._built_for = self.mask(severity), severity
        out = np.empty(pixels.shape, np.uint8)
        veil(np.ascontiguousarray(pixels), out, self._mask, self.palette)
        return out

    def mask(self, severity: float) -> Plane:
        """How thick the dirt is by place, uint8 (H, W); nowhere less than at a lower severity."""
        share = at_severity(self.shares, severity, 0)
        least = self._sorted[round((1 - share) * (self._sorted.size - 1))]
        smudges = np.clip((self._field - least) / np.float32(0.55) + np.float32(0.12), 0, 1)
        smudges *= self._grain
        specks = np.zeros((self._height, self._width), np.uint8)
        for i in range(self._count(at_severity(self.specks, severity, 0))):
            (x, y), radius = np.rint(16 * self._places[i]), max(16 * self._radii[i], 8)
            level = round(255 * self._darks[i])
            # As later specks may lie on darker ones, they must not lighten them.
            self._darken(specks, int(x), int(y), round(radius), level)
        dirt = np.maximum(smudges, specks.astype(np.float32) / 255)
        blur = self._height * 0.006
        dirt = np.asarray(cv2.GaussianBlur(dirt, (0, 0), max(blur, 0.3)))
        dirt *= 255 * at_severity(self.opacities, severity, 0)
        return np.asarray(np.rint(dirt), dtype=np.uint8)

    def _darken(self, specks: Plane, x: int, y: int, radius: int, level: int) -> None:
        reach = radius // 16 + 2
        left, top = max(x // 16 - reach, 0), max(y // 16 - reach, 0)
        there = specks[top : y // 16 + reach + 1, left : x // 16 + reach + 1]
        disc = np.zeros_like(there)
        centre = (x - 16 * left, y - 16 * top)
        cv2.circle(disc, centre, radius, level, -1, cv2.LINE_AA, shift=4)
        np.maximum(there, disc, out=there)

    def _seen(self, heights: Plane) -> Plane:
        rows = min(self._height, 160)
        columns = max(round(self._width * rows / self._height), 1)
        part = np.take(
            np.take(heights, np.arange(rows), 0, mode="wrap"), np.arange(columns), 1, mode="wrap"
        )
        size = (self._width, self._height)
        whole = cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_CUBIC)
        return np.asarray(whole).reshape(self._height, self._width)

    def _count(self, specks: float) -> int:
        return round(specks * self._width / self._height)


class WaterDrops:
    """Drops on the lens: each shows the scene small and upside down; now and then one runs down."""

    counts = (14.0, 26.0, 42.0, 60.0, 80.0)
    """In a square of the frame's height."""

    sizes = (0.8, 0.95, 1.1, 1.25, 1.4)
    """Of a drop, in those of severity 2 to 3."""

    radii = (0.012, 0.06)
    """Of the smallest and of the largest drop, in heights of the frame."""

    rounds = (500, 1400)
    """Frames from one running down of a drop to its next, the least and the most."""

    runs = 60
    """Frames that a drop takes to run down; and to grow anew elsewhere."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._height, self._width = shape[:2]
        self._seed = seed
        rng = np.random.default_rng((seed, 1))
        count = math.ceil(self.counts[-1] * self._width / self._height)
        self._radii = self.radii[0] + (self.radii[1] - self.radii[0]) * rng.random(count) ** 2.5
        self._places = rng.random((count, 2))
        self._bends = rng.uniform(-0.08, 0.08, (count, 3))
        self._bends[:, 0] = rng.uniform(0.02, 0.14, count)
        self._tall = rng.uniform(1.0, 1.2, count)
        self._rounds = rng.integers(*self.rounds, count)
        self._starts = rng.integers(0, self._rounds)

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        frame = np.ascontiguousarray(pixels)
        # A drop shows the scene so small that it would flicker, were it taken from single pixels.
        size = max(self._width // 4, 1), max(self._height // 4, 1)
        small = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        out = frame.copy()
        refract(out, small.reshape(size[1], size[0], -1), self.drops(severity, at))
        return out

    def drops(self, severity: float, at: int) -> Plane:
        """See `refract`, small drops before large ones."""
        wanted = at_severity(self.counts, severity, 0) * self._width / self._height
        count = math.ceil(wanted)
        size = at_severity(self.sizes, severity, self.sizes[0])
        # The last drop grows until it is whole.
        grown = np.minimum(wanted - np.arange(count), 1)
        since = at + self._starts[:count]
        turn, age = np.divmod(since, self._rounds[:count])
        grown = grown * np.clip(age / self.runs, 0, 1) ** (1 / 3)
        left = np.clip((age - self._rounds[:count] + self.runs) / self.runs, 0, 1)
        # Elsewhere after each run, spread evenly (the plastic number's Kronecker sequence; Roberts 2018).
        x = (self._places[:count, 0] + 0.7548776662 * turn) % 1
        y = (self._places[:count, 1] + 0.5698402910 * turn) % 1
        drops = np.empty((count, 7), np.float32)
        radius = self._radii[:count] * size * grown
        drops[:, 0] = x * self._width
        drops[:, 1] = (y + left**2 * 1.3) * self._height
        drops[:, 2] = radius * self._height
        drops[:, 3] = drops[:, 2] * (self._tall[:count] + 0.5 * np.minimum(4 * left, 1))
        drops[:, 4:] = self._bends[:count]
        drops[:, 4] += 0.15 * np.minimum(4 * left, 1)
        return drops[np.argsort(radius, kind="stable")]
