"""What a bad line does to a stream: lost parts of frames, frames that do not come, a picture that stops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monitor.arrays import Pixels
from monitor.corruptions.fault import Shape, at_severity
from monitor.kernels.dice import dice_numpy, key
from monitor.kernels.lost_slices import ADDED, ASTRAY, GOOD, GREEN, GREY, SIDE, STALE, show_slices


class PacketLoss:
    """Slices of coded frames that are lost on the way.

    A slice is a run of macroblocks of 16 x 16 pixels, on frames of any size, within a band of them. Of a lost
    one what was last shown there is shown again, now and then rubbish. Later frames add their changes to
    that, until their macroblocks are coded afresh, by and by, or all of them with a key frame.
    """

    shares = (0.015, 0.03, 0.06, 0.11, 0.2)
    """Of the slices; those lost at a severity are lost at a higher one too."""

    rubbish = 0.25
    """Share of the lost slices that show what is no picture of the place."""

    afresh = 0.06
    """Probability that a damaged macroblock that arrives is coded afresh."""

    slices = 3
    """Whole ones of a band; where the first is cut differs from frame to frame."""

    key_every = 60
    """Frames from a key frame to the next."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._seed = seed
        self._rows, self._columns = -(-shape[0] // SIDE), -(-shape[1] // SIDE)
        self._length = max(round(self._columns / self.slices), 1)
        self._damaged = np.zeros((self._rows, self._columns), bool)
        self._shown: Pixels | None = None
        self._previous: Pixels | None = None
        self._group = 0

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        pixels = np.ascontiguousarray(pixels)
        group = (at + key(self._seed, 1) % self.key_every) // self.key_every
        if self._shown is None or self._previous is None:
            self._shown = pixels.copy()
        else:
            orders = self._orders(at_severity(self.shares, severity, 0), at, group != self._group)
            show_slices(pixels, self._previous, self._shown, orders)
        self._group = group
        self._previous = pixels.copy()
        return self._shown.copy()

    def _orders(self, share: float, at: int, whole: bool) -> npt.NDArray[np.int32]:
        slices, count = self._slices(at)
        # A draw each for whether a slice is lost, whether it shows rubbish, of which kind, and from where.
        draws = dice_numpy(key(self._seed, 2, at), 5 * count).reshape(count, 5) / 2.0**32
        lost = (draws[:, 0] < share)[slices]
        fresh = dice_numpy(key(self._seed, 3, at), slices.size).reshape(slices.shape) / 2.0**32
        self._damaged &= ~((fresh < self.afresh) | whole) | lost
        orders = np.zeros((*slices.shape, 3), np.int32)
        orders[..., 0] = np.where(self._damaged, ADDED, GOOD)
        kinds = np.where(draws[:, 2] < 0.7, ASTRAY, np.where(draws[:, 2] < 0.85, GREY, GREEN))
        kinds = np.where(draws[:, 1] < self.rubbish, kinds, STALE)
        orders[lost, 0] = kinds[slices[lost]]
        away = np.stack([(draws[:, 3] - 0.5) * 4, (draws[:, 4] - 0.5) * 12], 1) * SIDE
        orders[..., 1:] = away.astype(np.int32)[slices]
        self._damaged |= lost
        return orders

    def _slices(self, at: int) -> tuple[npt.NDArray[np.int64], int]:
        """The slice of each macroblock, and their number."""
        each = -(-self._columns // self._length) + 1
        cuts = dice_numpy(key(self._seed, 4, at), self._rows).astype(np.int64) % self._length
        within = (np.arange(self._columns) + cuts[:, None]) // self._length
        return within + each * np.arange(self._rows)[:, None], each * self._rows


class DroppedFrames:
    """Frames that do not come; the last one is shown again.

    A frame that is dropped at a severity is dropped at a higher one too.
    """

    shares = (0.05, 0.1, 0.2, 0.35, 0.5)
    """Of the frames."""

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape
        self._seed = seed
        self._shown: Pixels | None = None

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        share = at_severity(self.shares, severity, 0)
        if self._shown is None or key(self._seed, at) >= share * 2**32:
            self._shown = pixels.copy()
        return self._shown.copy()


class FrozenFrames:
    """A picture that stops for some frames, again and again.

    A freeze begins where it does at any severity, and is longer at a higher one.
    """

    lengths = (4.0, 8.0, 12.0, 18.0, 25.0)
    """Frames of a freeze."""

    period = 30
    """Frames; a freeze begins in the first `latest` of each."""

    latest = 5

    def __init__(self, shape: Shape, seed: int) -> None:
        del shape
        self._seed = seed
        self._shown: Pixels | None = None

    def apply(self, pixels: Pixels, severity: float, at: int) -> Pixels:
        """See `Fault`."""
        if self._shown is None or not self.frozen(severity, at):
            self._shown = pixels.copy()
        return self._shown.copy()

    def frozen(self, severity: float, at: int) -> bool:
        """Whether the picture stands still at a frame."""
        period, within = divmod(at, self.period)
        since = within - key(self._seed, 2, period) % self.latest
        return 0 <= since < round(at_severity(self.lengths, severity, 0))
