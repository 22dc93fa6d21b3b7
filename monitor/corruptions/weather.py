"""Weather between the camera and the scene: what falls falls on from frame to frame, and fog drifts."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.corruptions.fault import ROWS, Shape, at_severity, steps_around
from monitor.corruptions.plasma import plasma
from monitor.kernels.streaks import streaks
from monitor.kernels.veil import lifted, shades, veil, whitened

Plane = npt.NDArray[Any]


class Rain:
    """Falling streaks, the near ones long and bright, before the grey of those too far to be told apart."""

    drops = (350.0, 700.0, 1200.0, 1800.0, 2600.0)
    """Streaks in a square of the frame's height."""

    exposures = (1.5, 1.7, 1.95, 2.25, 2.6)
    """Length of a streak, in what its drop falls from frame to frame."""

    veils = (0.08, 0.15, 0.23, 0.32, 0.42)
    """Share of grey in the frame."""

    speeds = (0.009, 0.042)
    """Of the farthest and of the nearest drop, in heights of the frame a frame."""

    palette = shades((150, 146, 142), (238, 234, 230))

    def __init__(self, shape: Shape, seed: int) -> None:
        self._height, self._width = shape[:2]
        rng = np.random.default_rng((seed, 1))
        self._slant = float(rng.uniform(0.05, 0.3) * rng.choice((-1, 1)))
        count = self._count(self.drops[-1])
        # Cubed, as there are few near drops in a cone of sight.
        near = rng.random(count).astype(np.float32) ** 3
        self._near = near
        self._starts = rng.random((count, 2))
        self._speeds = self.speeds[0] + near * (self.speeds[1] - self.speeds[0])

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        grey = 255 * at_severity(self.veils, severity, 0)
        mask = np.full((self._height, self._width), round(grey), np.uint8)
        streaks(mask, self._drops(severity, at), self._slant)
        out = np.empty(pixels.shape, np.uint8)
        veil(np.ascontiguousarray(pixels), out, mask, self.palette)
        return out

    def _drops(self, severity: float, at: int) -> Plane:
        count = self._count(at_severity(self.drops, severity, 0))
        near, speeds = self._near[:count], self._speeds[:count]
        lengths = speeds * at_severity(self.exposures, severity, self.exposures[0])
        spans = 1 + lengths
        fallen = self._starts[:count, 1] * spans + speeds * at
        rounds = np.floor(fallen / spans)
        down = fallen - rounds * spans
        # A drop that comes again comes elsewhere: the golden ratio spreads its places evenly.
        ratio = self._width / self._height + abs(self._slant)
        across = (self._starts[:count, 0] + rounds * 0.618033988749895) % 1 * ratio
        across += self._slant * down - max(self._slant, 0)
        drops = np.empty((count, 5), np.float32)
        drops[:, 0] = across * self._height
        drops[:, 1] = down * self._height
        drops[:, 2] = np.maximum(lengths * self._height, 1)
        thick = (0.8 + 1.7 * near) * self._height / 480
        drops[:, 3] = np.maximum(thick, 0.8)
        drops[:, 4] = (0.28 + 0.42 * near) * np.minimum(thick / 0.8, 1)
        return drops

    def _count(self, drops: float) -> int:
        return round(drops * self._width / self._height)


