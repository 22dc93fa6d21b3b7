"""What goes wrong where a sensor is read: dead pixels and columns, rows that are read one after the other."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.corruptions.fault import ROWS, Shape, at_severity
from monitor.kernels.rows_shifted import PARTS, shift_rows


class DeadPixels:
    """Pixels that read the same in every frame: black, white, or one colour full or missing.

    The same ones for the stream; those of a severity are dead at a higher one too.
    """

    shares = (0.0005, 0.0015, 0.004, 0.01, 0.025)
    """Of the pixels."""

    kinds = (0.3, 0.3, 0.25, 0.15)
    """Probabilities of black, of white, of one colour full, of one colour missing."""

    def __init__(self, shape: Shape, seed: int) -> None:
        height, width = shape[:2]
        side = max(round(height / ROWS), 1)
        down, across = -(-height // side), -(-width // side)
        rng = np.random.default_rng((seed, 1))
        # In the order in which they die, so that those of a severity are those of a lower one and more.
        dead = rng.permutation(down * across)[: round(self.shares[-1] * down * across)]
        self._sites = down * across
        values, written = self._readings(rng, dead.size)
        y, x = np.divmod(dead, across)
        offsets = np.stack(np.divmod(np.arange(side * side), side), 1)
        rows = np.minimum(y[:, None] * side + offsets[:, 0], height - 1)
        columns = np.minimum(x[:, None] * side + offsets[:, 1], width - 1)
        places = (rows * width + columns)[..., None] * 3 + np.arange(3)
        used = np.broadcast_to(written[:, None], places.shape)
        self._places = places[used]
        self._values = np.broadcast_to(values[:, None], places.shape)[used]
        self._upto = np.concatenate([[0], np.cumsum(written.sum(1) * side * side)])

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        share = at_severity(self.shares, severity, 0)
        count = self._upto[round(share * self._sites)]
        out = pixels.copy(order="C")
        out.reshape(-1)[self._places[:count]] = self._values[:count]
        return out

    def _readings(
        self, rng: np.random.Generator, count: int
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """What the three colours of dead pixels read, and which of them do not read the scene."""
        kind = rng.choice(len(self.kinds), count, p=self.kinds)
        colour = rng.integers(0, 3, count)
        level = rng.integers(235, 256, count)
        values = np.where(np.isin(kind, (1, 2)), level, rng.integers(0, 16, count))
        written = (kind < 2)[:, None] | (np.arange(3) == colour[:, None])
        return np.repeat(values[:, None], 3, 1).astype(np.uint8), written


class DeadColumns:
    """Columns, and a few rows, that read a constant, or what their neighbour reads with an offset.

    The same ones for the stream; those of a severity are dead at a higher one too.
    """

    shares = (0.004, 0.01, 0.025, 0.05, 0.1)
    """Of the columns."""

    rows = 0.25
    """Share of the rows that are dead, in shares of columns."""

    whole = 0.6
    """Probability that a column is dead all over; others are dead from some row down."""

    def __init__(self, shape: Shape, seed: int) -> None:
        side = max(round(shape[0] / ROWS), 1)
        self._side = side
        rng = np.random.default_rng((seed, 1))
        self._columns = _Lines(rng, -(-shape[1] // side), self.shares[-1], self.whole)
        self._rows = _Lines(rng, -(-shape[0] // side), self.shares[-1] * self.rows, 1)

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        del at
        share = at_severity(self.shares, severity, 0)
        out = pixels.copy(order="C")
        self._rows.draw(pixels, out, share * self.rows, self._side)
        self._columns.draw(pixels.swapaxes(0, 1), out.swapaxes(0, 1), share, self._side)
        return out


class _Lines:
    """Lines that are dead, in the order in which they die; the last of them is dead at its end only."""

    def __init__(self, rng: np.random.Generator, count: int, most: float, whole: float) -> None:
        self._count = count
        self._places = rng.permutation(count)[: math.ceil(most * count)]
        size = self._places.size
        starts = rng.uniform(0, 0.9, size)
        self._starts = np.where(rng.random(size) < whole, 0, starts)
        self._kinds = rng.random(size)
        self._offsets = rng.uniform(25, 70, size) * rng.choice((-1, 1), size)

    def draw(self, pixels: Pixels, out: Pixels, share: float, side: int) -> None:
        """Write those of a share of the lines, which are the first axis, each of `side` rows."""
        length = pixels.shape[1]
        dead = share * self._count
        for i in range(min(math.ceil(dead), self._places.size)):
            place = int(self._places[i]) * side
            start = int(length - length * (1 - self._starts[i]) * min(dead - i, 1))
            out[place : place + side, start:] = self._reads(i, pixels[max(place - 1, 0), start:])

    def _reads(self, i: int, neighbour: Pixels) -> Pixels:
        """Black, white, or what the neighbour reads with an offset."""
        if self._kinds[i] < 0.5:
            return np.full(1, 0 if self._kinds[i] < 0.3 else 255, np.uint8)
        moved = neighbour.astype(np.int16) + np.int16(self._offsets[i])
        return np.asarray(np.clip(moved, 0, 255), np.uint8)


class RollingShutter:
    """Rows that are read one after the other while the camera shakes: a picture like jelly.

    The shake has parts of nearly one and two swings a frame, as of an engine, whose waves creep over the
    picture, and one of many frames that slants it.
    """

    amplitudes = (2.0, 4.0, 8.0, 12.0, 20.0)
    """How far a row may move, in pixels at 480 rows; smaller ones are of a hand, larger ones of a vehicle."""

    swings = (0.0, 1.0, 2.0)
    """Of each part within a frame; none of the first, which slants."""

    creeps = (1 / 90, 1 / 130, -1 / 75)
    """Swings that each part goes on from a frame to the next."""

    parts = (0.35, 0.4, 0.25)
    """Of the amplitude."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._down = np.arange(shape[0]) / max(shape[0] - 1, 1)
        self._scale = shape[0] / ROWS
        self._phases = np.random.default_rng((seed, 1)).uniform(0, 1, 3)

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        amplitude = self._scale * at_severity(self.amplitudes, severity, 0)
        shifts = np.rint(amplitude * self.shake(at) * PARTS).astype(np.int64)
        out = np.empty(pixels.shape, np.uint8)
        shift_rows(pixels, out, shifts)
        return out

    def shake(self, at: int) -> npt.NDArray[np.float64]:
        """Of each row of a frame, between -1 and 1."""
        moved = np.zeros(self._down.size)
        for swing, creep, part, phase in zip(
            self.swings, self.creeps, self.parts, self._phases, strict=True
        ):
            wave = np.sin(2 * np.pi * (swing * self._down + creep * at + phase))
            moved += part * wave * (2 * self._down - 1 if swing == 0 else 1)
        return moved