class Snow:
    """Flakes in two layers that fall at different speeds, and their pale light (ImageNet-C)."""

    keeps = (0.8, 0.75, 0.7, 0.65, 0.55)
    """Share of the clean frame in the pale one. ImageNet-C's, but for 0.75: with its 0.7, severity 2 is as
    far from the clean frame as severity 3."""

    layers = (
        (0.1, 0.3, 3.0, 0.5, 10, 4.0),
        (0.2, 0.3, 2.0, 0.5, 12, 4.0),
        (0.55, 0.3, 4.0, 0.9, 12, 8.0),
        (0.55, 0.3, 4.5, 0.85, 12, 8.0),
        (0.55, 0.3, 2.5, 0.85, 12, 12.0),
    )
    """ImageNet-C's: mean and deviation of the noise, zoom, threshold under which it is 0, and radius and
    deviation of the blur along the fall, the latter in pixels of a frame 480 high."""

    speeds = (0.009, 0.0135)
    """Of the two layers, in heights of the frame a frame."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._height, self._width = shape[:2]
        self._seed = seed
        rng = np.random.default_rng((seed, 1))
        lean = rng.uniform(-0.6, 0.6)
        # Radians against the vertical: near flakes are blown farther.
        self._leans = (lean, lean * 1.3)
        self._built: dict[tuple[int, int], Plane] = {}

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        keep = at_severity(self.keeps, severity, 1)
        step, later = steps_around(severity)
        layer = self._flakes(step, at)
        if later > 0:
            layer = cv2.addWeighted(layer, 1 - later, self._flakes(step + 1, at), later, 0)
        out = np.empty(pixels.shape, np.uint8)
        whitened(np.ascontiguousarray(pixels), out, np.asarray(layer), keep, min(severity, 1))
        return out

    def _flakes(self, step: int, at: int) -> Plane:
        planes = []
        for depth, (speed, lean) in enumerate(zip(self.speeds, self._leans, strict=True)):
            whole = self._layer(step, depth)
            fallen = speed * self._height * at
            planes.append(
                _window(whole, -fallen, -fallen * math.tan(lean), self._height, self._width)
            )
        return np.asarray(cv2.add(planes[0], planes[1]))

    def _layer(self, step: int, depth: int) -> Plane:
        """A periodic layer, built when first needed; larger than the frame, so that it repeats later."""
        if (step, depth) not in self._built:
            mean, deviation, zoom, least, radius, spread = self.layers[step]
            scale = self._height / ROWS
            rng = np.random.default_rng((self._seed, 2, step, depth))
            cell = max(zoom * scale, 1)
            rows, columns = (max(round(1.25 * n / cell), 1) for n in (self._height, self._width))
            noise = rng.normal(mean, deviation, (rows, columns)).astype(np.float32)
            noise = _zoomed(noise, round(rows * cell), round(columns * cell))
            noise[noise < least] = 0
            np.clip(noise, 0, 1, out=noise)
            blurred = _trailed(noise, round(2 * radius * scale), spread * scale, self._leans[depth])
            self._built[step, depth] = np.rint(255 * blurred).astype(np.uint8)
        return self._built[step, depth]


def _zoomed(noise: Plane, height: int, width: int) -> Plane:
    """Bilinear, as ImageNet-C zooms, and periodic."""
    rows, columns = noise.shape
    padded = np.pad(noise, ((0, 1), (0, 1)), mode="wrap")
    x = np.arange(width, dtype=np.float32) * np.float32(columns / width)
    y = np.arange(height, dtype=np.float32) * np.float32(rows / height)
    across, down = np.meshgrid(x, y)
    return np.asarray(cv2.remap(padded, across, down, cv2.INTER_LINEAR))


def _trailed(flakes: Plane, reach: int, spread: float, lean: float) -> Plane:
    """Blurred along the fall by half a normal curve, periodic."""
    steps = np.arange(reach + 1)
    weights = np.exp(-(steps**2) / (2 * max(spread, 1e-3) ** 2))
    weights /= weights.sum()
    down, across = np.rint(steps * math.cos(lean)), np.rint(steps * math.sin(lean))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    np.add.at(kernel, (reach - down.astype(int), reach - across.astype(int)), weights)
    padded = np.pad(flakes, reach, mode="wrap")
    blurred = np.asarray(cv2.filter2D(padded, -1, kernel, borderType=cv2.BORDER_CONSTANT))
    return blurred[reach : reach + flakes.shape[0], reach : reach + flakes.shape[1]]


def _window(whole: Plane, top: float, left: float, height: int, width: int) -> Plane:
    """What a frame sees of a periodic layer, to whole pixels."""
    return np.ascontiguousarray(_wrapped(whole, round(top), round(left), height, width))


def _wrapped(whole: Plane, top: int, left: int, height: int, width: int) -> Plane:
    """A part of a periodic layer, which may lie across its edges."""
    rows = (np.arange(height) + top) % whole.shape[0]
    columns = (np.arange(width) + left) % whole.shape[1]
    return np.asarray(np.take(np.take(whole, rows, axis=0), columns, axis=1))


class Fog:
    """A bright plasma that takes the contrast and drifts (ImageNet-C), of two layers at different speeds."""

    strengths = (1.5, 2.0, 2.5, 2.75, 3.0)
    """Of the plasma, in what white is to the frame. ImageNet-C's, but for 2.75: its 2.5 leaves severity 4 as
    far from the clean frame as severity 3."""

    decays = (2.0, 2.0, 1.7, 1.5, 1.4)
    """Wibble decay of the plasma (ImageNet-C): the less, the rougher."""

    mean, deviation = 0.5, 0.155
    """Of the plasma, in [0, 1]: what those of ImageNet-C come to, averaged over many."""

    side = 512
    """Of a layer; a frame takes up to 240 of its rows."""

    speeds = ((0.0011, 0.0004), (0.0026, -0.0003))
    """Of the layers, across and down, in heights of the frame a frame."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._height, self._width = shape[:2]
        self._rows = min(self._height, 240)
        self._columns = max(round(self._width * self._rows / self._height), 1)
        self._way = float(np.random.default_rng((seed, 1)).choice((-1, 1)))
        self._layers = {
            (decay, depth): plasma(self.side, decay, np.random.default_rng((seed, 2, depth)))
            for decay in set(self.decays)
            for depth in range(2)
        }

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        strength = at_severity(self.strengths, severity, 0)
        white = float(pixels.max()) if pixels.size else 0.0
        layer = 255 * strength * self._cloud(severity, at)
        whole = cv2.resize(layer, (self._width, self._height), interpolation=cv2.INTER_LINEAR)
        out = np.empty(pixels.shape, np.uint8)
        lifted(
            np.ascontiguousarray(pixels),
            out,
            np.asarray(whole).reshape(pixels.shape[:2]),
            white / (white + 255 * strength) if white else 0.0,
        )
        return out

    def _cloud(self, severity: float, at: int) -> Plane:
        step, later = steps_around(severity)
        parts = [(step, 1 - later), (step + 1, later)] if later > 0 else [(step, 1.0)]
        cloud = np.zeros((self._rows, self._columns), np.float32)
        for each, weight in parts:
            for depth, (across, down) in enumerate(self.speeds):
                layer = self._layers[self.decays[each], depth]
                moved = self._rows * at
                # Divided by the root of two, the sum of two keeps the deviation of one.
                cloud += np.float32(weight / math.sqrt(2)) * _drifted(
                    layer, self._way * across * moved, down * moved, cloud.shape
                )
        cloud = np.float32(self.deviation) * cloud + np.float32(self.mean)
        return np.asarray(np.clip(cloud, 0, 1))


def _drifted(whole: Plane, left: float, top: float, size: tuple[int, int]) -> Plane:
    """What a frame sees of a periodic layer, between the pixels too."""
    y, x = math.floor(top), math.floor(left)
    seen = _wrapped(whole, y, x, size[0] + 1, size[1] + 1)
    dy, dx = np.float32(top - y), np.float32(left - x)
    seen = (1 - dy) * seen[:-1] + dy * seen[1:]
    return np.asarray((1 - dx) * seen[:, :-1] + dx * seen[:, 1:])
